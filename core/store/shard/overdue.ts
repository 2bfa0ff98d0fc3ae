import type { ShowId } from '../../domain/ids.js';
import type { Queryable, Tx } from '../database.js';
import type { ReservedSeat } from './seats.js';
import { awayLane } from './show-change.js';

export type OverdueHold = {
  showId: ShowId;
  reservationId: number;
  fanId: string;
  seats: ReservedSeat[];
  /** It was an offer to a fan of the waitlist. */
  offered: number;
  discountCode: string | null;
};

/**
 * Locks holds of the given shows whose time is over and that nobody is paying for, oldest first.
 * Their seats count as free from that instant: every batch ends them before it decides. The heads
 * are locked before, by an earlier statement, so this one's clock is no older than the lock.
 */
export async function lockOverdueHolds(
  tx: Tx,
  showIds: ShowId[],
  rowsMax: number,
): Promise<OverdueHold[]> {
  const rows = await tx.rows<{
    showId: number;
    reservationId: number;
    fanId: string;
    seats: string;
    offered: number;
    discountCode: string | null;
  }>(
    `SELECT show_id AS showId, reservation_id AS reservationId, fan_id AS fanId, seats,
       offered, discount_code AS discountCode
     FROM reservation FORCE INDEX (reservation_due)
     WHERE show_id IN (?) AND due_at <= NOW(3) AND state = 'HELD'
     ORDER BY show_id, due_at LIMIT ? FOR UPDATE`,
    [showIds, rowsMax],
  );
  return rows.map((row) => ({ ...row, seats: JSON.parse(row.seats) as ReservedSeat[] }));
}

/** Ends locked overdue holds and frees their seats. @throws Error when a row was not as locked. */
export async function expireHolds(tx: Tx, holds: OverdueHold[], now: Date): Promise<void> {
  const { matched: ended } = await tx.change(
    `UPDATE JSON_TABLE(?, '$[*]' COLUMNS (
       show_id INT UNSIGNED PATH '$[0]', reservation_id BIGINT UNSIGNED PATH '$[1]'
     )) AS k
     STRAIGHT_JOIN reservation r FORCE INDEX (PRIMARY)
       ON r.show_id = k.show_id AND r.reservation_id = k.reservation_id
     SET r.state = 'EXPIRED', r.due_at = NULL, r.ended_at = ?
     WHERE r.state = 'HELD'`,
    [JSON.stringify(holds.map((hold) => [hold.showId, hold.reservationId])), now],
  );
  const { matched: freed } = await tx.change(
    `UPDATE JSON_TABLE(?, '$[*]' COLUMNS (
       show_id INT UNSIGNED PATH '$[0]', seat_no SMALLINT UNSIGNED PATH '$[1]',
       reservation_id BIGINT UNSIGNED PATH '$[2]'
     )) AS k
     STRAIGHT_JOIN show_seat s FORCE INDEX (PRIMARY)
       ON s.show_id = k.show_id AND s.seat_no = k.seat_no
     SET s.state = 'FREE', s.reservation_id = NULL
     WHERE s.state = 'HELD' AND s.reservation_id = k.reservation_id`,
    [
      JSON.stringify(
        holds.flatMap((hold) =>
          hold.seats.map(([seatNo]) => [hold.showId, seatNo, hold.reservationId]),
        ),
      ),
    ],
  );
  const seats = holds.reduce((sum, hold) => sum + hold.seats.length, 0);
  if (ended !== holds.length || freed !== seats) {
    throw new Error(
      `expiry found ${ended} of ${holds.length} holds and ${freed} of ${seats} seats`,
    );
  }
  await tx.change(
    `UPDATE JSON_TABLE(?, '$[*]' COLUMNS (
       show_id INT UNSIGNED PATH '$[0]', fan_id CHAR(12) CHARACTER SET ascii PATH '$[1]',
       seats SMALLINT UNSIGNED PATH '$[2]'
     )) AS k
     STRAIGHT_JOIN quota q FORCE INDEX (PRIMARY)
       ON q.show_id = k.show_id AND q.fan_id = k.fan_id
     SET q.taken = q.taken - k.seats`,
    [JSON.stringify(sumByFan(holds))],
  );
}

/** A joined update touches each row once, so two holds of one fan are given back as one sum. */
function sumByFan(holds: OverdueHold[]): [ShowId, string, number][] {
  const sums = new Map<string, [ShowId, string, number]>();
  for (const hold of holds) {
    const key = `${hold.showId}|${hold.fanId}`;
    const sum = sums.get(key) ?? [hold.showId, hold.fanId, 0];
    sums.set(key, [hold.showId, hold.fanId, sum[2] + hold.seats.length]);
  }
  return [...sums.values()];
}

/**
 * Shows that have overdue holds. Whole-shard statement of the expirer: one index probe per show,
 * and it names no show because it looks for shows.
 */
export async function findOverdueShows(
  shard: Pick<Queryable, 'rows'>,
  showsMax: number,
): Promise<ShowId[]> {
  const rows = await shard.rows<{ showId: ShowId }>(
    `SELECT h.show_id AS showId FROM show_head h
     WHERE h.lane <> ${awayLane} AND EXISTS (
       SELECT 1 FROM reservation r
       WHERE r.show_id = h.show_id AND r.due_at <= NOW(3) AND r.state = 'HELD'
     ) LIMIT ?`,
    [showsMax],
  );
  return rows.map(({ showId }) => showId);
}
