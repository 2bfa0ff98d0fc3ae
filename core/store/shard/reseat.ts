import { UsherError } from '../../domain/errors.js';
import { groupBy } from '../../domain/group-by.js';
import { areAdjacent, type Seat } from '../../domain/seat-map.js';
import { lockSeats } from './blocked-seats.js';
import { lockReservation, type Reservation } from './reservations.js';
import type { ReservedSeat } from './seats.js';
import type { ShowChange } from './show-change.js';

type LiveTicket = { seatNo: number; counter: number; state: 'VALID' | 'USED' };

export type Reseated = { fanId: string; from: string[]; to: string[] };

/**
 * Moves a booking to other free seats of the same price zones. The old tickets are void, the new
 * ones follow by mail; what was paid stays as it is.
 * @throws UsherError when a ticket was used, a seat is taken, or zones or numbers differ.
 */
export async function reseatBooking(
  change: ShowChange,
  bookingId: number,
  { seats: names, by }: { seats: string[]; by: string },
): Promise<Reseated> {
  const reservation = await lockReservation(change, bookingId);
  if (reservation?.state !== 'BOOKED') {
    throw new UsherError('not_found', 'There is no such booking.');
  }
  const tickets = await lockTickets(change, bookingId);
  if (tickets.some((ticket) => ticket.state === 'USED')) {
    throw new UsherError('already_used', 'A ticket of this booking has been used.');
  }
  if (tickets.length === 0) throw new UsherError('ticket_void', 'The booking is cancelled.');
  if (tickets.length !== names.length) {
    throw new UsherError('not_acceptable', `Name ${tickets.length} seats, one for each ticket.`);
  }
  const live = new Set(tickets.map((ticket) => ticket.seatNo));
  const own = reservation.seats.filter(([seatNo]) => live.has(seatNo));
  const ownNames = own.map(([, seat]) => seat);
  const left = own.filter(([, seat]) => !names.includes(seat));
  const wanted = names.filter((name) => !ownNames.includes(name));
  if (wanted.length === 0) throw new UsherError('conflict', 'The booking has these seats.');
  const seats = await lockSeats(change, wanted, ['FREE']);
  const pairs = pairByZone(await zonesOf(change, left), seats);
  await moveBooking(change, reservation, { pairs, tickets, by });
  return { fanId: reservation.fanId, from: left.map(([, seat]) => seat), to: wanted };
}

/** Locks the tickets of a booking that are not void. */
export async function lockTickets(
  { tx, head }: ShowChange,
  bookingId: number,
): Promise<LiveTicket[]> {
  return tx.rows(
    `SELECT seat_no AS seatNo, counter, state FROM ticket
     WHERE show_id = ? AND booking_id = ? AND state <> 'VOID' ORDER BY seat_no FOR UPDATE`,
    [head.showId, bookingId],
  );
}

type Leaving = { seat: ReservedSeat; zone: string };
/** A seat that a booking leaves, and the one that it takes for it. */
export type SeatPair = { from: ReservedSeat; to: Seat };

async function zonesOf({ tx, head }: ShowChange, seats: ReservedSeat[]): Promise<Leaving[]> {
  const rows = await tx.rows<{ seatNo: number; zone: string }>(
    'SELECT seat_no AS seatNo, zone FROM show_seat WHERE show_id = ? AND seat_no IN (?)',
    [head.showId, seats.map(([seatNo]) => seatNo)],
  );
  const zones = new Map(rows.map((row) => [row.seatNo, row.zone]));
  return seats.map((seat) => ({ seat, zone: zones.get(seat[0]) ?? '' }));
}

/** @throws UsherError `not_acceptable` when the new seats are of other price zones. */
function pairByZone(leaving: Leaving[], seats: Seat[]): SeatPair[] {
  const free = groupBy(seats, (seat) => seat.zone);
  return leaving.map(({ seat, zone }) => {
    const to = free.get(zone)?.shift();
    if (to) return { from: seat, to };
    throw new UsherError(
      'not_acceptable',
      `Seat ${seat[1]} is in zone ${zone}: choose as many seats of that zone.`,
    );
  });
}

/** Writes a move of locked seats: seats, tickets with fresh codes, reservation, log and mail. */
export async function moveBooking(
  change: ShowChange,
  reservation: Reservation,
  { pairs, tickets, by }: { pairs: SeatPair[]; tickets: Pick<LiveTicket, 'counter'>[]; by: string },
): Promise<void> {
  const { tx, head } = change;
  const { reservationId } = reservation;
  const from = pairs.map((pair) => pair.from[0]);
  const to = pairs.map((pair) => pair.to.seatNo);
  const left = await tx.change(
    `UPDATE show_seat SET state = 'FREE', reservation_id = NULL
     WHERE show_id = ? AND seat_no IN (?) AND state = 'BOOKED' AND reservation_id = ?`,
    [head.showId, from, reservationId],
  );
  const taken = await tx.change(
    `UPDATE show_seat SET state = 'BOOKED', reservation_id = ?
     WHERE show_id = ? AND seat_no IN (?) AND state = 'FREE'`,
    [reservationId, head.showId, to],
  );
  if (left.matched !== from.length || taken.matched !== to.length) {
    throw new Error('a locked seat has changed');
  }
  await tx.change(
    `UPDATE ticket SET state = 'VOID', live_seat = NULL
     WHERE show_id = ? AND booking_id = ? AND seat_no IN (?) AND state = 'VALID'`,
    [head.showId, reservationId, from],
  );
  const counter = 1 + Math.max(...tickets.map((ticket) => ticket.counter));
  await tx.change(
    `INSERT INTO ticket (show_id, booking_id, seat_no, counter, state, live_seat) VALUES ?
     ON DUPLICATE KEY UPDATE counter = GREATEST(counter + 1, VALUES(counter)), state = 'VALID',
       live_seat = VALUES(live_seat)`,
    [to.map((seatNo) => [head.showId, reservationId, seatNo, counter, 'VALID', seatNo])],
  );
  await renameSeats(change, reservation, pairs);
  change.log({ kind: 'VOIDED', subjectId: reservationId, detail: { seats: from, by } });
  change.log({ kind: 'RESEATED', subjectId: reservationId, detail: { seats: to, by } });
  change.seats(pairs.map((pair) => ({ seatNo: pair.from[0], seat: pair.from[1], state: 'FREE' })));
  change.seats(
    pairs.map((pair) => ({ seatNo: pair.to.seatNo, seat: pair.to.seat, state: 'BOOKED' })),
  );
  change.outbox({ kind: 'ticket_mail', subjectId: reservationId, payload: { counter } });
}

/** Each new seat keeps the price that was paid for the old one. */
async function renameSeats(
  { tx, head }: ShowChange,
  reservation: Reservation,
  pairs: SeatPair[],
): Promise<void> {
  const moved = new Map(pairs.map((pair) => [pair.from[0], pair.to]));
  const seats = reservation.seats.map(([seatNo, seat, price]): ReservedSeat => {
    const to = moved.get(seatNo);
    return to ? [to.seatNo, to.seat, price] : [seatNo, seat, price];
  });
  const rows = await tx.rows<Seat>(
    'SELECT row_no AS rowNo, x FROM show_seat WHERE show_id = ? AND seat_no IN (?)',
    [head.showId, seats.map(([seatNo]) => seatNo)],
  );
  await tx.change(
    'UPDATE reservation SET seats = ?, adjacent = ? WHERE show_id = ? AND reservation_id = ?',
    [JSON.stringify(seats), areAdjacent(rows) ? 1 : 0, head.showId, reservation.reservationId],
  );
  reservation.seats = seats;
}
