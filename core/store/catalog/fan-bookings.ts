import type { ShowId } from '../../domain/ids.js';
import type { Database, Queryable } from '../database.js';

/** One line of a fan's list: the shard has the booking itself. */
export type FanBooking = { showId: ShowId; bookingId: number; createdAtMs: number };

/** Copies a booking into its fan's list; a repeat changes nothing. */
export async function insertFanBooking(
  catalog: Database,
  fanId: string,
  booking: FanBooking,
): Promise<void> {
  await catalog.change(
    `INSERT INTO fan_bookings (fan_id, show_id, booking_id, created_at) VALUES (?, ?, ?, ?)
     ON DUPLICATE KEY UPDATE fan_id = fan_id`,
    [fanId, booking.showId, booking.bookingId, new Date(booking.createdAtMs)],
  );
}

/** A page of a fan's bookings, newest first, after the given one. */
export async function listFanBookings(
  catalog: Pick<Queryable, 'rows'>,
  fanId: string,
  page: { after: FanBooking | undefined; rowsMax: number },
): Promise<FanBooking[]> {
  const after = page.after ?? { showId: 0, bookingId: 0, createdAtMs: farFutureMs };
  const at = new Date(after.createdAtMs);
  const rows = await catalog.rows<{ showId: ShowId; bookingId: number; createdAt: Date }>(
    `SELECT show_id AS showId, booking_id AS bookingId, created_at AS createdAt
     FROM fan_bookings
     WHERE fan_id = ? AND (created_at < ? OR (created_at = ? AND
       (show_id > ? OR (show_id = ? AND booking_id > ?))))
     ORDER BY created_at DESC, show_id, booking_id LIMIT ?`,
    [fanId, at, at, after.showId, after.showId, after.bookingId, page.rowsMax],
  );
  return rows.map(({ createdAt, ...row }) => ({ ...row, createdAtMs: createdAt.getTime() }));
}

const farFutureMs = Date.UTC(9999, 0, 1);
