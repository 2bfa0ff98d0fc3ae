import { formatId, formatShowId, type ShowId } from '../domain/ids.js';
import type { SeatState } from '../domain/states.js';
import type { Redis } from './connect.js';
import type { RedisNames } from './keys.js';
import { publish } from './news.js';

/** Seat states as the public sees them. */
export const publicSeatStates: Record<SeatState, string> = {
  FREE: 'free',
  HELD: 'held',
  BOOKED: 'booked',
  BLOCKED: 'closed',
};

/** Tells every api process which seats of a show changed; nothing when none did. */
export async function publishSeats(
  redis: Redis,
  names: RedisNames,
  news: {
    showId: ShowId;
    version: number;
    seats: { seat: string; state: SeatState }[];
    priceVersion?: number;
  },
): Promise<void> {
  if (news.seats.length === 0 && news.priceVersion === undefined) return;
  await publish(redis, names.everyoneChannel, {
    kind: 'seats',
    show_id: news.showId,
    version: news.version,
    changes: news.seats.map(({ seat, state }) => [seat, publicSeatStates[state]]),
    ...(news.priceVersion === undefined ? {} : { price_version: news.priceVersion }),
  });
}

/** Tells a fan's pages that a reservation has moved, and of its booking when it became one. */
export async function publishReservation(
  redis: Redis,
  names: RedisNames,
  moved: { showId: ShowId; no: number; fanId: string; state: string; expiresAtMs?: number },
): Promise<void> {
  const ref = { showId: moved.showId, no: moved.no };
  await publish(redis, names.everyoneChannel, {
    kind: 'reservation',
    fan_id: moved.fanId,
    reservation: {
      reservation_id: formatId('reservation', ref),
      show_id: formatShowId(moved.showId),
      state: moved.state.toLowerCase(),
      ...(moved.expiresAtMs === undefined
        ? {}
        : { expires_at: new Date(moved.expiresAtMs).toISOString() }),
    },
  });
  if (moved.state === 'BOOKED') {
    await publishBooking(redis, names, { ...ref, fanId: moved.fanId, state: 'confirmed' });
  }
}

/** Tells a fan's pages that a booking has come, or has changed. */
export async function publishBooking(
  redis: Redis,
  names: RedisNames,
  moved: { showId: ShowId; no: number; fanId: string; state: 'confirmed' | 'cancelled' },
): Promise<void> {
  const ref = { showId: moved.showId, no: moved.no };
  await publish(redis, names.everyoneChannel, {
    kind: 'booking',
    fan_id: moved.fanId,
    booking: { booking_id: formatId('booking', ref), state: moved.state },
  });
}

/** Tells a fan's pages that seats are held for them as an offer to the waitlist. */
export async function publishOffer(
  redis: Redis,
  names: RedisNames,
  offer: {
    showId: ShowId;
    reservationId: number;
    fanId: string;
    seats: [seatNo: number, seat: string, price: number][];
    amount: number;
    currency: string;
    expiresAtMs: number;
  },
): Promise<void> {
  const { showId, reservationId: no, currency } = offer;
  await publish(redis, names.everyoneChannel, {
    kind: 'offer',
    fan_id: offer.fanId,
    offer: {
      reservation_id: formatId('reservation', { showId, no }),
      show_id: formatShowId(showId),
      version: no,
      seats: offer.seats.map(([, seat, amount]) => ({ seat, price: { amount, currency } })),
      amount: offer.amount,
      currency,
      expires_at: new Date(offer.expiresAtMs).toISOString(),
    },
  });
}
