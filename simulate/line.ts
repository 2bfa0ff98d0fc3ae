import type { Decision, Quota } from '../core/domain/decide.js';
import { buildSeatMap, type SeatMap } from '../core/domain/seat-map.js';
import {
  decideOffers,
  type Entry,
  isLineOpen,
  lapsesMax,
  type Offer,
  type OfferRules,
  type Want,
  wantOf,
} from '../core/domain/waitlist.js';
import { hold, type LineRow, move, type Rows, type Shard } from './shard.js';
import { fanIdOf, fanOf } from './step.js';

/** What the offers of one change were decided from, for the reference. */
export type Served = { line: Entry[]; offers: Offer[]; nowMs: number };

/** No offer is made this long before the start. */
const stopMs = 900_000;

export function offerRulesOf({ settings, startsAtMs }: Shard): OfferRules {
  const { seatCap, offerMs } = settings;
  return { seatCap, offerMs, bookingFee: 0, prices: null, stopMs, startsAtMs };
}

export const hasLine = (shard: Shard): boolean =>
  isLineOpen(offerRulesOf(shard), shard.clock.nowMs);

export const mapOf = (rows: Rows): SeatMap => buildSeatMap(rows.seats.map((seat) => ({ ...seat })));

/** Offers what a change has freed to those who wait, in that change. */
export function offerFreed(
  shard: Shard,
  rows: Rows,
  passedOver: Set<number>,
  { map, quotas }: { map: SeatMap; quotas: Map<string, Quota> } = {
    map: mapOf(rows),
    quotas: structuredClone(rows.quotas),
  },
): Served {
  const line = [...rows.line.values()]
    .filter((entry) => entry.state === 'WAITING' && !passedOver.has(entry.fan))
    .sort((a, b) => a.place - b.place)
    .map((entry): Entry => ({ ...entry, fanId: fanIdOf(entry.fan) }));
  const { nowMs } = shard.clock;
  const offers = decideOffers(line, map, quotas, offerRulesOf(shard), nowMs);
  for (const offer of offers) writeOffer(shard, rows, offer);
  return { line, offers, nowMs };
}

function writeOffer(shard: Shard, rows: Rows, { entry, seats, expiresAtMs }: Offer): void {
  const fan = fanOf(entry.fanId);
  const reservationId = shard.nextRequest++;
  const passId = `offer-${reservationId}`;
  rows.requests.set(reservationId, {
    ...{ requestId: reservationId, fan, key: -reservationId, passId },
    ...{ wish: { quantity: seats.length }, acceptedAtMs: entry.joinedAtMs },
    ...{ state: 'GRANTED', reason: null },
  });
  const seatNos = seats.map((seat) => seat.seatNo);
  const times = { expiresAtMs, dueAtMs: expiresAtMs };
  hold(rows, { reservationId, fan, passId, seatNos, state: 'HELD', ...times, offered: true });
  const row = rows.line.get(fan);
  if (!row) throw new Error('an offer goes to somebody in line');
  row.quantity -= seats.length;
  row.offered += seats.length;
  if (row.quantity === 0) move('waitlist', row, 'OFFERED');
}

/** Puts a fan at the end, unless the fan is in line already. */
export function joinLine(shard: Shard, rows: Rows, fan: number, want: Want): void {
  const known = rows.line.get(fan);
  if (known?.state === 'WAITING' || known?.state === 'OFFERED') return;
  rows.lineEnd += 1;
  const fresh = { state: 'WAITING', place: rows.lineEnd, lapses: 0 } as const;
  const joined = { fan, joinedAtMs: shard.clock.nowMs, offered: known?.offered ?? 0 };
  if (known) move('waitlist', known, 'WAITING');
  rows.line.set(fan, { ...want, ...joined, ...fresh });
}

export function joinRefused(shard: Shard, rows: Rows, decisions: Decision[]): void {
  for (const decision of decisions) {
    if (decision.kind !== 'REFUSED' || decision.reason !== 'show_full') continue;
    joinLine(shard, rows, fanOf(decision.request.fanId), wantOf(decision.request.wish));
  }
}

/** An offer lapsed or was declined: to the end of the line, and at last out of it. */
export function requeue(rows: Rows, fan: number, seats: number): void {
  const entry = rows.line.get(fan);
  if (!entry) return;
  entry.offered -= seats;
  if (entry.state === 'SERVED' || entry.state === 'LEFT') return;
  entry.lapses += 1;
  if (entry.lapses >= lapsesMax) {
    entry.quantity = 0;
    move('waitlist', entry, 'LEFT');
    return;
  }
  rows.lineEnd += 1;
  entry.place = rows.lineEnd;
  entry.quantity += seats;
  become(entry, 'WAITING');
}

/** Bought seats count against what the fan still waits for, so that nobody is served twice. */
export function serve(rows: Rows, fan: number, seats: number, byOpenOffer: boolean): void {
  const entry = rows.line.get(fan);
  if (!entry) return;
  if (byOpenOffer) entry.offered -= seats;
  else entry.quantity = Math.max(0, entry.quantity - seats);
  entry.lapses = 0;
  if (entry.state === 'LEFT') return;
  if (entry.quantity > 0) become(entry, 'WAITING');
  else become(entry, entry.offered > 0 ? 'OFFERED' : 'SERVED');
}

function become(entry: LineRow, state: LineRow['state']): void {
  if (entry.state !== state) move('waitlist', entry, state);
}
