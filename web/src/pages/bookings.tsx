import * as calls from '../lib/calls.js';
import { listed, money, seatsOf, showFull } from '../lib/format.js';
import { session } from '../lib/keep.js';
import { useStore } from '../lib/store.js';
import type { Booking } from '../lib/types.js';
import { useLoad } from '../lib/use-load.js';
import { PageTitle } from '../parts/heading.js';
import { Icon } from '../parts/icon.js';
import { Link } from '../parts/link.js';
import { Ready } from '../parts/loading.js';
import { LoginForm } from '../parts/login-form.js';

/** A booking with the show that it is for, whichever way the API names it. */
export async function withShow(booking: Booking, signal: AbortSignal): Promise<Booking> {
  if (booking.show !== undefined || booking.show_id === undefined) return booking;
  return { ...booking, show: await calls.show(booking.show_id, signal) };
}

export function Bookings() {
  const fan = useStore(session);
  const all = useLoad(fan === null ? null : `bookings ${fan.fan_id}`, async (signal) => {
    const list = await calls.bookings(signal);
    return Promise.all(list.map((booking) => withShow(booking, signal)));
  });
  return (
    <section class="narrow">
      <PageTitle title="My tickets" />
      {fan === null ? (
        <>
          <p class="lead">Log in to see what you have booked.</p>
          <LoginForm />
        </>
      ) : (
        <Ready of={all} what="your tickets">
          {(bookings) => (bookings.length === 0 ? <Nothing /> : <List bookings={bookings} />)}
        </Ready>
      )}
    </section>
  );
}

function Nothing() {
  return (
    <div class="panel empty-panel">
      <Icon name="ticket" />
      <p>No tickets yet. The lights are still on.</p>
      <Link to="/" class="button">
        See what is showing
      </Link>
    </div>
  );
}

function List({ bookings }: { bookings: Booking[] }) {
  return (
    <ul class="bookings">
      {bookings.map((booking) => {
        const seats = seatsOf(booking);
        return (
          <li key={booking.booking_id}>
            <Link to={`/bookings/${booking.booking_id}`} class="panel booking-row">
              <Icon name="ticket" />
              <span class="booking-row-body">
                <b>{booking.show?.movie.title ?? 'Booking'}</b>
                {booking.show !== undefined && <span class="quiet">{showFull(booking.show)}</span>}
                {seats.length > 0 && <span class="quiet">Seats {listed(seats)}</span>}
              </span>
              <span class="booking-row-end">
                <b class="digits">{money(booking)}</b>
                {booking.state?.toLowerCase() === 'cancelled' && (
                  <span class="badge">Cancelled</span>
                )}
              </span>
            </Link>
          </li>
        );
      })}
    </ul>
  );
}
