import { formatId, formatTicketId } from '../domain/ids.js';
import type { Secrets } from '../runtime/secrets.js';
import { signTicketCode } from '../runtime/ticket-code.js';
import type { BookingShow } from '../store/catalog/booking-shows.js';
import type { Booking, Ticket } from '../store/shard/bookings.js';
import type { TicketBooking } from './ticket.js';

export type IssuedTicket = Ticket & { ticketId: string; qrCode: string };

/** The tickets of a booking with their codes; a code is made from the row, so it never differs. */
export function issueTickets(secrets: Pick<Secrets, 'ticket'>, booking: Booking): IssuedTicket[] {
  const [key] = secrets.ticket;
  if (!key) throw new Error('the secrets hold no key to sign tickets with');
  const { showId, bookingId } = booking;
  return booking.tickets.map((ticket) => {
    const ticketId = formatTicketId({ showId, no: bookingId, seatNo: ticket.seatNo });
    const qrCode = signTicketCode(key, { showId, ticketId, counter: ticket.counter });
    return { ...ticket, ticketId, qrCode };
  });
}

/** What the page and the mail of a booking's tickets say; tickets that were voided are left out. */
export function ticketBookingOf(
  secrets: Pick<Secrets, 'ticket'>,
  booking: Booking,
  show: BookingShow,
  fanName: string,
): TicketBooking {
  return {
    bookingId: formatId('booking', { showId: booking.showId, no: booking.bookingId }),
    fanName,
    movieTitle: show.title,
    cinema: show.cinema,
    hall: show.hall,
    startsAt: new Date(show.startsAtMs),
    timeZone: show.timeZone,
    locale: show.locale,
    seats: issueTickets(secrets, booking).filter((ticket) => ticket.state !== 'VOID'),
    amount: booking.amount,
    currency: booking.currency,
  };
}
