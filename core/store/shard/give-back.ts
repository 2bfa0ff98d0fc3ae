import { leftOf, lockBooking, oweRefund } from './cancel-booking.js';
import { lostAmount } from './disputes.js';
import { lockPayments } from './payments.js';
import {
  deskRefundId,
  insertRefund,
  lockRefunds,
  moveRefund,
  nextRefundNo,
  payAtDesk,
  refundedAmount,
} from './refunds.js';
import { lockReservation } from './reservations.js';
import type { ShowChange } from './show-change.js';

export type GivenBack =
  | { kind: 'owed'; refundNo: number; amount: number; currency: string }
  | { kind: 'missing' | 'unpaid' }
  /** What could still be given back, in minor units. */
  | { kind: 'too_much'; left: number }
  | { kind: 'cancel_instead' };

/**
 * Owes a fan a part of a booking's price while the tickets stay good. All of it can't go back this
 * way: tickets without money behind them would be a gift that no book explains.
 */
export async function giveBack(
  change: ShowChange,
  wish: { bookingId: number; amount: number },
): Promise<GivenBack> {
  const reservation = await lockReservation(change, wish.bookingId);
  const payments = await lockPayments(change, wish.bookingId);
  const refunds = await lockRefunds(change, wish.bookingId);
  const booking = await lockBooking(change, wish.bookingId);
  if (!reservation || !booking) return { kind: 'missing' };
  const payment = payments.find((entry) => entry.attempt === booking.attempt);
  if (!payment) return { kind: 'unpaid' };
  const left = await leftOf(change, payment, refunds);
  if (wish.amount > left) return { kind: 'too_much', left };
  if (wish.amount === left && booking.state === 'CONFIRMED') return { kind: 'cancel_instead' };
  const { amount } = wish;
  const owed = await oweRefund(change, payment, refunds, { amount, reason: 'staff' });
  if (!owed) return { kind: 'too_much', left };
  return { kind: 'owed', ...owed, currency: payment.currency };
}

export type PaidOut =
  | { kind: 'owed'; refundNo: number; amount: number; currency: string; inCash: boolean }
  | { kind: 'missing' | 'not_at_desk' };

/** Notes that a refund which waits at the desk was given to its fan, as the sale was paid. */
export async function payOut(
  change: ShowChange,
  wish: { reservationId: number; refundNo: number },
): Promise<PaidOut> {
  const { reservationId, refundNo } = wish;
  await lockReservation(change, reservationId);
  await lockPayments(change, reservationId);
  const refunds = await lockRefunds(change, reservationId);
  const refund = refunds.find((entry) => entry.refundNo === refundNo);
  if (!refund) return { kind: 'missing' };
  if (refund.state !== 'CREATED' || refund.failCode !== payAtDesk) return { kind: 'not_at_desk' };
  const providerId = deskRefundId(refund);
  await moveRefund(change, refund, 'SUCCEEDED', { providerId, checkAtMs: null });
  change.log({ kind: 'REFUNDED', subjectId: reservationId, detail: { refund_no: refundNo } });
  const { amount, currency } = refund;
  change.book({ reservationId, debit: 'owed', credit: 'till', amount, currency });
  const payload = { refund_no: refundNo };
  change.outbox({ kind: 'refund_mail', subjectId: reservationId, payload });
  const [paid] = await change.tx.rows<{ method: string }>(
    'SELECT method FROM payment WHERE show_id = ? AND reservation_id = ? AND attempt = ?',
    [change.head.showId, reservationId, refund.attempt],
  );
  return { kind: 'owed', refundNo, amount, currency, inCash: paid?.method === 'cash' };
}

export type Retried =
  | { kind: 'owed'; refundNo: number; amount: number; currency: string }
  | { kind: 'missing' | 'not_failed' | 'retried' | 'lost' };

/**
 * Owes a failed refund again, under a number and key of its own. What is owed stays the same. One
 * whose money the fan has from a bank is not made as well.
 */
export async function retryRefund(
  change: ShowChange,
  wish: { reservationId: number; refundNo: number },
): Promise<Retried> {
  const { reservationId } = wish;
  await lockReservation(change, reservationId);
  const payments = await lockPayments(change, reservationId);
  const refunds = await lockRefunds(change, reservationId);
  const failed = refunds.find((refund) => refund.refundNo === wish.refundNo);
  if (!failed) return { kind: 'missing' };
  if (failed.state !== 'FAILED') return { kind: 'not_failed' };
  if (refunds.some((refund) => refund.retryOf === failed.refundNo)) return { kind: 'retried' };
  const refundNo = nextRefundNo(refunds);
  const { attempt, amount, currency, reason, intentId } = failed;
  const payment = payments.find((entry) => entry.attempt === attempt);
  const charged = { reservationId, intentId: intentId ?? payment?.intentId ?? null };
  const lost = await lostAmount(change, charged);
  const paid = intentId === null ? (payment?.receivedAmount ?? payment?.amount ?? 0) : amount;
  if (lost > 0 && amount > paid - refundedAmount(refunds, attempt) - lost) return { kind: 'lost' };
  const row = { reservationId, refundNo, attempt, amount, currency, reason, intentId };
  await insertRefund(change, { ...row, retryOf: failed.refundNo });
  const detail = { attempt, refund_no: refundNo, retry_of: failed.refundNo };
  change.log({ kind: 'REFUND_DUE', subjectId: reservationId, detail });
  return { kind: 'owed', refundNo, amount, currency };
}
