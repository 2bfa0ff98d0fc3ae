import type { BookingShow } from '../store/catalog/booking-shows.js';
import type { Booking } from '../store/shard/bookings.js';
import type { Refund } from '../store/shard/refunds.js';
import type { Reservation } from '../store/shard/reservations.js';

/** What a receipt says; amounts in minor units of its currency. */
export type Receipt = {
  bookingId: string;
  fanName: string;
  movieTitle: string;
  cinema: string;
  address: string;
  hall: string;
  startsAt: Date;
  paidAt: Date;
  timeZone: string;
  locale: string;
  currency: string;
  seats: { seat: string; price: number }[];
  fee: number;
  discount: number;
  discountCode: string;
  total: number;
  /** Hundredths of a percent, and the tax of that rate in the total. */
  taxRateBp: number;
  tax: number;
  refunded: number;
};

/** The tax that an amount contains, rounded to the nearest minor unit. */
export function taxIn(amount: number, taxRateBp: number): number {
  return amount - Math.round((amount * 10_000) / (10_000 + taxRateBp));
}

/** The receipt of a booking from what was frozen at the hold; `bookingId` is the public id. */
export function receiptOf(
  bookingId: string,
  fanName: string,
  from: { booking: Booking; reservation: Reservation; show: BookingShow; refunds: Refund[] },
): Receipt {
  const { booking, reservation, show, refunds } = from;
  const seats = reservation.seats.map(([, seat, price]) => ({ seat, price }));
  return {
    ...{ bookingId, fanName, seats },
    movieTitle: show.title,
    cinema: show.cinema,
    address: show.address,
    hall: show.hall,
    startsAt: new Date(show.startsAtMs),
    paidAt: new Date(booking.createdAtMs),
    timeZone: show.timeZone,
    locale: show.locale,
    currency: booking.currency,
    fee: reservation.fee,
    discount: reservation.discount,
    discountCode: reservation.discountCode ?? '',
    total: booking.amount,
    taxRateBp: reservation.taxRateBp,
    tax: taxIn(booking.amount, reservation.taxRateBp),
    refunded: refunds
      .filter((refund) => refund.state === 'SUCCEEDED')
      .reduce((sum, refund) => sum + refund.amount, 0),
  };
}
