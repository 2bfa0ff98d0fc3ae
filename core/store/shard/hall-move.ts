import { findBestSeats } from '../../domain/best-seats.js';
import { UsherError } from '../../domain/errors.js';
import { groupBy } from '../../domain/group-by.js';
import { formatId } from '../../domain/ids.js';
import type { LayoutSeat } from '../../domain/layout.js';
import { buildSeatMap, type Seat, type SeatMap, setSeat } from '../../domain/seat-map.js';
import { readSeats } from './decisions.js';
import { lockTickets, moveBooking, type SeatPair } from './reseat.js';
import { endHold, lockReservation, type Reservation } from './reservations.js';
import type { ShowChange } from './show-change.js';

const seatsPerEntry = 120;

export type NewHall = {
  seats: readonly LayoutSeat[];
  /** Integer minor units by zone. */
  prices: Record<string, number>;
  by: string;
  /** Bookings whose seats the hall lacks are moved to others of their zone, instead of refused. */
  reseat: boolean;
};

export type MovedBooking = { bookingId: number; from: string[]; to: string[] };

type TakenSeat = Seat & { reservationId: number };

/**
 * Lays a show out in another hall. Whoever has a seat keeps it where the hall has a seat of that
 * name and zone; seats keep their numbers, which requests and the log name. Bookings that can't
 * stay are moved within their zone when told to; holds that can't stay end.
 * @throws UsherError `conflict` with the bookings that must be reseated, or `payment_open`.
 */
export async function moveToHall(change: ShowChange, hall: NewHall): Promise<MovedBooking[]> {
  const before = await lockSeatRows(change);
  const layout = new Map(hall.seats.map((seat) => [seat.seat, seat]));
  const stays = (seat: Seat) => layout.get(seat.seat)?.zone === seat.zone;
  const lost = before.filter(
    (seat): seat is TakenSeat => seat.reservationId !== null && !stays(seat),
  );
  const owners = await ownersOf(change, lost);
  const bookings = owners.filter((owner) => owner.reservation.state === 'BOOKED');
  if (bookings.length > 0 && !hall.reseat) throw mustReseat(change, bookings);
  for (const { reservation } of owners) {
    if (reservation.state === 'HELD') await endHold(change, reservation, 'HELD', 'RELEASED');
  }
  const fromNo = await firstFreshNo(change, before);
  await writeLayout(change, before, { ...hall, fromNo });
  const map = buildSeatMap(await readSeats(change.tx, change.head.showId));
  for (const seat of map.seats) if (!layout.has(seat.seat)) setSeat(map, seat, 'BLOCKED');
  const moved: MovedBooking[] = [];
  for (const owner of bookings) moved.push(await moveOwner(change, owner, map, hall.by));
  // What was left is free now, and takes the zone and the price of its place.
  if (owners.length > 0) await writeLayout(change, before, { ...hall, fromNo });
  await removeRest(change, before, layout);
  return moved;
}

type Owner = { reservation: Reservation; seats: TakenSeat[] };

async function lockSeatRows({ tx, head }: ShowChange) {
  return tx.rows<Seat & { reservationId: number | null }>(
    `SELECT seat_no AS seatNo, seat, row_no AS rowNo, x, zone, kind, price, state,
       reservation_id AS reservationId
     FROM show_seat WHERE show_id = ? ORDER BY seat_no FOR UPDATE`,
    [head.showId],
  );
}

async function ownersOf(change: ShowChange, lost: TakenSeat[]): Promise<Owner[]> {
  const owners: Owner[] = [];
  for (const [no, seats] of groupBy(lost, (seat) => seat.reservationId)) {
    const reservation = await lockReservation(change, no);
    if (!reservation) throw new Error('a seat has an owner that is not there');
    if (reservation.state === 'PAYING' || reservation.state === 'ENDING') {
      throw new UsherError('payment_open', 'Seats that the hall lacks are being paid for.', {
        retryAfterSeconds: 60,
      });
    }
    owners.push({ reservation, seats });
  }
  return owners;
}

function mustReseat({ head }: ShowChange, owners: Owner[]): UsherError {
  const reseat = owners.map(({ reservation, seats }) => ({
    booking_id: formatId('booking', { showId: head.showId, no: reservation.reservationId }),
    seats: seats.map((seat) => seat.seat),
  }));
  const text = `${reseat.length} bookings have seats that the hall lacks and must be reseated.`;
  return new UsherError('conflict', text, { extra: { reseat } });
}

/** A number that no seat of the show ever had: requests, tickets and the log go on naming those. */
async function firstFreshNo({ tx, head }: ShowChange, before: Seat[]): Promise<number> {
  const entries = await tx.rows<{ detail: string }>(
    "SELECT detail FROM show_log WHERE show_id = ? AND kind = 'REMOVED'",
    [head.showId],
  );
  const removed = entries.flatMap(
    ({ detail }) => (JSON.parse(detail) as { seats: number[] }).seats,
  );
  return 1 + Math.max(-1, ...removed, ...before.map((seat) => seat.seatNo));
}

/** Rows of seats that the hall has: the old ones moved, the new ones with numbers of their own. */
async function writeLayout(
  { tx, head }: ShowChange,
  before: Seat[],
  { seats, prices, fromNo }: NewHall & { fromNo: number },
): Promise<void> {
  const known = new Map(before.map((seat) => [seat.seat, seat.seatNo]));
  let next = fromNo;
  const numberOf = (name: string): number => {
    const no = known.get(name) ?? next;
    if (no === next) next += 1;
    return no;
  };
  await tx.change(
    `INSERT INTO show_seat
       (show_id, seat_no, seat, row_label, row_no, x, zone, kind, price, state) VALUES ?
     ON DUPLICATE KEY UPDATE row_label = VALUES(row_label), row_no = VALUES(row_no),
       x = VALUES(x), kind = VALUES(kind),
       zone = IF(state IN ('HELD', 'BOOKED'), zone, VALUES(zone)),
       price = IF(state IN ('HELD', 'BOOKED'), price, VALUES(price))`,
    [
      seats.map((seat) => [
        ...[head.showId, numberOf(seat.seat), seat.seat, seat.row, seat.row_no, seat.x],
        ...[seat.zone, seat.kind, prices[seat.zone] ?? 0, 'FREE'],
      ]),
    ],
  );
}

async function moveOwner(
  change: ShowChange,
  { reservation, seats }: Owner,
  map: SeatMap,
  by: string,
): Promise<MovedBooking> {
  const { reservationId } = reservation;
  const tickets = await lockTickets(change, reservationId);
  const lost = new Set(seats.map((seat) => seat.seatNo));
  if (tickets.some((ticket) => ticket.state === 'USED' && lost.has(ticket.seatNo))) {
    throw new UsherError('already_used', 'A ticket that would have to move has been used.');
  }
  const pairs: SeatPair[] = [];
  for (const [zone, group] of groupBy(seats, (seat) => seat.zone)) {
    const found = findBestSeats(map, { quantity: group.length, zone });
    if (!found || found === 'leaves_single') throw mustReseat(change, [{ reservation, seats }]);
    for (const [index, to] of found.entries()) {
      setSeat(map, to, 'BOOKED');
      const from = reservation.seats.find(([seatNo]) => seatNo === group[index]?.seatNo);
      if (from) pairs.push({ from, to });
    }
  }
  await moveBooking(change, reservation, { pairs, tickets, by });
  return {
    bookingId: reservationId,
    from: pairs.map((pair) => pair.from[1]),
    to: pairs.map((pair) => pair.to.seat),
  };
}

/** Seats that the hall lacks and that nobody has any more are taken out of the show. */
async function removeRest(
  change: ShowChange,
  before: Seat[],
  layout: Map<string, LayoutSeat>,
): Promise<void> {
  const { tx, head } = change;
  const gone = before.filter((seat) => !layout.has(seat.seat));
  if (gone.length === 0) return;
  const numbers = gone.map((seat) => seat.seatNo);
  const { matched } = await tx.change(
    "DELETE FROM show_seat WHERE show_id = ? AND seat_no IN (?) AND state IN ('FREE', 'BLOCKED')",
    [head.showId, numbers],
  );
  if (matched !== gone.length) throw new Error('a seat that the hall lacks is still taken');
  await tx.change('DELETE FROM kept_seat WHERE show_id = ? AND seat_no IN (?)', [
    head.showId,
    numbers,
  ]);
  for (let from = 0; from < numbers.length; from += seatsPerEntry) {
    const seats = numbers.slice(from, from + seatsPerEntry);
    change.log({ kind: 'REMOVED', subjectId: 0, detail: { seats } });
  }
  change.seats(gone.map(({ seatNo, seat }) => ({ seatNo, seat, state: 'BLOCKED' })));
}
