import { z } from 'zod';
import { UsherError } from '../../core/domain/errors.js';
import { formatId, formatShowId, parseId, type ShowScoped } from '../../core/domain/ids.js';
import type { PaymentState } from '../../core/domain/states.js';
import { publishReservation, publishSeats } from '../../core/redis/show-news.js';
import { type Database, readNowMs } from '../../core/store/database.js';
import { extendHold } from '../../core/store/shard/paying.js';
import { type Payment, readPayments } from '../../core/store/shard/payments.js';
import {
  endHold,
  lockReservation,
  type Reservation,
  readReservation,
} from '../../core/store/shard/reservations.js';
import { changeShow, type ShowChange } from '../../core/store/shard/show-change.js';
import { discountBody } from '../booking-body.js';
import { overError } from '../confirm-answer.js';
import type { ApiDeps } from '../deps.js';
import { type Route, route } from '../route.js';

const money = z.object({ amount: z.number(), currency: z.string() });

const reservationSchema = z.object({
  reservation_id: z.string(),
  show_id: z.string(),
  state: z.enum(['held', 'paying', 'ending', 'booked', 'expired', 'released']),
  seats: z.array(z.object({ seat: z.string(), price: money })),
  adjacent: z.boolean(),
  amount: z.number(),
  fee: z.number(),
  discount: z.number().optional(),
  discount_code: z.string().optional(),
  currency: z.string(),
  expires_at: z.string(),
  limit_at: z.string(),
  now: z.string(),
  payment: z
    .object({
      status: z.string(),
      client_secret: z.string().optional(),
      next_action_url: z.string().optional(),
      deadline: z.string().optional(),
    })
    .optional(),
  booking_id: z.string().optional(),
});

type Deps = Pick<ApiDeps, 'shards' | 'redis' | 'names'>;

export function reservationsRoutes(deps: Deps): Route[] {
  const path = '/api/v1/reservations/:id';
  return [
    route({
      method: 'get',
      path,
      summary: 'An own reservation as it is now',
      identity: 'fan',
      answers: { 200: reservationSchema },
      handle: async ({ params, fanId }) => {
        const { shard, ref } = await locate(deps, params.id);
        return { status: 200, body: await describe(shard, ref, fanId) };
      },
    }),
    route({
      method: 'delete',
      path,
      summary: 'Gives the seats of an own reservation back; again is fine',
      identity: 'fan',
      answers: { 204: 'empty' },
      handle: async ({ params, fanId }) => {
        const { shard, ref } = await locate(deps, params.id);
        const { result, news } = await changeShow(shard, ref.showId, (change) =>
          release(change, ref.no, fanId),
        );
        await publishSeats(deps.redis, deps.names, news);
        if (result !== undefined) {
          const moved = { ...ref, fanId, state: 'RELEASED', expiresAtMs: result };
          await publishReservation(deps.redis, deps.names, moved);
        }
        return { status: 204 };
      },
    }),
    route({
      method: 'post',
      path: `${path}/extend`,
      summary: 'Gives an own reservation its full time again, until its absolute limit',
      identity: 'fan',
      body: z.strictObject({}),
      answers: { 200: reservationSchema },
      handle: async ({ params, fanId }) => {
        const { shard, ref } = await locate(deps, params.id);
        const { result } = await changeShow(shard, ref.showId, (change) =>
          extend(change, ref.no, fanId),
        );
        const moved = { ...ref, fanId, state: 'HELD', expiresAtMs: result };
        await publishReservation(deps.redis, deps.names, moved);
        return { status: 200, body: await describe(shard, ref, fanId) };
      },
    }),
  ];
}

async function locate(
  deps: Deps,
  id: string | undefined,
): Promise<{ shard: Database; ref: ShowScoped }> {
  const ref = parseId('reservation', id ?? '');
  const shardId = ref && (await deps.shards.idOf(ref.showId));
  if (!ref || shardId === undefined) throw missing();
  return { shard: deps.shards.byId(shardId), ref };
}

/** The end that a hold would have had when it was ended now; undefined when it was over before. */
async function release(change: ShowChange, no: number, fanId: string): Promise<number | undefined> {
  const reservation = own(await lockReservation(change, no), fanId);
  switch (reservation.state) {
    case 'HELD':
      await endHold(change, reservation, 'HELD', 'RELEASED');
      return reservation.expiresAtMs;
    case 'EXPIRED':
    case 'RELEASED':
      return undefined;
    case 'PAYING':
    case 'ENDING':
      throw paymentOpen();
    case 'BOOKED':
      throw new UsherError('conflict', 'The reservation is paid. Cancel its booking instead.');
  }
}

/** The new end of the hold in milliseconds since 1970. */
async function extend(change: ShowChange, no: number, fanId: string): Promise<number> {
  const reservation = own(await lockReservation(change, no), fanId);
  const { state, expiresAtMs, limitAtMs } = reservation;
  if (state === 'PAYING' || state === 'ENDING') throw paymentOpen();
  if (state === 'BOOKED') throw new UsherError('conflict', 'The reservation is paid already.');
  if (state !== 'HELD' || change.nowMs >= expiresAtMs) throw overError();
  const untilMs = Math.min(change.nowMs + change.head.holdSeconds * 1000, limitAtMs);
  if (expiresAtMs >= limitAtMs || !(await extendHold(change, no, untilMs))) {
    throw new UsherError('limit_reached', 'This hold has had all its time. Pay before it ends.', {
      extra: { expires_at: new Date(expiresAtMs).toISOString() },
    });
  }
  change.log({ kind: 'EXTENDED', subjectId: no, detail: { expires_at_ms: untilMs } });
  return untilMs;
}

async function describe(
  shard: Database,
  ref: ShowScoped,
  fanId: string,
): Promise<z.infer<typeof reservationSchema>> {
  const reservation = own(await readReservation(shard, ref.showId, ref.no), fanId);
  const [nowMs, payments] = await Promise.all([
    readNowMs(shard),
    readPayments(shard, ref.showId, ref.no),
  ]);
  const { currency, state } = reservation;
  const over = state === 'HELD' && nowMs >= reservation.expiresAtMs;
  const payment = payments.at(-1);
  return {
    reservation_id: formatId('reservation', ref),
    show_id: formatShowId(ref.showId),
    state: over ? 'expired' : publicStates[state],
    seats: reservation.seats.map(([, seat, amount]) => ({ seat, price: { amount, currency } })),
    adjacent: reservation.adjacent,
    amount: reservation.amount,
    fee: reservation.fee,
    ...discountBody(reservation),
    currency,
    expires_at: new Date(reservation.expiresAtMs).toISOString(),
    limit_at: new Date(reservation.limitAtMs).toISOString(),
    now: new Date(nowMs).toISOString(),
    ...(payment ? { payment: describePayment(reservation, payment) } : {}),
    ...(state === 'BOOKED' ? { booking_id: formatId('booking', ref) } : {}),
  };
}

function describePayment(reservation: Reservation, payment: Payment) {
  const asks = payment.state === 'ACTION' && reservation.state === 'PAYING';
  const { clientSecret, nextActionUrl } = payment;
  const { dueAtMs } = reservation;
  return {
    status: payment.state === 'ACTION' && !asks ? 'processing' : paymentWords[payment.state],
    ...(asks && clientSecret !== null ? { client_secret: clientSecret } : {}),
    ...(asks && nextActionUrl !== null ? { next_action_url: nextActionUrl } : {}),
    ...(reservation.state === 'PAYING' && dueAtMs !== null
      ? { deadline: new Date(dueAtMs).toISOString() }
      : {}),
  };
}

const publicStates = {
  HELD: 'held',
  PAYING: 'paying',
  ENDING: 'ending',
  BOOKED: 'booked',
  EXPIRED: 'expired',
  RELEASED: 'released',
} as const;

const paymentWords: Record<PaymentState, string> = {
  CREATED: 'processing',
  ACTION: 'requires_action',
  PROCESSING: 'processing',
  SUCCEEDED: 'succeeded',
  RETAKEN: 'succeeded',
  FAILED: 'declined',
  CANCELLED: 'cancelled',
  SUCCEEDED_LATE: 'refund_pending',
  REFUNDED: 'refunded',
};

/** The fan's own; another's and none are the same 404. */
function own(reservation: Reservation | undefined, fanId: string): Reservation {
  if (reservation?.fanId !== fanId) throw missing();
  return reservation;
}

function missing(): UsherError {
  return new UsherError('not_found', 'There is no such reservation.');
}

function paymentOpen(): UsherError {
  return new UsherError(
    'payment_open',
    'A payment for these seats is under way. Wait until it has ended.',
    { retryAfterSeconds: 2 },
  );
}
