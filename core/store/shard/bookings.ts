import type { ShowId } from '../../domain/ids.js';
import type { TicketState } from '../../domain/states.js';
import type { Queryable } from '../database.js';
import { endBooked } from './paying.js';
import type { Reservation } from './reservations.js';
import { moveReservationSeats } from './seats.js';
import type { ShowChange } from './show-change.js';
import { serve } from './waitlist.js';

export type BookingState = 'CONFIRMED' | 'CANCELLED';

export type Ticket = {
  seatNo: number;
  seat: string;
  zone: string;
  price: number;
  counter: number;
  state: TicketState;
};

export type Booking = {
  showId: ShowId;
  bookingId: number;
  fanId: string;
  state: BookingState;
  amount: number;
  currency: string;
  /** The payment attempt that paid it; 0 for a booking that cost nothing. */
  attempt: number;
  createdAtMs: number;
  /** The part of the price that a code took off. */
  discount: number;
  discountCode: string | null;
  tickets: Ticket[];
};

type BookingRow = {
  show_id: number;
  booking_id: number;
  fan_id: string;
  state: BookingState;
  amount: number;
  currency: string;
  attempt: number;
  created_at: Date;
  discount: number;
  discount_code: string | null;
};

/**
 * Turns a reservation whose seats are HELD into a booking with its tickets: seats, rows, log and
 * the messages that follow, all in the caller's change. Throws when a seat isn't the
 * reservation's any more, so that nothing is ever half sold.
 */
export async function bookReservation(
  change: ShowChange,
  reservation: Reservation,
  attempt: number,
): Promise<void> {
  const { tx, head, nowMs } = change;
  const { reservationId, fanId } = reservation;
  const inTime = reservation.state === 'PAYING' || reservation.state === 'ENDING';
  await endBooked(change, reservation);
  const seats = await moveReservationSeats(change, reservationId, {
    from: 'HELD',
    to: 'BOOKED',
  });
  if (seats.length !== reservation.seats.length) {
    throw new Error(`${seats.length} of ${reservation.seats.length} seats were still held`);
  }
  await tx.change(
    `INSERT INTO booking (show_id, booking_id, fan_id, state, amount, currency, attempt, created_at)
     VALUES (?, ?, ?, 'CONFIRMED', ?, ?, ?, ?)`,
    [
      head.showId,
      reservationId,
      fanId,
      reservation.amount,
      reservation.currency,
      attempt,
      new Date(nowMs),
    ],
  );
  await tx.change(
    'INSERT INTO ticket (show_id, booking_id, seat_no, counter, state, live_seat) VALUES ?',
    [seats.map(({ seatNo }) => [head.showId, reservationId, seatNo, 1, 'VALID', seatNo])],
  );
  const byOpenOffer = reservation.offered && inTime;
  await serve(change, { fanId, seats: seats.length, byOpenOffer });
  change.log({
    kind: 'BOOKED',
    subjectId: reservationId,
    detail: { attempt, seats: seats.map(({ seatNo }) => seatNo) },
  });
  const { discount, currency } = reservation;
  // Sales are booked at their full price; what a code took off is the rest of it.
  change.book({ reservationId, debit: 'discount', credit: 'sales', amount: discount, currency });
  change.outbox({ kind: 'fan_booking', subjectId: reservationId, payload: {} });
  change.outbox({ kind: 'ticket_mail', subjectId: reservationId, payload: {} });
}

/** One booking with its tickets in seat order; undefined when there is none. */
export async function readBooking(
  shard: Pick<Queryable, 'rows'>,
  showId: ShowId,
  bookingId: number,
): Promise<Booking | undefined> {
  const [row] = await shard.rows<BookingRow & { seats: string }>(
    `SELECT b.show_id, b.booking_id, b.fan_id, b.state, b.amount, b.currency, b.attempt,
       b.created_at, r.seats, r.discount, r.discount_code
     FROM booking b JOIN reservation r
       ON r.show_id = b.show_id AND r.reservation_id = b.booking_id
     WHERE b.show_id = ? AND b.booking_id = ?`,
    [showId, bookingId],
  );
  if (!row) return undefined;
  const paid = new Map(
    (JSON.parse(row.seats) as Reservation['seats']).map(([seatNo, , price]) => [seatNo, price]),
  );
  const tickets = await shard.rows<Ticket>(
    `SELECT t.seat_no AS seatNo, s.seat, s.zone, s.price, t.counter, t.state
     FROM ticket t JOIN show_seat s ON s.show_id = t.show_id AND s.seat_no = t.seat_no
     WHERE t.show_id = ? AND t.booking_id = ? ORDER BY t.seat_no`,
    [showId, bookingId],
  );
  return {
    ...fromRow(row),
    // What was paid is the price at the hold, whatever the seat costs by now.
    tickets: tickets.map((ticket) => ({
      ...ticket,
      price: paid.get(ticket.seatNo) ?? ticket.price,
    })),
  };
}

/** Confirmed bookings of a show by number, without those made in the last `freshSeconds`. */
export async function listConfirmed(
  shard: Pick<Queryable, 'rows'>,
  showId: ShowId,
  { afterId, rowsMax, freshSeconds }: { afterId: number; rowsMax: number; freshSeconds: number },
): Promise<{ bookingId: number; fanId: string }[]> {
  return shard.rows(
    `SELECT booking_id AS bookingId, fan_id AS fanId FROM booking
     WHERE show_id = ? AND booking_id > ? AND state = 'CONFIRMED'
       AND created_at <= NOW(3) - INTERVAL ? SECOND
     ORDER BY booking_id LIMIT ?`,
    [showId, afterId, freshSeconds, rowsMax],
  );
}

/** Bookings of one page of a fan's list, without their tickets but with their seats' names. */
export async function readFanBookings(
  shard: Pick<Queryable, 'rows'>,
  fanId: string,
  refs: { showId: ShowId; bookingId: number }[],
): Promise<(Omit<Booking, 'tickets'> & { seats: string[] })[]> {
  if (refs.length === 0) return [];
  const rows = await shard.rows<BookingRow & { seats: string }>(
    `SELECT b.show_id, b.booking_id, b.fan_id, b.state, b.amount, b.currency, b.attempt,
       b.created_at, r.seats, r.discount, r.discount_code
     FROM booking b JOIN reservation r
       ON r.show_id = b.show_id AND r.reservation_id = b.booking_id
     WHERE b.show_id IN (?) AND b.booking_id IN (?) AND b.fan_id = ?`,
    [refs.map((ref) => ref.showId), refs.map((ref) => ref.bookingId), fanId],
  );
  return rows.map((row) => ({
    ...fromRow(row),
    seats: (JSON.parse(row.seats) as Reservation['seats']).map(([, seat]) => seat),
  }));
}

function fromRow(row: BookingRow): Omit<Booking, 'tickets'> {
  return {
    showId: row.show_id,
    bookingId: row.booking_id,
    fanId: row.fan_id,
    state: row.state,
    amount: row.amount,
    currency: row.currency,
    attempt: row.attempt,
    createdAtMs: row.created_at.getTime(),
    discount: row.discount,
    discountCode: row.discount_code,
  };
}
