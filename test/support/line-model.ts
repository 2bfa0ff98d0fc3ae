import type { Decision, Quota, Rules } from '../../core/domain/decide.js';
import type { Want } from '../../core/domain/waitlist.js';
import { playOffers } from '../../simulate/line-model.js';
import { type ModelSeat, play } from '../../simulate/seat-model.js';

type Entry = Want & { state: string; offered: number; lapses: number; place: number };
type Owned = { fanId: string; seats: string[]; offered: boolean; state: string };
export type MadeOffer = { no: number; fanId: string; seats: { seat: string }[] };

/** Offers that one entry may let go. */
const lapsesMax = 3;

/**
 * A show with a line, by the words of its promises: lists and loops, and nothing of the product's
 * own. Each method is one thing that happens; `asked` ends every transaction with the offers that
 * it made. What is wrong gathers in `faults`.
 */
export class LineModel {
  readonly faults: string[] = [];
  readonly seats: (ModelSeat & { seatNo: number })[];
  readonly owned = new Map<number, Owned>();
  readonly line = new Map<string, Entry>();
  isShut = false;
  private readonly rules: Rules;
  private places = 0;
  /** Whose offer lapsed: what that freed may lie free, until the line is asked again. */
  private passedOver = new Set<string>();
  private lapsedNow = new Set<string>();
  private mustAsk = false;

  constructor(seats: (ModelSeat & { seatNo: number })[], rules: Rules) {
    this.seats = seats.map((seat) => ({ ...seat }));
    this.rules = rules;
  }

  quotas(): Map<string, Quota> {
    const quotas = new Map<string, Quota>();
    for (const { fanId, seats, state } of this.owned.values()) {
      if (state !== 'HELD' && state !== 'BOOKED') continue;
      const taken = (quotas.get(fanId)?.taken ?? 0) + seats.length;
      quotas.set(fanId, { taken, spentPass: null });
    }
    return quotas;
  }

  waiting(): (Entry & { fanId: string })[] {
    return [...this.line]
      .filter(([, entry]) => entry.state === 'WAITING')
      .map(([fanId, entry]) => ({ fanId, ...entry }))
      .sort((a, b) => a.place - b.place);
  }

  free(names: string[]): void {
    for (const seat of this.seats) if (names.includes(seat.seat)) seat.state = 'FREE';
    this.mustAsk = true;
  }

  keep(names: string[]): void {
    for (const seat of this.seats) if (names.includes(seat.seat)) seat.state = 'BLOCKED';
  }

  /** A hold is over: it ran out, was released or declined. */
  ended(no: number, state: 'EXPIRED' | 'RELEASED'): void {
    const hold = this.owned.get(no);
    if (hold?.state !== 'HELD') return void this.faults.push(`${no} ended, but was ${hold?.state}`);
    hold.state = state;
    this.free(hold.seats);
    const entry = this.line.get(hold.fanId);
    if (!hold.offered || !entry) return;
    this.lapsedNow.add(hold.fanId);
    entry.offered -= hold.seats.length;
    if (entry.state === 'SERVED' || entry.state === 'LEFT') return;
    entry.lapses += 1;
    const isOut = entry.lapses === lapsesMax;
    entry.state = isOut ? 'LEFT' : 'WAITING';
    entry.quantity = isOut ? 0 : entry.quantity + hold.seats.length;
    if (!isOut) entry.place = ++this.places;
  }

  booked(no: number): void {
    const hold = this.owned.get(no);
    if (!hold) return void this.faults.push(`${no} was booked, but never held`);
    const inTime = hold.state === 'HELD';
    hold.state = 'BOOKED';
    for (const seat of this.seats) if (hold.seats.includes(seat.seat)) seat.state = 'BOOKED';
    const entry = this.line.get(hold.fanId);
    if (!entry) return;
    const { length } = hold.seats;
    const rest = Math.max(0, entry.quantity - length);
    if (hold.offered && inTime) entry.offered -= length;
    else if (rest < entry.quantity) this.mustAsk = true;
    if (!hold.offered || !inTime) entry.quantity = rest;
    entry.lapses = 0;
    if (entry.state !== 'LEFT') entry.state = stateOf(entry);
  }

  cancelled(no: number, names: string[]): void {
    const booking = this.owned.get(no);
    if (booking) booking.seats = booking.seats.filter((seat) => !names.includes(seat));
    this.free(names);
  }

  /** True for a new entry; who is in line may ask for something else. */
  joined(fanId: string, want: Want): boolean {
    const entry = this.line.get(fanId);
    if (entry?.state !== 'WAITING') {
      const fresh = { state: 'WAITING', lapses: 0, place: ++this.places };
      this.line.set(fanId, { ...want, ...fresh, offered: entry?.offered ?? 0 });
      return true;
    }
    const isSame = entry.zone === want.zone && entry.accessible === want.accessible;
    if (!isSame || want.quantity > entry.quantity) entry.place = ++this.places;
    Object.assign(entry, want);
    return false;
  }

  /** Whether money that comes late still finds its seats, and its fan within the cap. */
  canRetake(no: number): boolean {
    const hold = this.owned.get(no);
    if (!hold) return false;
    const isFree = (name: string) =>
      this.seats.some(({ seat, state }) => seat === name && state === 'FREE');
    const taken = this.quotas().get(hold.fanId)?.taken ?? 0;
    return hold.seats.every(isFree) && taken + hold.seats.length <= this.rules.seatCap;
  }

  /** Money came too late for its seats: the fan waits for others. */
  missed(no: number): void {
    const hold = this.owned.get(no);
    if (!hold) return;
    hold.state = 'REFUNDED';
    this.mustAsk = true;
    const known = this.line.get(hold.fanId)?.state;
    if (known === 'WAITING' || known === 'OFFERED') return;
    const { length: quantity } = hold.seats;
    this.joined(hold.fanId, { quantity, zone: null, accessible: false, acceptFewer: false });
  }

  left(fanId: string): number[] {
    const entry = this.line.get(fanId);
    if (entry?.state === 'WAITING' || entry?.state === 'OFFERED') {
      Object.assign(entry, { state: 'LEFT', quantity: 0 });
    }
    const open = [...this.owned].filter(
      ([, hold]) => hold.fanId === fanId && hold.offered && hold.state === 'HELD',
    );
    for (const [no] of open) this.ended(no, 'RELEASED');
    return open.map(([no]) => no);
  }

  opened(): void {
    this.isShut = false;
    this.mustAsk = true;
  }

  /** Who of the line was offered what, at the end of a transaction: exactly those who are next. */
  asked(offers: MadeOffer[]): void {
    if (this.mustAsk && !this.isShut) this.passedOver = new Set(this.lapsedNow);
    const line = this.isShut
      ? []
      : this.waiting().filter(({ fanId }) => !this.passedOver.has(fanId));
    const taken = new Map([...this.quotas()].map(([fanId, quota]) => [fanId, quota.taken]));
    const { seats } = this;
    this.faults.push(...playOffers({ line, seats, taken, seatCap: this.rules.seatCap }, offers));
    for (const { no, fanId, seats: own } of offers) {
      const names = own.map(({ seat }) => seat);
      this.owned.set(no, { fanId, seats: names, offered: true, state: 'HELD' });
      const entry = this.line.get(fanId);
      if (!entry) continue;
      entry.quantity -= names.length;
      entry.offered += names.length;
      entry.state = stateOf(entry);
    }
    this.lapsedNow.clear();
    this.mustAsk = false;
  }

  /** A batch's decisions, after its line was asked: who finds nothing left stands at the end. */
  decided(decisions: Decision[], nowMs: number): void {
    const told = decisions.map((one) =>
      one.kind === 'REFUSED' && one.reason === 'show_full'
        ? { ...one, reason: 'sold_out' as const }
        : one,
    );
    if (decisions.some((one) => one.kind === 'REFUSED' && one.reason === 'sold_out')) {
      this.faults.push('somebody was sent away from a show that has a line');
    }
    const requests = decisions.map(({ request }) => request);
    const plan = { seats: this.seats, quotas: this.quotas(), requests };
    const { faults, seats } = play(plan, told, this.rules, nowMs);
    this.faults.push(...faults);
    for (const [index, { state }] of seats.entries()) {
      const seat = this.seats[index];
      if (seat) seat.state = state;
    }
    for (const one of decisions) {
      const { requestId, fanId, wish } = one.request;
      if (one.kind === 'GRANTED') {
        const names = one.seats.map(({ seat }) => seat);
        this.owned.set(requestId, { fanId, seats: names, offered: false, state: 'HELD' });
      }
      if (one.kind !== 'REFUSED' || one.reason !== 'show_full') continue;
      const isIn = ['WAITING', 'OFFERED'].includes(this.line.get(fanId)?.state ?? '');
      if (!isIn) {
        const { quantity, zone = null, accessible = false } = asGroup(wish);
        this.joined(fanId, { quantity, zone, accessible, acceptFewer: false });
      }
      const position = isIn ? undefined : this.waiting().length;
      if (one.position !== position) {
        this.faults.push(`${fanId} is told place ${one.position}, and has ${position}`);
      }
    }
  }
}

function stateOf({ quantity, offered }: Entry): string {
  if (quantity > 0) return 'WAITING';
  return offered > 0 ? 'OFFERED' : 'SERVED';
}

function asGroup(wish: Decision['request']['wish']) {
  return 'seats' in wish ? { quantity: wish.seats.length } : wish;
}
