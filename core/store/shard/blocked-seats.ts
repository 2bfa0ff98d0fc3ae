import type { ShowChange } from './show-change.js';

/** Seats that one log entry names, so that its text fits the column. */
const seatsPerEntry = 120;

export type BlockedSeat = { seatNo: number; seat: string };

/**
 * Puts blocked seats on sale, in seat order: those of a zone, or any, at most `seatsMax`. Their
 * rows are locked after the head; who did it stands in the log.
 */
export async function releaseBlockedSeats(
  change: ShowChange,
  { zone, seatsMax, by }: { zone?: string | undefined; seatsMax: number; by: string },
): Promise<BlockedSeat[]> {
  const { tx, head } = change;
  const seats = await tx.rows<BlockedSeat>(
    `SELECT seat_no AS seatNo, seat FROM show_seat
     WHERE show_id = ? AND state = 'BLOCKED' AND (? IS NULL OR zone = ?)
     ORDER BY seat_no LIMIT ? FOR UPDATE`,
    [head.showId, zone ?? null, zone ?? null, seatsMax],
  );
  if (seats.length === 0) return [];
  const { matched } = await tx.change(
    "UPDATE show_seat SET state = 'FREE' WHERE show_id = ? AND seat_no IN (?) AND state = 'BLOCKED'",
    [head.showId, seats.map((seat) => seat.seatNo)],
  );
  if (matched !== seats.length) throw new Error('a locked seat left BLOCKED');
  change.seats(seats.map((seat) => ({ ...seat, state: 'FREE' })));
  for (let from = 0; from < seats.length; from += seatsPerEntry) {
    const part = seats.slice(from, from + seatsPerEntry).map((seat) => seat.seatNo);
    change.log({ kind: 'UNBLOCKED', subjectId: 0, detail: { by, seats: part } });
  }
  return seats;
}
