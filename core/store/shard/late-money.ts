import type { Money } from '../../domain/money.js';
import type { PaymentState } from '../../domain/states.js';
import { isLineOpen } from '../../domain/waitlist.js';
import { bookReservation } from './bookings.js';
import { offerRulesOf } from './offers.js';
import { startPaying } from './paying.js';
import { movePayment, type Payment } from './payments.js';
import { insertRefund, lockRefunds, nextRefundNo } from './refunds.js';
import type { Reservation } from './reservations.js';
import { tellClaims } from './seats.js';
import type { ShowChange } from './show-change.js';
import { joinLines } from './waitlist.js';

/** True when money for an attempt in this state comes too late to be expected. */
export function isLateMoney(state: PaymentState): boolean {
  return state === 'FAILED' || state === 'CANCELLED';
}

type Arrived = { intentId: string; received: Money };

/**
 * Money that arrived after its attempt or its hold was over: the same seats if all of them and the
 * quota are still there and the show hasn't begun, otherwise all of it goes back. Other seats are
 * never substituted.
 */
export async function settleLateMoney(
  change: ShowChange,
  reservation: Reservation,
  payment: Payment,
  arrived: Arrived,
): Promise<'retaken' | 'refund_due'> {
  await takeAsOwed(change, payment, arrived);
  if (await regainSeats(change, reservation)) {
    await movePayment(change, payment, 'RETAKEN', { checkAtMs: null });
    await bookReservation(change, reservation, payment.attempt);
    const { amount, currency } = arrived.received;
    const { reservationId } = reservation;
    change.book({ reservationId, debit: 'owed', credit: 'sales', amount, currency });
    return 'retaken';
  }
  await oweBack(change, payment, { ...arrived.received, reason: 'late_payment' });
  await waitForOthers(change, reservation);
  return 'refund_due';
}

/** Whoever paid too late gets a place in the line for seats that come free, where the show has one. */
async function waitForOthers(change: ShowChange, reservation: Reservation): Promise<void> {
  const { tx, head, nowMs } = change;
  const others = reservation.state === 'EXPIRED' || reservation.state === 'RELEASED';
  if (!others || !isLineOpen(offerRulesOf(head), nowMs) || (await isCancelled(change))) return;
  const { fanId, seats } = reservation;
  const want = { quantity: seats.length, zone: null, accessible: false, acceptFewer: false };
  await joinLines(tx, [{ head, fanId, want }], new Date(nowMs));
  // Other seats may be free, and nobody who fits them waits beside free seats.
  change.askLine();
}

/**
 * Money that isn't what was asked for, by its amount, currency or mode: it never buys a ticket and
 * all of it goes back. The attempt is over; the caller decides about the hold.
 */
export async function settleWrongMoney(
  change: ShowChange,
  payment: Payment,
  arrived: Arrived,
): Promise<void> {
  await takeAsOwed(change, payment, arrived);
  await oweBack(change, payment, { ...arrived.received, reason: 'wrong_payment' });
}

/** Money of a second intent for one attempt: it goes back by its own intent, once. */
export async function settleSecondIntent(
  change: ShowChange,
  payment: Payment,
  { intentId, received }: Arrived,
): Promise<boolean> {
  const refunds = await lockRefunds(change, payment.reservationId);
  if (refunds.some((refund) => refund.intentId === intentId)) return false;
  const { reservationId, attempt } = payment;
  change.log({ kind: 'PAY_TWICE', subjectId: reservationId, detail: { attempt } });
  change.book({ reservationId, debit: 'provider', credit: 'owed', ...received });
  await oweBack(change, payment, { ...received, reason: 'second_charge', intentId });
  return true;
}

async function takeAsOwed(
  change: ShowChange,
  payment: Payment,
  { intentId, received }: Arrived,
): Promise<void> {
  const { reservationId, attempt } = payment;
  const differs = received.amount !== payment.amount || received.currency !== payment.currency;
  await movePayment(change, payment, 'SUCCEEDED_LATE', {
    intentId,
    checkAtMs: null,
    ...(differs ? { received } : {}),
  });
  change.log({ kind: 'PAY_LATE', subjectId: reservationId, detail: { attempt } });
  change.book({ reservationId, debit: 'provider', credit: 'owed', ...received });
}

async function oweBack(
  change: ShowChange,
  { reservationId, attempt }: Payment,
  refund: Money & { reason: string; intentId?: string },
): Promise<void> {
  const refundNo = nextRefundNo(await lockRefunds(change, reservationId));
  await insertRefund(change, { reservationId, refundNo, attempt, ...refund });
  const detail = { attempt, refund_no: refundNo };
  change.log({ kind: 'REFUND_DUE', subjectId: reservationId, detail });
}

/** True when the reservation holds its seats (again); nothing was written when false. */
async function regainSeats(change: ShowChange, reservation: Reservation): Promise<boolean> {
  // Another attempt has paid, or may be paying just now: this money is one too many.
  if (reservation.state === 'BOOKED') return false;
  if (reservation.state === 'PAYING' || reservation.state === 'ENDING') return false;
  if (change.nowMs >= change.head.startsAtMs || (await isCancelled(change))) return false;
  if (reservation.state === 'HELD') {
    await startPaying(change, reservation, change.nowMs);
    return true;
  }
  return retakeSeats(change, reservation);
}

async function isCancelled({ tx, head }: ShowChange): Promise<boolean> {
  const [gate] = await tx.rows<{ state: string }>('SELECT state FROM show_gate WHERE show_id = ?', [
    head.showId,
  ]);
  return gate?.state === 'CANCELLED';
}

/** Takes quota and seats together, in the order in which every change locks them. */
async function retakeSeats(
  change: ShowChange,
  { reservationId, fanId, seats, discountCode }: Reservation,
): Promise<boolean> {
  const { tx, head } = change;
  const [quota] = await tx.rows<{ taken: number }>(
    'SELECT taken FROM quota WHERE show_id = ? AND fan_id = ? FOR UPDATE',
    [head.showId, fanId],
  );
  if ((quota?.taken ?? 0) + seats.length > head.seatCap) return false;
  const numbers = seats.map(([seatNo]) => seatNo);
  const free = await tx.rows(
    `SELECT seat_no FROM show_seat WHERE show_id = ? AND seat_no IN (?) AND state = 'FREE'
     ORDER BY seat_no FOR UPDATE`,
    [head.showId, numbers],
  );
  if (free.length !== numbers.length) return false;
  await tx.change(
    `INSERT INTO quota (show_id, fan_id, taken) VALUES (?, ?, ?)
     ON DUPLICATE KEY UPDATE taken = taken + ?`,
    [head.showId, fanId, seats.length, seats.length],
  );
  await tx.change(
    `UPDATE show_seat SET state = 'HELD', reservation_id = ?
     WHERE show_id = ? AND seat_no IN (?) AND state = 'FREE'`,
    [reservationId, head.showId, numbers],
  );
  tellClaims(change, reservationId, { regained: true, hasCode: discountCode !== null });
  return true;
}
