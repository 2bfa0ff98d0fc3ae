import { ticketBookingOf } from '../../core/notify/booking-tickets.js';
import { renderTicketMail } from '../../core/notify/ticket-mail.js';
import { readBookingShows } from '../../core/store/catalog/booking-shows.js';
import { readAccount } from '../../core/store/catalog/fan-accounts.js';
import { readBooking } from '../../core/store/shard/bookings.js';
import type { OutboxHandler } from './deps.js';
import { sendMail } from './send-mail.js';

/** Sends the tickets of a booking. The address is opened only now and is kept nowhere. */
export const ticketMailHandler: OutboxHandler = async (deps, row) => {
  const shard = await deps.shards.forShow(row.showId);
  const booking = await readBooking(shard, row.showId, row.subjectId);
  const shows = await readBookingShows(deps.catalog, [row.showId]);
  const show = shows.get(row.showId);
  const account = booking && (await readAccount(deps, booking.fanId));
  // An erased fan has no address, and a cancelled booking has no tickets left to send.
  if (!booking || !show || !account || booking.state === 'CANCELLED') return;
  const tickets = ticketBookingOf(deps.secrets, booking, show, account.name ?? '');
  if (tickets.seats.length === 0) return;
  const mail = await renderTicketMail(tickets, `${deps.publicUrl}/bookings`);
  await sendMail(deps, row, { ...mail, to: account.email, key: `${tickets.bookingId}-tickets` });
};
