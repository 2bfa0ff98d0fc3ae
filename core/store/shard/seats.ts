import type { ShowId } from '../../domain/ids.js';
import type { SeatState } from '../../domain/states.js';
import { awayLane, type ShowChange } from './show-change.js';

type LockedSeat = { seatNo: number; seat: string; price: number; zone: string };
type SeatMove = { from: SeatState; to: SeatState; seatNos?: number[] };

/**
 * Moves the seats of one reservation, or those named of them, from one state to another and notes
 * them for the push. Returns the seats that were moved, in ascending order: fewer than expected
 * means that they were no longer this reservation's.
 */
export async function moveReservationSeats(
  change: ShowChange,
  reservationId: number,
  { from, to, seatNos }: SeatMove,
): Promise<LockedSeat[]> {
  const { tx, head } = change;
  const { rows: all, hasCode } = await lockReservationSeats(change, reservationId, from);
  const rows = seatNos ? all.filter((row) => seatNos.includes(row.seatNo)) : all;
  if (rows.length === 0) return [];
  const keeps = to === 'HELD' || to === 'BOOKED';
  await tx.change(
    'UPDATE show_seat SET state = ?, reservation_id = ? WHERE show_id = ? AND seat_no IN (?) AND state = ? AND reservation_id = ?',
    [
      to,
      keeps ? reservationId : null,
      head.showId,
      rows.map((row) => row.seatNo),
      from,
      reservationId,
    ],
  );
  change.seats(rows.map((row) => ({ seatNo: row.seatNo, seat: row.seat, state: to })));
  if (!keeps) tellClaims(change, reservationId, { hasCode });
  return rows;
}

/**
 * Has the claims that the catalog counts looked at again, where the show has caps or the request
 * came with a discount code.
 */
export function tellClaims(
  change: ShowChange,
  requestId: number,
  { regained = false, hasCode = false }: { regained?: boolean; hasCode?: boolean } = {},
): void {
  if (!change.head.capped && !hasCode) return;
  const payload = { requests: [requestId], regained };
  change.outbox({ kind: 'claims', subjectId: requestId, payload });
}

async function lockReservationSeats(
  { tx, head }: ShowChange,
  reservationId: number,
  state: SeatState,
): Promise<{ rows: LockedSeat[]; hasCode: boolean }> {
  const [reservation] = await tx.rows<{ seats: string; code: string | null }>(
    `SELECT seats, discount_code AS code FROM reservation
     WHERE show_id = ? AND reservation_id = ?`,
    [head.showId, reservationId],
  );
  if (!reservation) return { rows: [], hasCode: false };
  const numbers = (JSON.parse(reservation.seats) as ReservedSeat[]).map(([seatNo]) => seatNo);
  const rows = await tx.rows<LockedSeat>(
    'SELECT seat_no AS seatNo, seat, price, zone FROM show_seat WHERE show_id = ? AND seat_no IN (?) AND state = ? AND reservation_id = ? ORDER BY seat_no FOR UPDATE',
    [head.showId, numbers, state, reservationId],
  );
  return { rows, hasCode: reservation.code !== null };
}

/** A seat of a reservation as its row keeps it: ordinal, name and the price frozen at the hold. */
export type ReservedSeat = [seatNo: number, seat: string, price: number];

/** Gives back seats of a fan's quota. The column is unsigned, so a double return fails loudly. */
export async function returnQuota(
  { tx, head }: ShowChange,
  fanId: string,
  seats: number,
): Promise<void> {
  await tx.change('UPDATE quota SET taken = taken - ? WHERE show_id = ? AND fan_id = ?', [
    seats,
    head.showId,
    fanId,
  ]);
}

/** Free and held seats of shows by the rows, with the version they belong to. */
export async function countOpenSeats(
  tx: { rows: ShowChange['tx']['rows'] },
  showIds: ShowId[],
): Promise<{ showId: ShowId; free: number; held: number; version: number }[]> {
  const count = (state: 'FREE' | 'HELD') =>
    `(SELECT COUNT(*) FROM show_seat s WHERE s.show_id = h.show_id AND s.state = '${state}')`;
  return tx.rows(
    `SELECT h.show_id AS showId, h.version AS version,
       ${count('FREE')} AS free, ${count('HELD')} AS held
     FROM show_head h WHERE h.show_id IN (?)`,
    [showIds],
  );
}

/** The version of every show of a shard. Whole-shard statement: it looks for changed shows. */
export async function readVersions(tx: {
  rows: ShowChange['tx']['rows'];
}): Promise<{ showId: ShowId; version: number }[]> {
  return tx.rows(`SELECT show_id AS showId, version FROM show_head WHERE lane <> ${awayLane}`);
}

/** The names and zones of a show's seats. */
export async function readSeatNames(
  shard: { rows: ShowChange['tx']['rows'] },
  showId: ShowId,
): Promise<{ seat: string; zone: string }[]> {
  return shard.rows('SELECT seat, zone FROM show_seat WHERE show_id = ?', [showId]);
}
