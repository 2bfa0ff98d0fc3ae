import { bookReservation } from './bookings.js';
import { startPaying } from './paying.js';
import { insertPayment, isOpenPayment, lockPayments, type Payment } from './payments.js';
import { lockReservation, type Reservation } from './reservations.js';
import { isFreedKey } from './settle.js';
import type { ShowChange } from './show-change.js';

export type PaymentWish = {
  reservationId: number;
  fanId: string;
  idemKey: string;
  paymentToken: string;
};

/** What a confirm finds or makes. `attempt` names the row that answers it; 0 cost nothing. */
export type Begun =
  | { kind: 'begun'; payment: Payment; expiresAtMs: number }
  | { kind: 'seen'; attempt: number }
  | { kind: 'booked_free'; expiresAtMs: number }
  | { kind: 'missing' }
  | { kind: 'key_reused' }
  | { kind: 'over' }
  | { kind: 'too_many_attempts'; expiresAtMs: number };

/** A declined card may be tried again, but not for ever: guessing cards is a crime's first step. */
export const attemptsMax = 3;

/** Attempts that were refused or given up; what the provider never took in doesn't count. */
export function countEndedAttempts(payments: Payment[]): number {
  const over = payments.filter(({ state }) => state === 'FAILED' || state === 'CANCELLED');
  return over.filter(({ idemKey }) => !isFreedKey(idemKey)).length;
}

/**
 * The first look by the reconciler at an attempt: after the call's own time-out, so that it never
 * doubles a call that may still be answered.
 */
export const firstCheckMs = 15_000;

/**
 * Opens the one payment attempt of a reservation, or finds the attempt that a repeated or second
 * confirm joins. The attempt is committed before anybody calls the provider.
 */
export async function beginPayment(change: ShowChange, wish: PaymentWish): Promise<Begun> {
  const reservation = await lockReservation(change, wish.reservationId);
  if (reservation?.fanId !== wish.fanId) return { kind: 'missing' };
  const payments = await lockPayments(change, wish.reservationId);
  const seen = findSeen(reservation, payments, wish);
  if (seen) return seen;
  if (reservation.state !== 'HELD' || change.nowMs >= reservation.expiresAtMs) {
    return { kind: 'over' };
  }
  if (countEndedAttempts(payments) >= attemptsMax) {
    return { kind: 'too_many_attempts', expiresAtMs: reservation.expiresAtMs };
  }
  const paymentWindowMs = change.head.paymentSeconds * 1_000;
  const dueAtMs = Math.max(reservation.expiresAtMs, change.nowMs + paymentWindowMs);
  const attempt = 1 + Math.max(0, ...payments.map((entry) => entry.attempt));
  await startPaying(change, reservation, dueAtMs);
  if (reservation.amount === 0) {
    await bookReservation(change, reservation, 0);
    return { kind: 'booked_free', expiresAtMs: reservation.expiresAtMs };
  }
  const payment = await openAttempt(change, reservation, wish, attempt);
  return { kind: 'begun', payment, expiresAtMs: reservation.expiresAtMs };
}

function findSeen(
  reservation: Reservation,
  payments: Payment[],
  wish: PaymentWish,
): Begun | undefined {
  const same = payments.find((entry) => entry.idemKey === wish.idemKey);
  if (same && same.paymentToken !== wish.paymentToken) return { kind: 'key_reused' };
  if (same) return { kind: 'seen', attempt: same.attempt };
  const open = payments.find((entry) => isOpenPayment(entry.state));
  if (open) return { kind: 'seen', attempt: open.attempt };
  if (reservation.state !== 'BOOKED') return undefined;
  const paid = payments.find((entry) => entry.state === 'SUCCEEDED' || entry.state === 'RETAKEN');
  return { kind: 'seen', attempt: paid?.attempt ?? 0 };
}

async function openAttempt(
  change: ShowChange,
  reservation: Reservation,
  wish: PaymentWish,
  attempt: number,
): Promise<Payment> {
  const { reservationId, amount, currency } = reservation;
  const { idemKey, paymentToken } = wish;
  const checkAtMs = change.nowMs + firstCheckMs;
  const row = { reservationId, attempt, idemKey, paymentToken, amount, currency };
  await insertPayment(change, row, checkAtMs);
  change.log({ kind: 'PAYING', subjectId: reservationId, detail: { attempt } });
  return {
    ...row,
    showId: change.head.showId,
    state: 'CREATED',
    intentId: null,
    manualCapture: change.head.countsCards,
    clientSecret: null,
    nextActionUrl: null,
    declineCode: null,
    createdAtMs: change.nowMs,
    updatedAtMs: change.nowMs,
    checkAtMs,
    receivedAmount: null,
    receivedCurrency: null,
  };
}
