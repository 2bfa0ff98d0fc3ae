import type { ShowId } from '../../domain/ids.js';
import type { Database, Queryable } from '../database.js';
import { cancelBooking } from './cancel-booking.js';
import { startEnding } from './paying.js';
import { endHold, lockReservation } from './reservations.js';
import type { ShowChange } from './show-change.js';

export type ShowCancel = {
  showId: ShowId;
  state: 'RUNNING' | 'DONE';
  reason: string;
  askedBy: string;
  askedAt: Date;
  finishedAt: Date | null;
};

/**
 * Cancels a show for good: its gate takes no request from this commit on, and the job that ends its
 * holds and bookings is on record. False when it was cancelled before. Repeating it does no harm.
 */
export async function beginShowCancel(
  { tx, head, nowMs, log }: ShowChange,
  { by, reason }: { by: string; reason: string },
): Promise<boolean> {
  await tx.rows('SELECT show_id FROM show_gate WHERE show_id = ? FOR UPDATE', [head.showId]);
  const { matched } = await tx.change(
    `UPDATE show_gate SET state = 'CANCELLED'
     WHERE show_id = ? AND state IN ('OPEN', 'PAUSED', 'CLOSED')`,
    [head.showId],
  );
  if (matched === 0) return false;
  await tx.change(
    `INSERT INTO show_cancel (show_id, state, open_job, reason, asked_by, asked_at)
     VALUES (?, 'RUNNING', 1, ?, ?, ?)`,
    [head.showId, reason, by, new Date(nowMs)],
  );
  log({ kind: 'SHOW_CANCEL', subjectId: 0, detail: { by } });
  return true;
}

/** Shows whose cancelling isn't finished. Over a whole shard: its index holds only those. */
export async function listRunningCancels(
  shard: Pick<Queryable, 'rows'>,
  rowsMax: number,
): Promise<ShowId[]> {
  const rows = await shard.rows<{ showId: ShowId }>(
    'SELECT show_id AS showId FROM show_cancel WHERE open_job = 1 ORDER BY show_id LIMIT ?',
    [rowsMax],
  );
  return rows.map((row) => row.showId);
}

/** Reservations and bookings of a show that a cancelling still has to end, oldest first. */
export async function listToEnd(
  shard: Pick<Queryable, 'rows'>,
  showId: ShowId,
  rowsMax: number,
): Promise<{ reservationId: number; state: string }[]> {
  return shard.rows(
    `SELECT r.reservation_id AS reservationId, r.state FROM reservation r
     LEFT JOIN booking b ON b.show_id = r.show_id AND b.booking_id = r.reservation_id
     WHERE r.show_id = ? AND (r.state IN ('HELD', 'PAYING')
       OR (r.state = 'BOOKED' AND b.state = 'CONFIRMED'))
     ORDER BY r.reservation_id LIMIT ?`,
    [showId, rowsMax],
  );
}

/**
 * Ends one reservation of a cancelled show: a hold is released, a payment under way is cancelled
 * first, a booking is cancelled with all of its money. Its result is written in the same commit,
 * so a repeat finds nothing to do.
 */
export async function endForShowCancel(
  change: ShowChange,
  reservationId: number,
  by: string,
): Promise<void> {
  const reservation = await lockReservation(change, reservationId);
  if (reservation?.state === 'HELD') await endHold(change, reservation, 'HELD', 'RELEASED');
  if (reservation?.state === 'PAYING') {
    await startEnding(change, reservation);
    change.log({ kind: 'ENDING', subjectId: reservationId, detail: { reason: 'show' } });
    await lookAtOnce(change, reservationId);
  }
  if (reservation?.state !== 'BOOKED') return;
  const wish = { reason: 'show', feePercent: 0, evenUsed: true } as const;
  const done = await cancelBooking(change, { ...wish, bookingId: reservationId, by });
  if (done.kind !== 'cancelled') return;
  const { tx, head, nowMs } = change;
  await tx.change(
    `INSERT INTO show_cancel_result (show_id, booking_id, seats, refund_no, amount, currency, at)
     VALUES (?, ?, ?, ?, ?, ?, ?)`,
    [
      head.showId,
      reservationId,
      done.seats.length,
      done.refund?.refundNo ?? null,
      done.refund?.amount ?? 0,
      done.currency,
      new Date(nowMs),
    ],
  );
}

/** The reconciler cancels the intent now instead of at its next look. */
async function lookAtOnce({ tx, head, nowMs }: ShowChange, reservationId: number): Promise<void> {
  await tx.change(
    `UPDATE payment SET check_at = ?
     WHERE show_id = ? AND reservation_id = ? AND check_at IS NOT NULL`,
    [new Date(nowMs), head.showId, reservationId],
  );
}

/** Finishes the job once nobody holds, pays or has anything any more; false until then. */
export async function finishShowCancel({ tx, head, nowMs, log }: ShowChange): Promise<boolean> {
  const open = await tx.rows(
    `SELECT 1 FROM reservation r
     LEFT JOIN booking b ON b.show_id = r.show_id AND b.booking_id = r.reservation_id
     WHERE r.show_id = ? AND (r.state IN ('HELD', 'PAYING', 'ENDING')
       OR (r.state = 'BOOKED' AND b.state = 'CONFIRMED'))
     UNION ALL SELECT 1 FROM request WHERE show_id = ? AND state = 'ACCEPTED' LIMIT 1`,
    [head.showId, head.showId],
  );
  if (open.length > 0) return false;
  const { matched } = await tx.change(
    `UPDATE show_cancel SET state = 'DONE', open_job = NULL, finished_at = ?
     WHERE show_id = ? AND state = 'RUNNING'`,
    [new Date(nowMs), head.showId],
  );
  if (matched === 1) log({ kind: 'SHOW_ENDED', subjectId: 0, detail: {} });
  return true;
}

export async function readShowCancel(
  shard: Pick<Queryable, 'rows'>,
  showId: ShowId,
): Promise<ShowCancel | undefined> {
  const [row] = await shard.rows<ShowCancel>(
    `SELECT show_id AS showId, state, reason, asked_by AS askedBy, asked_at AS askedAt,
       finished_at AS finishedAt
     FROM show_cancel WHERE show_id = ?`,
    [showId],
  );
  return row;
}

export type CancelResult = {
  bookingId: number;
  seats: number;
  refundNo: number | null;
  amount: number;
  currency: string;
  /** How the refund stands now; null when nothing was owed. */
  refund: string | null;
  failCode: string | null;
};

/** One result for each booking, with its refund, or the last try at it, as it stands now. */
export async function listCancelResults(
  shard: Pick<Database, 'rows'>,
  showId: ShowId,
  { afterId, rowsMax }: { afterId: number; rowsMax: number },
): Promise<CancelResult[]> {
  return shard.rows(
    `SELECT c.booking_id AS bookingId, c.seats, c.refund_no AS refundNo, c.amount, c.currency,
       f.state AS refund, f.fail_code AS failCode
     FROM show_cancel_result c
     LEFT JOIN refund f ON f.show_id = c.show_id AND f.reservation_id = c.booking_id
       AND f.refund_no = (SELECT MAX(x.refund_no) FROM refund x WHERE x.show_id = c.show_id
         AND x.reservation_id = c.booking_id AND x.reason = 'show')
     WHERE c.show_id = ? AND c.booking_id > ? ORDER BY c.booking_id LIMIT ?`,
    [showId, afterId, rowsMax],
  );
}

/** How many bookings of a cancelled show stand where: by the state of their refunds. */
export async function countCancelResults(
  shard: Pick<Database, 'rows'>,
  showId: ShowId,
): Promise<{ refund: string | null; bookings: number; amount: number }[]> {
  const rows = await shard.rows<{ refund: string | null; bookings: number; amount: string }>(
    `SELECT f.state AS refund, COUNT(*) AS bookings, SUM(c.amount) AS amount
     FROM show_cancel_result c
     LEFT JOIN refund f ON f.show_id = c.show_id AND f.reservation_id = c.booking_id
       AND f.refund_no = (SELECT MAX(x.refund_no) FROM refund x WHERE x.show_id = c.show_id
         AND x.reservation_id = c.booking_id AND x.reason = 'show')
     WHERE c.show_id = ? GROUP BY f.state`,
    [showId],
  );
  return rows.map((row) => ({ ...row, amount: Number(row.amount) }));
}
