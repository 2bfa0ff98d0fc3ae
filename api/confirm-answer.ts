import { z } from 'zod';
import { UsherError } from '../core/domain/errors.js';
import type { Secrets } from '../core/runtime/secrets.js';
import { type Database, readNowMs } from '../core/store/database.js';
import { attemptsMax, countEndedAttempts } from '../core/store/shard/begin-payment.js';
import { readBooking } from '../core/store/shard/bookings.js';
import { isOpenPayment, type Payment, readPayments } from '../core/store/shard/payments.js';
import { type Reservation, readReservation } from '../core/store/shard/reservations.js';
import { isFreedKey } from '../core/store/shard/settle.js';
import { bookedBody } from './booking-body.js';
import type { Answer } from './route.js';

export const pendingSchema = z.object({
  status: z.enum(['requires_action', 'processing']),
  client_secret: z.string().optional(),
  next_action_url: z.string().optional(),
  deadline: z.string().optional(),
});

const laterSeconds = 5;

/**
 * Answers a confirm from the rows alone, so that the first call, a repeat and a second confirm
 * that joined the same attempt are told the same. @throws UsherError for every refusal.
 */
export async function confirmAnswer(
  shard: Database,
  secrets: Pick<Secrets, 'ticket'>,
  reservation: Reservation,
  attempt: number,
): Promise<Answer> {
  const { showId, reservationId } = reservation;
  const payments = await readPayments(shard, showId, reservationId);
  const asked = payments.find((entry) => entry.attempt === attempt);
  // One that was given up for another card is answered by what became of that.
  const payment = asked?.state === 'CANCELLED' ? payments.at(-1) : asked;
  if (payment && isOpenPayment(payment.state)) return pendingAnswer(reservation, payment);
  const isGivenUp = payment?.state === 'CANCELLED' && reservation.state === 'HELD';
  if (payment && (payment.state === 'FAILED' || isGivenUp)) {
    throw await refusalOf(shard, reservation, payment, payments);
  }
  const booking = await readBooking(shard, showId, reservationId);
  const paidByThis = !payment || payment.state === 'SUCCEEDED' || payment.state === 'RETAKEN';
  if (booking && paidByThis) return { status: 201, body: bookedBody(secrets, booking) };
  throw overError(payment);
}

function pendingAnswer(reservation: Reservation, payment: Payment): Answer {
  const deadline =
    reservation.dueAtMs === null ? {} : { deadline: new Date(reservation.dueAtMs).toISOString() };
  if (payment.state !== 'ACTION' || reservation.state !== 'PAYING' || !payment.clientSecret) {
    return { status: 202, body: { status: 'processing', ...deadline } };
  }
  const url = payment.nextActionUrl;
  return {
    status: 202,
    body: {
      status: 'requires_action',
      client_secret: payment.clientSecret,
      ...(url === null ? {} : { next_action_url: url }),
      ...deadline,
    },
  };
}

async function refusalOf(
  shard: Database,
  { showId, reservationId }: Reservation,
  payment: Payment,
  payments: Payment[],
): Promise<UsherError> {
  const now = await readReservation(shard, showId, reservationId);
  const nowMs = await readNowMs(shard);
  const held = now?.state === 'HELD' && now.expiresAtMs > nowMs;
  if (isFreedKey(payment.idemKey)) {
    return new UsherError(
      'payments_unavailable',
      'The payment provider cannot be reached. Nothing was charged; repeat with the same key.',
      { retryAfterSeconds: laterSeconds },
    );
  }
  const attemptsLeft = held ? Math.max(0, attemptsMax - countEndedAttempts(payments)) : 0;
  const detail =
    attemptsLeft > 0
      ? 'The card was declined. The seats are still yours: try another card with a new key.'
      : 'The card was declined, and the reservation takes no further attempt.';
  return new UsherError('card_declined', detail, {
    extra: {
      decline_code: payment.declineCode,
      attempts_left: attemptsLeft,
      reservation_state: held ? 'held' : 'expired',
      ...(held && now ? { expires_at: new Date(now.expiresAtMs).toISOString() } : {}),
    },
  });
}

export function overError(payment?: Pick<Payment, 'state'>): UsherError {
  const refund =
    payment?.state === 'SUCCEEDED_LATE'
      ? 'pending'
      : payment?.state === 'REFUNDED'
        ? 'made'
        : undefined;
  const detail =
    refund === undefined
      ? 'The reservation is over and its seats are free again. Reserve anew.'
      : 'The payment came after the reservation was over and the seats were gone. All of it goes back.';
  return new UsherError('reservation_expired', detail, {
    extra: refund === undefined ? {} : { refund },
  });
}
