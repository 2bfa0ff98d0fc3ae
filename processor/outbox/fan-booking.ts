import { insertFanBooking } from '../../core/store/catalog/fan-bookings.js';
import { readBooking } from '../../core/store/shard/bookings.js';
import type { OutboxHandler } from './deps.js';

/** Copies a booking into its fan's list in the catalog, which no shard's transaction can reach. */
export const fanBookingHandler: OutboxHandler = async ({ catalog, shards }, row) => {
  const shard = await shards.forShow(row.showId);
  const booking = await readBooking(shard, row.showId, row.subjectId);
  if (booking) await insertFanBooking(catalog, booking.fanId, booking);
};
