import { z } from 'zod';
import { formatId, formatShowId } from '../core/domain/ids.js';
import { type IssuedTicket, issueTickets } from '../core/notify/booking-tickets.js';
import type { Secrets } from '../core/runtime/secrets.js';
import type { BookingShow } from '../core/store/catalog/booking-shows.js';
import type { Booking } from '../core/store/shard/bookings.js';

export const ticketSchema = z.object({
  ticket_id: z.string(),
  seat: z.string(),
  state: z.enum(['valid', 'used', 'void']),
  price: z.object({ amount: z.number(), currency: z.string() }),
  qr_code: z.string().nullable(),
});

export const bookedSchema = z.object({
  booking_id: z.string(),
  show_id: z.string(),
  state: z.enum(['confirmed', 'cancelled']),
  tickets: z.array(ticketSchema),
  amount: z.number(),
  discount: z.number().optional(),
  discount_code: z.string().optional(),
  currency: z.string(),
  created_at: z.string(),
});

export const bookingShowSchema = z.object({
  show_id: z.string(),
  sale_id: z.string(),
  movie: z.object({ movie_id: z.string(), title: z.string() }),
  cinema: z.object({
    cinema_id: z.string(),
    name: z.string(),
    city: z.string(),
    address: z.string(),
    time_zone: z.string(),
  }),
  hall: z.string(),
  starts_at: z.string(),
});

/** A booking as the fan sees it; only tickets that still admit have a code. */
export function bookedBody(secrets: Pick<Secrets, 'ticket'>, booking: Booking) {
  return {
    booking_id: formatId('booking', { showId: booking.showId, no: booking.bookingId }),
    show_id: formatShowId(booking.showId),
    state: booking.state.toLowerCase(),
    tickets: issueTickets(secrets, booking).map((ticket) => ticketBody(booking, ticket)),
    amount: booking.amount,
    ...discountBody(booking),
    currency: booking.currency,
    created_at: new Date(booking.createdAtMs).toISOString(),
  };
}

/** What a code took off, where one did. */
export function discountBody(of: Pick<Booking, 'discount' | 'discountCode'>) {
  if (of.discountCode === null) return {};
  return { discount: of.discount, discount_code: of.discountCode };
}

function ticketBody(booking: Booking, ticket: IssuedTicket) {
  return {
    ticket_id: ticket.ticketId,
    seat: ticket.seat,
    state: ticket.state.toLowerCase(),
    price: { amount: ticket.price, currency: booking.currency },
    qr_code: ticket.state === 'VOID' ? null : ticket.qrCode,
  };
}

export function bookingShowBody(show: BookingShow) {
  return {
    show_id: formatShowId(show.showId),
    sale_id: show.saleId,
    movie: { movie_id: show.movieId, title: show.title },
    cinema: {
      cinema_id: show.cinemaId,
      name: show.cinema,
      city: show.city,
      address: show.address,
      time_zone: show.timeZone,
    },
    hall: show.hall,
    starts_at: new Date(show.startsAtMs).toISOString(),
  };
}
