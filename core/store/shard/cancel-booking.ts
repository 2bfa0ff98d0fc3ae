import type { TicketState } from '../../domain/states.js';
import { lostAmount } from './disputes.js';
import { freeSeats } from './freeing.js';
import { lockPayments, type Payment } from './payments.js';
import { insertRefund, lockRefunds, nextRefundNo, type Refund, refundedAmount } from './refunds.js';
import { lockReservation, type Reservation } from './reservations.js';
import type { ShowChange } from './show-change.js';

/** What to cancel, and which part of its price goes back. */
export type CancelWish = {
  bookingId: number;
  /** Seats whose tickets are given up; left out: all that are still live. */
  seatNos?: number[] | undefined;
  reason: 'fan' | 'staff' | 'show';
  /** What is kept of the price, in percent; null gives nothing back. */
  feePercent: number | null;
  /** A show that is cancelled takes tickets back that have been used. */
  evenUsed: boolean;
  /** Who does it, for the log. */
  by: string;
};

export type Cancelled =
  | {
      kind: 'cancelled';
      fanId: string;
      /** True when no live ticket is left. */
      whole: boolean;
      seats: string[];
      refund: { refundNo: number; amount: number } | null;
      currency: string;
    }
  | { kind: 'missing' | 'over' | 'used' | 'not_a_ticket' };

type BookingRow = { state: string; amount: number; currency: string; attempt: number };
type TicketRow = { seatNo: number; state: TicketState };

/**
 * Cancels a booking or some of its tickets: the tickets are void and their seats free in the same
 * commit as the refund that is due. The money itself moves later, after the commit.
 */
export async function cancelBooking(change: ShowChange, wish: CancelWish): Promise<Cancelled> {
  const { bookingId } = wish;
  const reservation = await lockReservation(change, bookingId);
  const payments = await lockPayments(change, bookingId);
  const refunds = await lockRefunds(change, bookingId);
  const booking = await lockBooking(change, bookingId);
  if (!reservation || !booking) return { kind: 'missing' };
  const tickets = await lockTickets(change, bookingId);
  const live = tickets.filter((ticket) => ticket.state !== 'VOID');
  if (booking.state === 'CANCELLED' || live.length === 0) return { kind: 'over' };
  const chosen = live.filter(({ seatNo }) => wish.seatNos?.includes(seatNo) ?? true);
  if (wish.seatNos && chosen.length !== wish.seatNos.length) return { kind: 'not_a_ticket' };
  if (!wish.evenUsed && chosen.some((ticket) => ticket.state === 'USED')) return { kind: 'used' };

  const seatNos = chosen.map((ticket) => ticket.seatNo);
  const left = live.map((ticket) => ticket.seatNo).filter((seatNo) => !seatNos.includes(seatNo));
  const all = live.map((ticket) => ticket.seatNo);
  const partOf = (amount: number) =>
    shareOf(reservation, amount, all) - shareOf(reservation, amount, left);
  const given = partOf(booking.amount);
  const freed = await freeSeats(change, reservation, { from: 'BOOKED', seatNos });
  await voidTickets(change, bookingId, seatNos);
  const whole = left.length === 0;
  if (whole) await endBooking(change, bookingId);
  const { by, reason } = wish;
  change.log({
    kind: whole ? 'CANCELLED' : 'VOIDED',
    subjectId: bookingId,
    detail: { by, reason, seats: seatNos },
  });
  change.book({
    ...{ reservationId: bookingId, amount: partOf(reservation.discount) },
    ...{ debit: 'sales', credit: 'discount', currency: booking.currency },
  });
  const payment = payments.find((entry) => entry.attempt === booking.attempt);
  const amount = afterFee(given, wish.feePercent);
  const refund = payment ? await oweRefund(change, payment, refunds, { amount, reason }) : null;
  const seats = freed.map((seat) => seat.seat);
  const payload = { reason, seats, refund_no: refund?.refundNo ?? null };
  change.outbox({ kind: 'cancel_mail', subjectId: bookingId, payload });
  const { fanId } = reservation;
  return { kind: 'cancelled', fanId, whole, seats, refund, currency: booking.currency };
}

/**
 * The part of an amount that falls on these seats, by their frozen prices and rounded down; on all
 * of them: all of it. Seats without a price share alike. What goes back is the difference before
 * and after, so parts always add up to the whole.
 */
function shareOf({ seats }: Reservation, amount: number, seatNos: number[]): number {
  const sum = (list: Reservation['seats']) => list.reduce((total, [, , price]) => total + price, 0);
  const chosen = seats.filter(([seatNo]) => seatNos.includes(seatNo));
  const total = sum(seats);
  if (total === 0) return Math.floor((amount * chosen.length) / seats.length);
  return Math.floor((amount * sum(chosen)) / total);
}

function afterFee(given: number, feePercent: number | null): number {
  return feePercent === null ? 0 : given - Math.round((given * feePercent) / 100);
}

/**
 * Notes a refund that is due, never more than is left of what was paid: neither what goes back
 * already nor what a bank gave to the fan. Null for nothing.
 */
export async function oweRefund(
  change: ShowChange,
  payment: Payment,
  refunds: Refund[],
  wish: { amount: number; reason: string },
): Promise<{ refundNo: number; amount: number } | null> {
  const { reservationId, attempt, currency } = payment;
  const left = await leftOf(change, payment, refunds);
  const amount = Math.min(wish.amount, left);
  if (amount <= 0) return null;
  const refundNo = nextRefundNo(refunds);
  const { reason } = wish;
  // Only the provider has intents: what was paid at the desk goes back at the desk.
  const atDesk = payment.intentId === null;
  await insertRefund(change, {
    reservationId,
    refundNo,
    attempt,
    amount,
    currency,
    reason,
    atDesk,
  });
  const detail = { attempt, refund_no: refundNo };
  change.log({ kind: 'REFUND_DUE', subjectId: reservationId, detail });
  change.book({ reservationId, debit: 'sales', credit: 'owed', amount, currency });
  return { refundNo, amount };
}

/** What of a locked payment is still with us, in minor units. */
export async function leftOf(
  change: ShowChange,
  payment: Payment,
  refunds: Refund[],
): Promise<number> {
  const lost = await lostAmount(change, payment);
  return Math.max(0, payment.amount - refundedAmount(refunds, payment.attempt) - lost);
}

export async function lockBooking(
  { tx, head }: ShowChange,
  bookingId: number,
): Promise<BookingRow | undefined> {
  const [row] = await tx.rows<BookingRow>(
    `SELECT state, amount, currency, attempt FROM booking
     WHERE show_id = ? AND booking_id = ? FOR UPDATE`,
    [head.showId, bookingId],
  );
  return row;
}

async function lockTickets({ tx, head }: ShowChange, bookingId: number): Promise<TicketRow[]> {
  return tx.rows(
    `SELECT seat_no AS seatNo, state FROM ticket
     WHERE show_id = ? AND booking_id = ? ORDER BY seat_no FOR UPDATE`,
    [head.showId, bookingId],
  );
}

async function voidTickets(
  { tx, head }: ShowChange,
  bookingId: number,
  seatNos: number[],
): Promise<void> {
  const { matched } = await tx.change(
    `UPDATE ticket SET state = 'VOID', live_seat = NULL
     WHERE show_id = ? AND booking_id = ? AND seat_no IN (?) AND state <> 'VOID'`,
    [head.showId, bookingId, seatNos],
  );
  if (matched !== seatNos.length) throw new Error('a locked ticket was void already');
}

async function endBooking({ tx, head }: ShowChange, bookingId: number): Promise<void> {
  const { matched } = await tx.change(
    `UPDATE booking SET state = 'CANCELLED'
     WHERE show_id = ? AND booking_id = ? AND state = 'CONFIRMED'`,
    [head.showId, bookingId],
  );
  if (matched !== 1) throw new Error('a locked booking left CONFIRMED');
}
