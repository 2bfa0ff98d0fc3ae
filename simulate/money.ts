import type { Fault } from './faults.js';
import { hasLine, joinLine, offerFreed, requeue, type Served, serve } from './line.js';
import {
  areFree,
  book,
  endHold,
  isHeadFree,
  move,
  type PaymentRow,
  quotaOf,
  type ReservationRow,
  type Rows,
  retake,
  type Shard,
} from './shard.js';
import { fanIdOf } from './step.js';

const payMs = 120_000;
const openStates = ['CREATED', 'ACTION', 'PROCESSING'];
const isOpen = (payment: PaymentRow): boolean => openStates.includes(payment.state);

/** What a fan would pay or give back: a hold, or else the newest reservation. */
function newestOf({ rows }: Shard, fan: number): ReservationRow | undefined {
  const mine = [...rows.reservations.values()].filter((one) => one.fan === fan);
  return mine.findLast((one) => one.state === 'HELD') ?? mine.at(-1);
}

/** The oldest attempt of a fan that isn't settled, or else the newest. */
export function attemptOf({ rows }: Shard, fan: number): PaymentRow | undefined {
  const mine = rows.payments.filter(
    (payment) => rows.reservations.get(payment.reservationId)?.fan === fan,
  );
  return mine.find(isUnsettled) ?? mine.at(-1);
}

const knownMoney = ['SUCCEEDED', 'RETAKEN', 'REFUNDED'];

/** Somebody has yet to hear what became of it. */
export function isUnsettled(payment: PaymentRow): boolean {
  const isNews = payment.provider === 'succeeded' && !knownMoney.includes(payment.state);
  return isOpen(payment) || isNews;
}

/** Opens the one attempt, committed before the provider hears of it. */
export function confirm(shard: Shard, fan: number): void {
  const held = newestOf(shard, fan);
  if (!held || !isHeadFree(shard)) return;
  const { nowMs } = shard.clock;
  if (held.state !== 'HELD' || nowMs >= held.expiresAtMs) return;
  const { reservationId } = held;
  const attempt =
    shard.rows.payments.filter((one) => one.reservationId === reservationId).length + 1;
  move('reservation', held, 'PAYING');
  held.dueAtMs = Math.max(held.expiresAtMs, nowMs + payMs);
  const asked = { state: 'CREATED', provider: 'open', refunded: false } as const;
  shard.rows.payments.push({ reservationId, attempt, ...asked });
}

/** The provider makes up its mind; nobody has heard of it yet. */
export function charge(shard: Shard, fan: number, isDeclined: boolean): void {
  const payment = attemptOf(shard, fan);
  if (payment?.provider === 'open') payment.provider = isDeclined ? 'declined' : 'succeeded';
}

/** A webhook or an answer arrives: as often, and as late, as it likes. */
export function hear(shard: Shard, fan: number, fault?: Fault): Served | undefined {
  const payment = attemptOf(shard, fan);
  if (!payment || !isHeadFree(shard)) return undefined;
  return settle(shard, payment, fault);
}

/** A call without an answer counts as not sent, though it may have arrived. */
export function giveUpCall(shard: Shard, fan: number): Served | undefined {
  const payment = attemptOf(shard, fan);
  const held = payment && shard.rows.reservations.get(payment.reservationId);
  if (!payment || !held || !isOpen(payment) || !isHeadFree(shard)) return undefined;
  move('payment', payment, 'FAILED');
  return leavePaying(shard, held);
}

/** The time to pay is over: first the end is committed, then the provider is told to cancel. */
export function reconcile(shard: Shard, fan: number, fault?: Fault): Served | undefined {
  const payment = attemptOf(shard, fan);
  const held = payment && shard.rows.reservations.get(payment.reservationId);
  if (!payment || !held || !isHeadFree(shard)) return undefined;
  if (fault?.name === 'freed while being paid' && held.state === 'PAYING') {
    const { rows } = shard;
    move('reservation', held, 'ENDING');
    return end(shard, rows, held, 'EXPIRED');
  }
  const isOver = held.state === 'PAYING' && shard.clock.nowMs >= (held.dueAtMs ?? 0);
  if (isOver) {
    move('reservation', held, 'ENDING');
    held.dueAtMs = null;
    return undefined;
  }
  if (held.state === 'ENDING' && payment.provider === 'open') payment.provider = 'cancelled';
  return settle(shard, payment, fault);
}

function settle(shard: Shard, payment: PaymentRow, fault?: Fault): Served | undefined {
  const { rows } = shard;
  const held = rows.reservations.get(payment.reservationId);
  if (!held || payment.provider === 'open') return undefined;
  if (payment.provider === 'succeeded') return settleMoney(shard, held, payment, fault);
  if (!isOpen(payment)) return undefined;
  move('payment', payment, payment.provider === 'declined' ? 'FAILED' : 'CANCELLED');
  return leavePaying(shard, held);
}

function settleMoney(
  shard: Shard,
  held: ReservationRow,
  payment: PaymentRow,
  fault?: Fault,
): undefined {
  const { rows } = shard;
  if (knownMoney.includes(payment.state)) return;
  const isTimely = held.state === 'PAYING' || held.state === 'ENDING';
  if (isTimely && isOpen(payment)) {
    move('payment', payment, 'SUCCEEDED');
    buy(rows, held, held.offered);
    return;
  }
  move('payment', payment, 'SUCCEEDED_LATE');
  if (isTimely || !regain(shard, held, fault)) {
    move('payment', payment, 'REFUNDED');
    payment.refunded = true;
    waitForOthers(shard, held);
    return;
  }
  move('payment', payment, 'RETAKEN');
}

function buy(rows: Rows, held: ReservationRow, byOpenOffer: boolean): void {
  book(rows, held);
  serve(rows, held.fan, held.seatNos.length, byOpenOffer);
}

/** The same seats, if all of them and the fan's share are still there. */
function regain(shard: Shard, held: ReservationRow, fault?: Fault): boolean {
  const { rows, clock, settings, startsAtMs } = shard;
  if (held.state === 'BOOKED' || clock.nowMs >= startsAtMs) return false;
  if (held.state === 'HELD') {
    move('reservation', held, 'PAYING');
    buy(rows, held, held.offered);
    return true;
  }
  const { taken } = quotaOf(rows, fanIdOf(held.fan));
  if (taken + held.seatNos.length > settings.seatCap) return false;
  if (fault?.name !== 'late money takes any seat' && !areFree(rows, held.seatNos)) return false;
  retake(rows, held);
  buy(rows, held, false);
  return true;
}

/** Whoever paid too late gets a place in the line, where the show has one. */
function waitForOthers(shard: Shard, held: ReservationRow): void {
  const isOver = held.state === 'EXPIRED' || held.state === 'RELEASED';
  if (!isOver || !hasLine(shard)) return;
  const want = { quantity: held.seatNos.length, zone: null, accessible: false, acceptFewer: false };
  joinLine(shard, shard.rows, held.fan, want);
}

function leavePaying(shard: Shard, held: ReservationRow): Served | undefined {
  const { rows, clock } = shard;
  if (held.state === 'PAYING') {
    move('reservation', held, 'HELD');
    held.dueAtMs = held.expiresAtMs;
  }
  const isOver = held.state === 'HELD' && clock.nowMs >= held.expiresAtMs;
  return isOver || held.state === 'ENDING' ? end(shard, rows, held, 'EXPIRED') : undefined;
}

export function release(shard: Shard, fan: number): Served | undefined {
  const held = newestOf(shard, fan);
  if (held?.state !== 'HELD' || !isHeadFree(shard)) return undefined;
  return end(shard, shard.rows, held, 'RELEASED');
}

/** Ends a hold, and offers its seats to the line in the same change. */
export function end(
  shard: Shard,
  rows: Rows,
  held: ReservationRow,
  to: 'EXPIRED' | 'RELEASED',
): Served {
  endHold(rows, held, to);
  if (held.offered) requeue(rows, held.fan, held.seatNos.length);
  return offerFreed(shard, rows, new Set(held.offered ? [held.fan] : []));
}
