import { findAlternatives, findBestSeats, scatter } from './best-seats.js';
import { type Discount, discountOn } from './discount.js';
import { type PriceRules, pricedSeats } from './price-rules.js';
import { areAdjacent, freeSeats, type Seat, type SeatMap, setSeat } from './seat-map.js';
import { leavesSingle, type OrphanRule } from './single-seats.js';

/** What a fan asked for, as the journal keeps it. */
export type Wish = (
  | { seats: string[] }
  | { quantity: number; zone?: string; accessible?: boolean }
) & {
  off?: Discount;
};

export type UndecidedRequest = {
  requestId: number;
  fanId: string;
  passId: string;
  wish: Wish;
  acceptedAtMs: number;
};

/** Seats a fan has in a show, held or booked, and the pass that won the last of them. */
export type Quota = { taken: number; spentPass: string | null };

export type Rules = {
  seatCap: number;
  orphanRule: OrphanRule;
  /** Added to the price of each seat, minor units. */
  bookingFee: number;
  /** How prices move; null: each zone keeps its own. */
  prices: PriceRules | null;
  holdMs: number;
  holdLimitMs: number;
  startsAtMs: number;
  /** An accepted request that waited longer than this lapses. */
  undecidedMsMax: number;
};

export type RefusalReason =
  | 'sold_out'
  | 'show_full'
  | 'cap_reached'
  | 'pass_spent'
  | 'unknown_seat'
  | 'seats_taken'
  | 'leaves_single'
  | 'discount_over'
  | 'internal';

export type Decision =
  | {
      kind: 'GRANTED';
      request: UndecidedRequest;
      seats: Seat[];
      adjacent: boolean;
      /** Prices and fees together, less what a code takes off. */
      amount: number;
      fee: number;
      discount?: { code: string; amount: number };
      expiresAtMs: number;
      limitAtMs: number;
    }
  | {
      kind: 'REFUSED';
      request: UndecidedRequest;
      reason: RefusalReason;
      /** Seat names of the same size, free when this was decided. */
      alternatives: string[][];
      /** Where in the line a fan who found the show full has come to stand, counted from 1. */
      position?: number;
    }
  | { kind: 'LAPSED'; request: UndecidedRequest };

const alternativesMax = 3;
/** Alternatives looked for, so that not everybody who is refused is sent to the same three. */
const alternativesPool = 6;

export const undecidedMsMax = 60_000;

/**
 * Decides the requests of one show in their order. Pure but for `map` and `quotas`, which it
 * moves along so that each request sees what the ones before it won. A group gets all of its
 * seats or none. The order of refusals is fixed: too late, pass used before, nothing left,
 * over the cap, no such seat, taken, one seat left alone, its code over.
 */
export function decide(
  requests: UndecidedRequest[],
  map: SeatMap,
  quotas: Map<string, Quota>,
  rules: Rules,
  nowMs: number,
): Decision[] {
  const remembered: Remembered = { revision: -1, byWish: new Map() };
  return requests.map((request) => decideOne(request, map, quotas, rules, nowMs, remembered));
}

function decideOne(
  request: UndecidedRequest,
  map: SeatMap,
  quotas: Map<string, Quota>,
  rules: Rules,
  nowMs: number,
  remembered: Remembered,
): Decision {
  if (nowMs >= rules.startsAtMs || nowMs - request.acceptedAtMs > rules.undecidedMsMax) {
    return { kind: 'LAPSED', request };
  }
  const refuse = (reason: RefusalReason, alternatives: string[][] = []): Decision => ({
    kind: 'REFUSED',
    request,
    reason,
    alternatives,
  });
  const quota = quotas.get(request.fanId) ?? { taken: 0, spentPass: null };
  if (quota.spentPass === request.passId) return refuse('pass_spent');
  if (freeSeats(map) === 0) return refuse('sold_out');
  const { wish } = request;
  const size = 'seats' in wish ? wish.seats.length : wish.quantity;
  if (quota.taken + size > rules.seatCap) return refuse('cap_reached');
  const found =
    'seats' in wish
      ? chosenSeats(map, wish.seats)
      : findBestSeats(map, wish, { rule: rules.orphanRule, seed: request.requestId });
  if (found === 'unknown_seat' || found === 'leaves_single') return refuse(found);
  if (found === undefined) return refuse('sold_out');
  const offer = () => alternativesFor(map, found, rules.orphanRule, remembered, request.requestId);
  if (found.some((seat) => seat.state !== 'FREE')) return refuse('seats_taken', offer());
  if ('seats' in wish && leavesSingle(map, found, rules.orphanRule).length > 0) {
    return refuse('leaves_single', offer());
  }
  if (wish.off?.untilMs !== undefined && nowMs >= wish.off.untilMs) return refuse('discount_over');
  const seats = pricedSeats(found, map, rules.prices, rules.startsAtMs - nowMs);
  for (const seat of found) setSeat(map, seat, 'HELD');
  quotas.set(request.fanId, { taken: quota.taken + size, spentPass: request.passId });
  const fee = rules.bookingFee * found.length;
  const full = seats.reduce((sum, seat) => sum + seat.price, fee);
  const discount = wish.off && { code: wish.off.code, amount: discountOn(full - fee, wish.off) };
  return {
    kind: 'GRANTED',
    request,
    seats,
    adjacent: areAdjacent(found),
    amount: full - (discount?.amount ?? 0),
    fee,
    ...(discount ? { discount } : {}),
    expiresAtMs: Math.min(nowMs + rules.holdMs, rules.startsAtMs),
    limitAtMs: Math.min(nowMs + rules.holdLimitMs, rules.startsAtMs),
  };
}

function chosenSeats(map: SeatMap, names: string[]): Seat[] | 'unknown_seat' {
  const seats: Seat[] = [];
  for (const name of names) {
    const seat = map.byName.get(name);
    if (!seat) return 'unknown_seat';
    seats.push(seat);
  }
  return seats;
}

/** Choices worked out since the map last changed: in a rush many want the same seats. */
type Remembered = { revision: number; byWish: Map<string, Choice[]> };
type Choice = { seats: string[]; away: number };

function alternativesFor(
  map: SeatMap,
  wanted: Seat[],
  rule: OrphanRule,
  remembered: Remembered,
  requestId: number,
): string[][] {
  if (remembered.revision !== map.revision) {
    remembered.revision = map.revision;
    remembered.byWish.clear();
  }
  const key = wanted.map((seat) => seat.seatNo).join(',');
  const known = remembered.byWish.get(key) ?? choicesNear(map, wanted, rule);
  remembered.byWish.set(key, known);
  return spread(known, requestId).map((choice) => choice.seats);
}

function choicesNear(map: SeatMap, wanted: Seat[], rule: OrphanRule): Choice[] {
  const from = middleOf(wanted);
  return findAlternatives(map, wanted, alternativesPool, rule).map((seats) => {
    const to = middleOf(seats);
    const away = Math.round(Math.abs(to.rowNo - from.rowNo) + Math.abs(to.x - from.x));
    return { seats: seats.map((seat) => seat.seat), away };
  });
}

function middleOf(seats: Seat[]): { rowNo: number; x: number } {
  const mean = (of: (seat: Seat) => number) =>
    seats.reduce((sum, seat) => sum + of(seat), 0) / seats.length;
  return { rowNo: mean((seat) => seat.rowNo), x: mean((seat) => seat.x) };
}

/** The nearest few; among choices equally far away each request is told others. */
function spread(choices: Choice[], requestId: number): Choice[] {
  if (choices.length <= 1) return choices;
  return choices
    .map((choice, at) => ({ choice, lot: scatter(requestId * alternativesPool + at) }))
    .sort((a, b) => a.choice.away - b.choice.away || a.lot - b.lot)
    .slice(0, alternativesMax)
    .map(({ choice }) => choice);
}
