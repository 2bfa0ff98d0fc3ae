import { expect } from '@jest/globals';
import type { Wish } from '../../core/domain/decide.js';
import type { Seat } from '../../core/domain/seat-map.js';
import type { Want } from '../../core/domain/waitlist.js';
import { readNowMs } from '../../core/store/database.js';
import { blockSeats, unblockSeats } from '../../core/store/shard/blocked-seats.js';
import { bookReservation } from '../../core/store/shard/bookings.js';
import { cancelBooking } from '../../core/store/shard/cancel-booking.js';
import { changeGates } from '../../core/store/shard/gates.js';
import { insertRequests } from '../../core/store/shard/journal.js';
import { settleLateMoney } from '../../core/store/shard/late-money.js';
import { joinLine, leaveLine } from '../../core/store/shard/line-changes.js';
import { openGates } from '../../core/store/shard/open-gates.js';
import { startPaying } from '../../core/store/shard/paying.js';
import { lockPayments } from '../../core/store/shard/payments.js';
import { endHold, lockReservation, type Reservation } from '../../core/store/shard/reservations.js';
import { changeShow, type ShowChange } from '../../core/store/shard/show-change.js';
import { judge } from '../../simulate/seat-model.js';
import { type LaneWorld, laneRules } from './lane-world.js';
import { LineModel } from './line-model.js';
import { LineRows } from './line-rows.js';

/** Picks count around whatever there is to pick from; where nothing is, nothing happens. */
export type LineStep =
  | { do: 'ask'; requests: { fanId: string; wish: Wish }[]; runOut: number[] }
  | { do: 'runOut'; runOut: number[] }
  | { do: 'release' | 'pay' | 'payLate' | 'block' | 'unblock' | 'gate'; pick: number }
  | { do: 'cancel'; pick: number; count: number }
  | { do: 'join'; fanId: string; want: Want }
  | { do: 'leave'; fanId: string };
type Did<Name> = Extract<LineStep, { do: Name }>;
type Pick1 = { pick: number };

const opensAt = new Date(0);

/** A show with a line in the real lanes, beside the model of it. */
export class LineShow {
  readonly model: LineModel;
  readonly rows: LineRows;
  private readonly world: LaneWorld;
  private readonly showId: number;
  private readonly lanes: ReturnType<LaneWorld['openLanes']>;

  constructor(world: LaneWorld, showId: number, { seats, seatCap }: Hall) {
    this.world = world;
    this.showId = showId;
    this.lanes = world.openLanes();
    this.model = new LineModel(seats, {
      ...{ seatCap, orphanRule: 'off', prices: null, bookingFee: laneRules.bookingFee },
      ...{ holdMs: laneRules.holdSeconds * 1000, holdLimitMs: laneRules.holdLimitSeconds * 1000 },
      ...{ startsAtMs: Number.MAX_SAFE_INTEGER, undecidedMsMax: 60_000 },
    });
    this.rows = new LineRows(world.shard, showId, this.model);
  }

  async act(step: LineStep): Promise<void> {
    await (this[step.do] as (one: LineStep) => Promise<void>).call(this, step);
    expect(this.model.faults).toEqual([]);
    await this.rows.compare();
  }

  async ask({ requests, runOut }: Did<'ask'>): Promise<void> {
    if (this.model.isShut) return;
    const { world, showId } = this;
    await this.letRunOut(runOut);
    for (const { fanId, wish } of requests) {
      await insertRequests(world.shard, [world.entry(showId, wish, { fanId })]);
    }
    const decided = await this.drain(() => world.drain(this.lanes.lanes, showId));
    expect(decided).toBe(requests.length);
  }

  async runOut({ runOut }: Did<'runOut'>): Promise<void> {
    await this.letRunOut(runOut);
    const { shardId } = this.world;
    await this.drain(() => this.lanes.lanes.expire(shardId, [this.showId]));
  }

  async release({ pick }: Pick1): Promise<void> {
    const found = this.pickOwned(pick, 'HELD');
    if (!found) return;
    const { no, offered } = found;
    if (offered) this.rows.counts.lapses += 1;
    await this.change(
      (change) => locked(change, no, (row) => endHold(change, row, 'HELD', 'RELEASED')),
      () => this.model.ended(no, 'RELEASED'),
    );
  }

  async pay({ pick }: Pick1): Promise<void> {
    const found = this.pickOwned(pick, 'HELD');
    if (!found) return;
    await this.change(
      (change) => locked(change, found.no, (row) => pay(change, row)),
      () => this.model.booked(found.no),
    );
  }

  async payLate({ pick }: Pick1): Promise<void> {
    const found = this.pickOwned(pick, 'EXPIRED', 'RELEASED');
    if (!found) return;
    const { model } = this;
    const isThere = model.canRetake(found.no);
    this.rows.counts.late += 1;
    await this.change(
      (change) => locked(change, found.no, (row) => payLate(change, row)),
      (result) => {
        expect(result).toBe(isThere ? 'retaken' : 'refund_due');
        if (isThere) model.booked(found.no);
        else model.missed(found.no);
      },
    );
  }

  async cancel({ pick, count }: Did<'cancel'>): Promise<void> {
    const found = this.pickOwned(pick, 'BOOKED');
    const names = found?.seats.slice(0, count) ?? [];
    if (!found || names.length === 0) return;
    const seatNos = this.model.seats.flatMap(({ seat, seatNo }) =>
      names.includes(seat) ? [seatNo] : [],
    );
    const wish = { bookingId: found.no, seatNos, reason: 'staff', feePercent: null } as const;
    await this.change(
      (change) => cancelBooking(change, { ...wish, evenUsed: false, by: 'test' }),
      (result) => {
        expect(result.kind).toBe('cancelled');
        this.model.cancelled(found.no, names);
      },
    );
  }

  async block({ pick }: Pick1): Promise<void> {
    const names = this.pickSeat(pick, 'FREE');
    const why = { kind: 'block', reason: 'test', by: 'test', untilMs: null } as const;
    if (names.length === 0) return;
    await this.change(
      (change) => blockSeats(change, names, why),
      () => this.model.keep(names),
    );
  }

  async unblock({ pick }: Pick1): Promise<void> {
    const names = this.pickSeat(pick, 'BLOCKED');
    if (names.length === 0) return;
    await this.change(
      (change) => unblockSeats(change, names, 'test'),
      () => this.model.free(names),
    );
  }

  async gate(): Promise<void> {
    const { model, showId } = this;
    const { shard } = this.world;
    if (!model.isShut) {
      await changeGates(shard, [showId], { state: 'CLOSED', opensAt });
      model.isShut = true;
      return;
    }
    await openGates(shard, [showId], opensAt);
    model.opened();
    model.asked(await this.rows.newOffers());
    await this.rows.oneMoment(1);
  }

  async join({ fanId, want }: Did<'join'>): Promise<void> {
    const { model } = this;
    const { zone, accessible } = want;
    const state = model.line.get(fanId)?.state;
    const isNew = state !== 'WAITING';
    // Nobody waits past a seat that is free for even a part of the group.
    const wish = { quantity: 1, ...(zone === null ? {} : { zone }) };
    const isKnown = zone === null || model.seats.some((seat) => seat.zone === zone);
    const isFree = judge(model.seats, accessible ? { ...wish, accessible } : wish) === 'fits';
    const joined = this.change(
      (change) => joinLine(change, fanId, want),
      (result) => {
        model.joined(fanId, want);
        expect(result).toBe(isNew);
      },
    );
    if (isKnown && !isFree && state !== 'OFFERED') return joined;
    await expect(joined).rejects.toThrow(/no such zone|Seats are free|You have an offer/);
  }

  async leave({ fanId }: Did<'leave'>): Promise<void> {
    await this.change(
      (change) => leaveLine(change, fanId),
      (ended) => expect(new Set(this.model.left(fanId))).toEqual(new Set(ended)),
    );
  }

  private pickOwned(pick: number, ...states: string[]) {
    const all = [...this.model.owned].filter(([, { state }]) => states.includes(state));
    const found = all[pick % all.length];
    return found && { no: found[0], ...found[1] };
  }

  private pickSeat(pick: number, state: string): string[] {
    const all = this.model.seats.filter((seat) => seat.state === state);
    const seat = all[pick % all.length];
    return seat ? [seat.seat] : [];
  }

  private async letRunOut(picks: number[]): Promise<void> {
    for (const no of new Set(picks.map((pick) => this.pickOwned(pick, 'HELD')?.no ?? 0))) {
      await this.world.shard.change(
        `UPDATE reservation SET due_at = NOW(3) - INTERVAL 1 SECOND
         WHERE show_id = ? AND reservation_id = ?`,
        [this.showId, no],
      );
    }
  }

  /** One transaction: what it told is what is there, and the offers are in it. */
  private async change<T>(
    work: (change: ShowChange) => Promise<T>,
    happened: (result: T) => void,
  ): Promise<void> {
    const { result, news } = await changeShow(this.world.shard, this.showId, work);
    happened(result);
    this.model.asked(await this.rows.newOffers());
    await this.rows.oneMoment(1);
    const there = new Map(this.model.seats.map(({ seat, state }) => [seat, state]));
    for (const { seat, state } of news.seats)
      expect(`${seat} ${state}`).toBe(`${seat} ${there.get(seat)}`);
  }

  /** Has the lane work, and the model after it; returns the number of requests decided. */
  private async drain(work: () => Promise<void>): Promise<number> {
    const { model } = this;
    const { counts } = this.rows;
    const { batches } = this.lanes;
    batches.length = 0;
    await work();
    const made = await this.rows.newOffers();
    let decided = 0;
    for (const { overdue, line, decisions, news } of batches.flat()) {
      for (const { reservationId, offered } of overdue) {
        counts.lapses += offered;
        model.ended(reservationId, 'EXPIRED');
      }
      const posts = (line?.posts ?? []).filter(({ kind }) => kind === 'offer');
      const offers = made.filter(({ no }) => posts.some(({ subjectId }) => subjectId === no));
      model.asked(offers);
      model.decided(decisions, await readNowMs(this.world.shard));
      counts.refused += decisions.filter(({ kind }) => kind === 'REFUSED').length;
      decided += decisions.length;
      const told = new Map(news.seats.map(({ seat, state }) => [seat, state]));
      for (const { seat } of offers.flatMap((offer) => offer.seats)) {
        expect(told.get(seat)).toBe('HELD');
      }
    }
    await this.rows.oneMoment(batches.length);
    return decided;
  }
}

type Hall = { seats: Seat[]; seatCap: number };

export async function openLineShow(world: LaneWorld, hall: Hall): Promise<LineShow> {
  const { seats, seatCap } = hall;
  return new LineShow(world, await world.addShow(seats, { offerSeconds: 120, seatCap }), hall);
}

async function locked<T>(
  change: ShowChange,
  no: number,
  work: (row: Reservation) => Promise<T>,
): Promise<T> {
  const row = await lockReservation(change, no);
  if (!row) throw new Error(`there is no reservation ${no}`);
  return work(row);
}

async function pay(change: ShowChange, row: Reservation): Promise<void> {
  await startPaying(change, row, change.nowMs + 60_000);
  await bookReservation(change, row, 1);
}

/** Money for an attempt that everybody took for dead. */
async function payLate(change: ShowChange, row: Reservation) {
  const now = new Date(change.nowMs);
  const { amount, currency, reservationId } = row;
  const names = [`key-${reservationId}`, `pi_${reservationId}`];
  await change.tx.change(
    `INSERT INTO payment (show_id, reservation_id, attempt, payment_token, state, idem_key,
       intent_id, amount, currency, created_at, updated_at)
     VALUES (?, ?, 1, 'pm_test', 'CANCELLED', ?, ?, ?, ?, ?, ?)`,
    [change.head.showId, reservationId, ...names, amount, currency, now, now],
  );
  const [payment] = await lockPayments(change, reservationId);
  if (!payment) throw new Error('the payment was just made');
  const intentId = payment.intentId ?? '';
  return settleLateMoney(change, row, payment, { intentId, received: { amount, currency } });
}
