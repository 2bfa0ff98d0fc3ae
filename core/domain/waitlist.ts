import { findBestSeats } from './best-seats.js';
import type { Decision, Quota } from './decide.js';
import { type PriceRules, pricedSeats } from './price-rules.js';
import { areAdjacent, freeSeats, type Seat, type SeatMap, setSeat } from './seat-map.js';

/** What an entry of the line wants. */
export type Want = {
  quantity: number;
  zone: string | null;
  accessible: boolean;
  /** Takes an offer of fewer seats and keeps its place for the rest. */
  acceptFewer: boolean;
};

/** One waiting entry; those with a lower place came before. */
export type Entry = Want & { fanId: string; place: number; joinedAtMs: number };

export type OfferRules = {
  seatCap: number;
  /** Minor units for each seat. */
  bookingFee: number;
  prices: PriceRules | null;
  /** How long an offer holds its seats; 0 for a show without a waitlist. */
  offerMs: number;
  /** No offer is made this long before the start. */
  stopMs: number;
  startsAtMs: number;
};

export type Offer = {
  entry: Entry;
  seats: Seat[];
  adjacent: boolean;
  amount: number;
  fee: number;
  expiresAtMs: number;
};

/** An entry that let this many offers lapse or declined them leaves the line. */
export const lapsesMax = 3;

/** True while freed seats are offered and fans may join the line. */
export function isLineOpen(
  rules: Pick<OfferRules, 'offerMs' | 'stopMs' | 'startsAtMs'>,
  nowMs: number,
): boolean {
  return rules.offerMs > 0 && nowMs < rules.startsAtMs - rules.stopMs;
}

/**
 * Decides who of the line is offered which free seats: each entry in its turn gets the best seats
 * that fit it, all that it wants or, where it takes fewer, as many as there are. An entry that
 * nothing fits is passed by and keeps its place. Pure but for `map` and `quotas`, which it moves
 * along, so that no seat is offered twice and no cap is passed.
 */
export function decideOffers(
  line: Entry[],
  map: SeatMap,
  quotas: Map<string, Quota>,
  rules: OfferRules,
  nowMs: number,
): Offer[] {
  if (!isLineOpen(rules, nowMs)) return [];
  const offers: Offer[] = [];
  for (const entry of line) {
    if (freeSeats(map) === 0) break;
    const quota = quotas.get(entry.fanId) ?? { taken: 0, spentPass: null };
    const found = seatsFor(entry, map, rules.seatCap - quota.taken);
    if (!found) continue;
    const seats = pricedSeats(found, map, rules.prices, rules.startsAtMs - nowMs);
    for (const seat of found) setSeat(map, seat, 'HELD');
    quotas.set(entry.fanId, { ...quota, taken: quota.taken + seats.length });
    const fee = rules.bookingFee * seats.length;
    offers.push({
      entry,
      seats,
      adjacent: areAdjacent(seats),
      amount: seats.reduce((sum, seat) => sum + seat.price, fee),
      fee,
      expiresAtMs: Math.min(nowMs + rules.offerMs, rules.startsAtMs),
    });
  }
  return offers;
}

/** The best free seats for a want within the fan's cap; undefined when it has to wait on. */
export function seatsFor(want: Want, map: SeatMap, capLeft: number): Seat[] | undefined {
  const most = Math.min(want.quantity, capLeft, freeSeats(map));
  const least = want.acceptFewer ? 1 : want.quantity;
  for (let quantity = most; quantity >= least; quantity -= 1) {
    const seats = findBestSeats(map, {
      quantity,
      ...(want.zone === null ? {} : { zone: want.zone }),
      ...(want.accessible ? { accessible: true } : {}),
    });
    // No rule on single seats is asked for: what comes back is what is left.
    if (seats && seats !== 'leaves_single') return seats;
  }
  return undefined;
}

/** The same decisions, with those who found nothing left in line instead of sent away. */
export function refuseIntoLine(decisions: Decision[]): Decision[] {
  return decisions.map((decision) =>
    decision.kind === 'REFUSED' && decision.reason === 'sold_out'
      ? { ...decision, reason: 'show_full' }
      : decision,
  );
}

/** What a reservation request that found the show full waits for. */
export function wantOf(wish: Decision['request']['wish']): Want {
  if ('seats' in wish) {
    return { quantity: wish.seats.length, zone: null, accessible: false, acceptFewer: false };
  }
  const { quantity, zone = null, accessible = false } = wish;
  return { quantity, zone, accessible, acceptFewer: false };
}

/** Seats that went back in a span of time, by holds that lapsed or were released. */
export type LinePace = { freedSeats: number; windowMs: number };

/** Seconds until so many seats have come back at the measured pace; null while none has. */
export function etrSeconds(seatsAhead: number, { freedSeats, windowMs }: LinePace): number | null {
  if (freedSeats <= 0) return null;
  return Math.ceil((seatsAhead * windowMs) / freedSeats / 1000);
}
