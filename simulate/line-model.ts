import type { Want } from '../core/domain/waitlist.js';
import { judge, type ModelSeat } from './seat-model.js';

/** Who waits, in the order of their places. */
export type Waiter = Want & { fanId: string };

/** A show as its line sees it: seats, and how many of them each fan has. */
export type LinePlan = {
  line: Waiter[];
  seats: ModelSeat[];
  taken: Map<string, number>;
  seatCap: number;
};

/** How many seats the plain rule gives: all that are wanted, fewer where fewer are taken; or 0. */
export function sizeFor(waiter: Waiter, { seats, taken, seatCap }: LinePlan): number {
  const { fanId, quantity, zone, accessible, acceptFewer } = waiter;
  const most = Math.min(quantity, seatCap - (taken.get(fanId) ?? 0));
  const wish = { ...(zone === null ? {} : { zone }), ...(accessible ? { accessible } : {}) };
  for (let size = most; size >= (acceptFewer ? 1 : quantity); size -= 1) {
    if (judge(seats, { ...wish, quantity: size }) === 'fits') return size;
  }
  return 0;
}

/**
 * What a plain model holds against the offers of one change; empty when they are right. Each of
 * the line in its turn gets the most that fits, and who is passed by could not be served. Moves
 * `seats` and `taken` along.
 */
export function playOffers(
  plan: LinePlan,
  offers: { fanId: string; seats: { seat: string }[] }[],
): string[] {
  const faults: string[] = [];
  const left = [...offers];
  for (const waiter of plan.line) {
    const size = sizeFor(waiter, plan);
    const isNext = left[0]?.fanId === waiter.fanId;
    if (isNext !== size > 0) {
      faults.push(`${waiter.fanId} is ${isNext ? '' : 'not '}offered seats, ${size} fit`);
    }
    const offer = isNext ? left.shift() : undefined;
    if (!offer) continue;
    const own = offer.seats.map(({ seat }) => plan.seats.find((one) => one.seat === seat));
    if (own.length !== size) faults.push(`${waiter.fanId} is offered ${own.length} of ${size}`);
    const isRight =
      new Set(own).size === own.length &&
      own.every((seat) => seat?.state === 'FREE' && (waiter.zone ?? seat.zone) === seat.zone) &&
      own.some((seat) => seat?.kind === 'accessible') === waiter.accessible;
    if (!isRight) faults.push(`${waiter.fanId} is offered seats that are not free or do not fit`);
    for (const seat of own) if (seat) seat.state = 'HELD';
    plan.taken.set(waiter.fanId, (plan.taken.get(waiter.fanId) ?? 0) + own.length);
  }
  return left.length === 0 ? faults : [...faults, `an offer to ${left[0]?.fanId} out of turn`];
}
