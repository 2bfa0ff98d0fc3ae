import { z } from 'zod';
import { UsherError } from '../../core/domain/errors.js';
import { parseId, type ShowScoped } from '../../core/domain/ids.js';
import { payAttempt, type SettleDeps, settleOutcome } from '../../core/payments/settling.js';
import { publishReservation, publishSeats } from '../../core/redis/show-news.js';
import { type Database, readNowMs } from '../../core/store/database.js';
import { type Begun, beginPayment } from '../../core/store/shard/begin-payment.js';
import { isOpenPayment, type Payment, readPayments } from '../../core/store/shard/payments.js';
import { readReservation } from '../../core/store/shard/reservations.js';
import { changeShow } from '../../core/store/shard/show-change.js';
import { bookedSchema } from '../booking-body.js';
import { confirmAnswer, overError, pendingSchema } from '../confirm-answer.js';
import type { ApiDeps } from '../deps.js';
import { readIdempotencyKey } from '../idempotency.js';
import { claimOffer } from '../offer-claim.js';
import { type Answer, type Route, route } from '../route.js';

const bodySchema = z.strictObject({
  reservation_id: z.string().max(40),
  payment_token: z.string().regex(/^[A-Za-z0-9_]{3,120}$/, {
    error: "must be a payment method's token, such as pm_card_visa in the sandbox",
  }),
});

/** How long a confirm that joins another's call waits for its end, before it says `processing`. */
const joinMsMax = 5_000;
const joinPauseMs = 100;

type Deps = Pick<
  ApiDeps,
  'config' | 'log' | 'catalog' | 'shards' | 'payments' | 'redis' | 'names' | 'secrets'
>;

export function confirmRoutes(deps: Deps): Route[] {
  const settling: SettleDeps = { ...deps, publicUrl: deps.config.publicUrl };
  return [
    route({
      method: 'post',
      path: '/api/v1/confirm',
      summary: 'Pays a reservation; needs an Idempotency-Key',
      identity: 'fan',
      limit: 'confirm',
      body: bodySchema,
      answers: { 201: bookedSchema, 202: pendingSchema },
      handle: async ({ body, fanId, req }): Promise<Answer> => {
        const idemKey = readIdempotencyKey(req.headers['idempotency-key']);
        const ref = parseId('reservation', body.reservation_id);
        if (!ref) throw missing();
        const shard = await shardOf(deps, ref);
        const wish = { fanId, idemKey, paymentToken: body.payment_token };
        await claimOffer(deps.catalog, shard, ref);
        const found = await begin(deps, shard, ref, wish);
        const isFree = await giveUpForOther(settling, shard, ref, { found, wish });
        const begun = isFree ? await begin(deps, shard, ref, wish) : found;
        const attempt = await carryOn(settling, shard, ref, begun);
        const reservation = await readReservation(shard, ref.showId, ref.no);
        if (!reservation) throw missing();
        return confirmAnswer(shard, deps.secrets, reservation, attempt);
      },
    }),
  ];
}

type Wish = { fanId: string; idemKey: string; paymentToken: string };

/**
 * A fan who brings another card while the bank's question about the first one is open has given
 * that one up: it is cancelled at the provider, so no money can follow. True when the way is free;
 * false when there is nothing to give up, or its money came meanwhile, or the hold has no time left
 * for another card.
 */
async function giveUpForOther(
  settling: SettleDeps,
  shard: Database,
  ref: ShowScoped,
  { found, wish }: { found: Begun; wish: Wish },
): Promise<boolean> {
  if (found.kind !== 'seen') return false;
  const payment = await findPayment(shard, ref, found.attempt);
  if (payment?.state !== 'ACTION' || !payment.intentId) return false;
  if (payment.idemKey === wish.idemKey || payment.paymentToken === wish.paymentToken) return false;
  const reservation = await readReservation(shard, ref.showId, ref.no);
  if (!reservation || reservation.expiresAtMs <= (await readNowMs(shard))) return false;
  const outcome = await settling.payments.cancelIntent(payment.intentId);
  await settleOutcome(settling, payment, outcome, joinRetryMs);
  return outcome.kind === 'cancelled';
}

async function shardOf(deps: Deps, ref: ShowScoped): Promise<Database> {
  const shardId = await deps.shards.idOf(ref.showId);
  if (shardId === undefined) throw missing();
  return deps.shards.byId(shardId);
}

async function begin(deps: Deps, shard: Database, ref: ShowScoped, wish: Wish): Promise<Begun> {
  const { result, news } = await changeShow(shard, ref.showId, (change) =>
    beginPayment(change, { ...wish, reservationId: ref.no }),
  );
  await publishSeats(deps.redis, deps.names, news);
  if (result.kind === 'begun' || result.kind === 'booked_free') {
    const state = result.kind === 'begun' ? 'PAYING' : 'BOOKED';
    const { expiresAtMs } = result;
    const moved = { ...ref, fanId: wish.fanId, state, expiresAtMs };
    await publishReservation(deps.redis, deps.names, moved);
  }
  return result;
}

/** Drives the attempt as far as this call can and returns its number. */
async function carryOn(
  settling: SettleDeps,
  shard: Database,
  ref: ShowScoped,
  begun: Begun,
): Promise<number> {
  switch (begun.kind) {
    case 'missing':
      throw missing();
    case 'key_reused':
      throw new UsherError(
        'key_reused',
        'This Idempotency-Key came with another payment token. Use a new key.',
      );
    case 'over':
      throw overError();
    case 'too_many_attempts':
      throw new UsherError(
        'payment_attempts',
        'This reservation has had its three attempts to pay. Reserve anew when it is over.',
        { extra: { expires_at: new Date(begun.expiresAtMs).toISOString() } },
      );
    case 'begun':
      await payAttempt(settling, begun.payment);
      return begun.payment.attempt;
    case 'booked_free':
      return 0;
    case 'seen':
      if (begun.attempt > 0) await joinAttempt(settling, shard, ref, begun.attempt);
      return begun.attempt;
  }
}

/**
 * Joins an attempt that another call began: waits for the end of its first call, and asks the
 * provider when the fan may have finished 3-D Secure meanwhile.
 */
async function joinAttempt(
  settling: SettleDeps,
  shard: Database,
  ref: ShowScoped,
  attempt: number,
): Promise<void> {
  const deadline = performance.now() + joinMsMax;
  let payment = await findPayment(shard, ref, attempt);
  while (payment?.state === 'CREATED' && performance.now() < deadline) {
    await new Promise((resolve) => setTimeout(resolve, joinPauseMs));
    payment = await findPayment(shard, ref, attempt);
  }
  if (!payment?.intentId || !isOpenPayment(payment.state)) return;
  const outcome = await settling.payments.retrieveIntent(payment.intentId);
  await settleOutcome(settling, payment, outcome, joinRetryMs);
}

const joinRetryMs = 1_000;

async function findPayment(
  shard: Database,
  ref: ShowScoped,
  attempt: number,
): Promise<Payment | undefined> {
  const payments = await readPayments(shard, ref.showId, ref.no);
  return payments.find((entry) => entry.attempt === attempt);
}

function missing(): UsherError {
  return new UsherError('not_found', 'There is no such reservation.');
}
