import type { Quota } from '../core/domain/decide.js';
import type { Answer, Decided } from './lane.js';
import type { Served } from './line.js';
import { playOffers } from './line-model.js';
import { type ModelSeat, play } from './seat-model.js';
import type { Event, Rows, Shard } from './shard.js';
import { Broken, fanIdOf, type Settings } from './step.js';

/** So long before the start nobody is offered anything. */
const lastOfferMs = 15 * 60_000;

type Owner = { fan: number; seatNos: number[]; booked: boolean };

/**
 * A plain book of who has which seat, kept from what transactions say they did, and compared with
 * the rows after every step. It shares no line with what it judges.
 */
export class ShardReference {
  private readonly settings: Settings;
  private readonly startsAtMs: number;
  private readonly owners = new Map<number, Owner>();
  private readonly answers = new Map<number, string>();
  private readonly seats: (ModelSeat & { seatNo: number })[];

  constructor(settings: Settings, { rows, startsAtMs }: Pick<Shard, 'rows' | 'startsAtMs'>) {
    this.settings = settings;
    this.startsAtMs = startsAtMs;
    this.seats = rows.seats.map((seat) => ({ ...seat }));
  }

  /** Before what a batch did is written down: was each decision right for what was there? */
  decided({ decisions, overdue, served, rules, nowMs }: Decided, rows: Rows): void {
    const gone = new Set(overdue.map((held) => held.reservationId));
    const seats = this.seatsWithout(gone);
    const quotas = this.quotasWithout(gone);
    if (served) this.served(served, seats, quotas);
    const requests = decisions.map(({ request }) => request);
    const told = decisions.map((one) =>
      one.kind === 'REFUSED' && one.reason === 'show_full'
        ? { ...one, reason: 'sold_out' as const }
        : one,
    );
    for (const { requestId, passId, fanId } of requests) {
      const before = this.answers.get(requestId);
      if (before) throw new Broken('one decision for a request', `${requestId} was ${before}`);
      const spent = [...rows.reservations.values()].some(
        (one) => one.passId === passId && one.reservationId < requestId,
      );
      const quota = quotas.get(fanId) ?? { taken: 0, spentPass: null };
      quotas.set(fanId, spent ? { ...quota, spentPass: passId } : quota);
    }
    const { faults } = play({ seats, requests, quotas }, told, rules, nowMs);
    if (faults.length > 0) throw new Broken('decisions are as the model says', faults.join('; '));
    for (const { kind, request } of decisions) this.answers.set(request.requestId, kind);
    this.checkOrder(decisions, rows);
  }

  private checkOrder(decisions: Decided['decisions'], rows: Rows): void {
    const last = Math.max(0, ...decisions.map(({ request }) => request.requestId));
    const passed = [...rows.requests.values()].find(
      ({ state, requestId }) => state === 'ACCEPTED' && requestId < last,
    );
    if (passed) throw new Broken('first come, first decided', `${passed.requestId} before ${last}`);
    const ids = decisions.map(({ request }) => request.requestId);
    if (ids.some((id, at) => id < (ids[at - 1] ?? 0))) {
      throw new Broken('first come, first decided', ids.join(' '));
    }
  }

  /** Offers go by place: whoever is passed by could not be served. */
  served(
    { line, offers, nowMs }: Served,
    seats = this.seatsWithout(),
    quotas = this.quotasWithout(),
  ): void {
    const isShut = this.settings.offerMs === 0 || nowMs >= this.startsAtMs - lastOfferMs;
    if (isShut && offers.length > 0) throw new Broken('no offer comes too late', `${nowMs}`);
    if (isShut) return;
    const taken = new Map([...quotas].map(([fanId, quota]) => [fanId, quota.taken]));
    const told = offers.map((offer) => ({ fanId: offer.entry.fanId, seats: offer.seats }));
    const faults = playOffers({ line, seats, taken, seatCap: this.settings.seatCap }, told);
    if (faults.length > 0) throw new Broken('the line is served by place', faults.join('; '));
    for (const [fanId, count] of taken) {
      quotas.set(fanId, { spentPass: null, ...quotas.get(fanId), taken: count });
    }
  }

  private seatsWithout(gone = new Set<number>()): ModelSeat[] {
    const taken = new Set(
      [...this.owners].flatMap(([id, owner]) => (gone.has(id) ? [] : owner.seatNos)),
    );
    return this.seats.map((seat) => ({ ...seat, state: taken.has(seat.seatNo) ? 'HELD' : 'FREE' }));
  }

  private quotasWithout(gone = new Set<number>()): Map<string, Quota> {
    const quotas = new Map<string, Quota>();
    for (const [id, { fan, seatNos }] of this.owners) {
      if (gone.has(id)) continue;
      const taken = (quotas.get(fanIdOf(fan))?.taken ?? 0) + seatNos.length;
      quotas.set(fanIdOf(fan), { taken, spentPass: null });
    }
    return quotas;
  }

  /** Writes down what a transaction did. */
  happened(events: Event[]): void {
    for (const event of events) {
      const { reservationId } = event;
      const owner = this.owners.get(reservationId);
      if (event.kind === 'held') this.held(event);
      else if (!owner) throw new Broken('only what is owned is given up', `${reservationId}`);
      else if (event.kind === 'booked') owner.booked = true;
      else if (owner.booked) throw new Broken('what is sold stays sold', `${reservationId}`);
      else this.owners.delete(reservationId);
    }
  }

  private held({ reservationId, fan, seatNos }: Extract<Event, { kind: 'held' }>): void {
    for (const [other, { seatNos: theirs }] of this.owners) {
      const both = theirs.find((seatNo) => seatNos.includes(seatNo));
      if (both === undefined && other !== reservationId) continue;
      throw new Broken('a seat has one owner', `${both} of ${other} and ${reservationId}`);
    }
    this.owners.set(reservationId, { fan, seatNos, booked: false });
  }

  /** What a fan is told must be what the journal says, now and for ever. */
  told({ requestId, state }: Answer, rows: Rows): void {
    const row = rows.requests.get(requestId);
    if (row?.state !== state) {
      throw new Broken('one true answer', `${requestId} told ${state}, is ${row?.state}`);
    }
  }

  /** The rows after a step against the book. */
  compare(rows: Rows, nowMs: number): void {
    const states = new Map<number, string>();
    for (const { seatNos, booked } of this.owners.values()) {
      for (const seatNo of seatNos) states.set(seatNo, booked ? 'BOOKED' : 'HELD');
    }
    for (const { seatNo, state } of rows.seats) {
      if (state !== (states.get(seatNo) ?? 'FREE')) {
        throw new Broken('seats are as the book says', `${seatNo} is ${state}`);
      }
    }
    const quotas = this.quotasWithout();
    for (const [fanId, { taken }] of rows.quotas) {
      const expected = quotas.get(fanId)?.taken ?? 0;
      if (taken === expected && taken <= this.settings.seatCap) continue;
      throw new Broken('nobody has more than the cap', `${fanId} ${taken}, counted ${expected}`);
    }
    for (const { reservationId, state, expiresAtMs } of rows.reservations.values()) {
      const isOver = state === 'EXPIRED' && nowMs < expiresAtMs;
      if (isOver) throw new Broken('a hold has its time', `${reservationId}`);
    }
  }

  /** At the end, when everything had its time. */
  settled(rows: Rows): void {
    for (const { requestId, state } of rows.requests.values()) {
      if (state === 'ACCEPTED') throw new Broken('every request is answered', `${requestId}`);
    }
    for (const [reservationId, { booked }] of this.owners) {
      if (!booked) throw new Broken('every hold ends', `${reservationId}`);
    }
    const paid = new Map<number, number>();
    for (const payment of rows.payments) {
      if (payment.provider !== 'succeeded' || payment.refunded) continue;
      paid.set(payment.reservationId, (paid.get(payment.reservationId) ?? 0) + 1);
    }
    for (const [reservationId, { booked }] of this.owners) {
      if (booked && paid.get(reservationId) !== 1) {
        throw new Broken('a ticket for the money', `${reservationId} is booked`);
      }
    }
    for (const reservationId of paid.keys()) {
      if (this.owners.get(reservationId)?.booked) continue;
      throw new Broken('no money without ticket or refund', `${reservationId} is paid`);
    }
  }
}
