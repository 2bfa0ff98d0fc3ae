import { findAlternatives, findBestSeats } from './best-seats.js';
import { areAdjacent, freeSeats, type Seat, type SeatMap, setSeat } from './seat-map.js';

/** What a fan asked for, as the journal keeps it. */
export type Wish = { seats: string[] } | { quantity: number; zone?: string; accessible?: boolean };

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
  holdMs: number;
  holdLimitMs: number;
  startsAtMs: number;
  /** An accepted request that waited longer than this lapses. */
  undecidedMsMax: number;
};

export type RefusalReason =
  | 'sold_out'
  | 'cap_reached'
  | 'pass_spent'
  | 'unknown_seat'
  | 'seats_taken'
  | 'internal';

export type Decision =
  | {
      kind: 'GRANTED';
      request: UndecidedRequest;
      seats: Seat[];
      adjacent: boolean;
      amount: number;
      expiresAtMs: number;
      limitAtMs: number;
    }
  | {
      kind: 'REFUSED';
      request: UndecidedRequest;
      reason: RefusalReason;
      /** Seat names of the same size, free when this was decided. */
      alternatives: string[][];
    }
  | { kind: 'LAPSED'; request: UndecidedRequest };

const alternativesMax = 3;

export const undecidedMsMax = 60_000;

/**
 * Decides the requests of one show in their order. Pure but for `map` and `quotas`, which it
 * moves along so that each request sees what the ones before it won. A group gets all of its
 * seats or none. The order of refusals is fixed: too late, pass used before, nothing left,
 * over the cap, no such seat, taken.
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
  const found = 'seats' in wish ? chosenSeats(map, wish.seats) : findBestSeats(map, wish);
  if (found === 'unknown_seat') return refuse('unknown_seat');
  if (found === undefined) return refuse('sold_out');
  if (found.some((seat) => seat.state !== 'FREE')) {
    return refuse('seats_taken', alternativesFor(map, found, remembered));
  }
  for (const seat of found) setSeat(map, seat, 'HELD');
  quotas.set(request.fanId, { taken: quota.taken + size, spentPass: request.passId });
  return {
    kind: 'GRANTED',
    request,
    seats: found,
    adjacent: areAdjacent(found),
    amount: found.reduce((sum, seat) => sum + seat.price, 0),
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

/** Alternatives worked out since the map last changed: in a rush many want the same seats. */
type Remembered = { revision: number; byWish: Map<string, string[][]> };

function alternativesFor(map: SeatMap, wanted: Seat[], remembered: Remembered): string[][] {
  if (remembered.revision !== map.revision) {
    remembered.revision = map.revision;
    remembered.byWish.clear();
  }
  const key = wanted.map((seat) => seat.seatNo).join(',');
  const known = remembered.byWish.get(key);
  if (known) return known;
  const found = findAlternatives(map, wanted, alternativesMax).map((block) =>
    block.map((seat) => seat.seat),
  );
  remembered.byWish.set(key, found);
  return found;
}
