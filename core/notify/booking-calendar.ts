import type { BookingShow } from '../store/catalog/booking-shows.js';
import type { Booking } from '../store/shard/bookings.js';
import { calendarFile } from './calendar.js';

/** The calendar file of a booking; `bookingId` is the public id. */
export function calendarOf(bookingId: string, booking: Booking, show: BookingShow): string {
  const live = booking.tickets.filter((ticket) => ticket.state !== 'VOID');
  const seats = live.map((ticket) => ticket.seat).join(', ');
  return calendarFile({
    uid: `${bookingId}@usher`,
    stampMs: booking.createdAtMs,
    startsAtMs: show.startsAtMs,
    endsAtMs: show.startsAtMs + show.runtimeMinutes * 60_000,
    summary: show.title,
    location: `${show.cinema}, ${show.address}`,
    description: `${show.hall}\nSeats: ${seats}\nBooking: ${bookingId}`,
  });
}
