import { formatId, formatShowId } from '../domain/ids.js';
import type { Redis } from '../redis/connect.js';
import type { RedisNames } from '../redis/keys.js';
import { publishReservation, publishSeats } from '../redis/show-news.js';
import type { Logger } from '../runtime/log.js';
import { insertIssue } from '../store/catalog/payment-issues.js';
import { type Database, isUnreachable } from '../store/database.js';
import { type Payment, type PaymentRef, scheduleCheck } from '../store/shard/payments.js';
import { type PaymentFact, type Settled, settlePayment } from '../store/shard/settle.js';
import { changeShow } from '../store/shard/show-change.js';
import type { Shards } from '../store/shards.js';
import { attemptKey, attemptMetadata } from './attempt-key.js';
import { captureWithinCap } from './card-cap.js';
import type { PaymentOutcome, Payments } from './outcomes.js';

/** What settling needs; confirm, webhook and reconciler each have it. */
export type SettleDeps = {
  catalog: Database;
  shards: Shards;
  payments: Payments;
  redis: Redis;
  names: RedisNames;
  log: Logger;
  /** Where fans reach the page. All programs must be told the same. */
  publicUrl: string;
};

/** After this the first call can no longer be under way, whatever became of it. */
export const callMsMax = 12_000;

/**
 * Asks the provider to charge an attempt whose row is committed. Safe to repeat, by any program:
 * the row alone makes the key.
 */
export async function chargeAttempt(deps: SettleDeps, payment: Payment): Promise<PaymentOutcome> {
  return deps.payments.createIntent({
    amount: payment.amount,
    currency: payment.currency,
    idempotencyKey: attemptKey(payment),
    metadata: attemptMetadata(payment),
    paymentToken: payment.paymentToken,
    returnUrl: `${deps.publicUrl}/shows/${formatShowId(payment.showId)}`,
    manualCapture: payment.manualCapture,
  });
}

/** What the provider has become sure of; undefined when its answer settles nothing. */
export function factOf(outcome: PaymentOutcome): PaymentFact | undefined {
  switch (outcome.kind) {
    case 'succeeded':
      return {
        kind: 'succeeded',
        intentId: outcome.intentId,
        received: outcome.received,
        wrongMode: outcome.wrongMode,
      };
    case 'requires_action':
      return {
        kind: 'action',
        intentId: outcome.intentId,
        clientSecret: outcome.clientSecret,
        nextActionUrl: outcome.nextActionUrl,
      };
    case 'authorised':
    case 'processing':
      return { kind: 'processing', intentId: outcome.intentId };
    case 'declined':
      return { kind: 'declined', code: outcome.code, intentId: outcome.intentId };
    case 'requires_payment_method':
      return { kind: 'declined', code: 'incomplete', intentId: outcome.intentId };
    case 'cancelled':
      return { kind: 'cancelled', intentId: outcome.intentId };
    case 'not_found':
    case 'unknown':
    case 'unavailable':
    case 'rejected':
    case 'queued':
      return undefined;
  }
}

/** Settles one fact in its own transaction and tells everybody after the commit. */
export async function settleFact(
  deps: SettleDeps,
  ref: PaymentRef,
  fact: PaymentFact,
): Promise<Settled> {
  const shard = await deps.shards.forShow(ref.showId);
  const { result, news } = await changeShow(shard, ref.showId, (change) =>
    settlePayment(change, ref.reservationId, ref.attempt, fact),
  );
  if (result.effect === 'mismatch' || result.effect === 'wrong_money') {
    await noteWrong(deps, ref, fact, result.effect);
  }
  await publishSeats(deps.redis, deps.names, news);
  if (result.fanId && result.reservation && !['nothing', 'mismatch'].includes(result.effect)) {
    const { fanId, reservation: state, expiresAtMs = 0 } = result;
    const moved = { showId: ref.showId, no: ref.reservationId, fanId, state, expiresAtMs };
    await publishReservation(deps.redis, deps.names, moved);
  }
  return result;
}

/** Puts a payment that isn't what was asked for before a person. */
async function noteWrong(
  deps: SettleDeps,
  ref: PaymentRef,
  fact: PaymentFact,
  kind: 'mismatch' | 'wrong_money',
): Promise<void> {
  deps.log.error({ ...ref, fact: fact.kind }, 'a payment is not what was asked for');
  const intentId = 'intentId' in fact ? fact.intentId : undefined;
  const received = fact.kind === 'succeeded' ? fact.received : undefined;
  await insertIssue(deps.catalog, {
    kind,
    objectId: intentId ?? attemptId(ref),
    showId: ref.showId,
    reservationId: ref.reservationId,
    theirs: received?.amount,
    currency: received?.currency,
    detail:
      kind === 'wrong_money'
        ? 'The amount, currency, mode or intent is not the one asked for. All of it goes back.'
        : `The provider tells of another intent (${fact.kind}) than the one of this attempt.`,
  }).catch((error: unknown) => deps.log.error({ err: error }, 'an issue could not be noted'));
}

function attemptId({ showId, reservationId, attempt }: PaymentRef): string {
  return `${formatId('payment', { showId, no: reservationId })}_${attempt}`;
}

/** The outcome itself, or what capturing makes of an authorised card. */
async function captured(
  deps: SettleDeps,
  ref: PaymentRef,
  outcome: PaymentOutcome,
): Promise<PaymentOutcome> {
  return outcome.kind === 'authorised' ? captureWithinCap(deps, ref, outcome.intentId) : outcome;
}

/** Settles what the provider said; when that says nothing, the payment is looked at soon again. */
export async function settleOutcome(
  deps: SettleDeps,
  ref: PaymentRef,
  said: PaymentOutcome,
  retryMs: number,
): Promise<Settled | undefined> {
  const outcome = await captured(deps, ref, said);
  const fact = factOf(outcome);
  if (fact) return settleFact(deps, ref, fact);
  if (outcome.kind === 'rejected') {
    deps.log.error({ ...ref, code: outcome.code }, 'the payment provider rejects our call');
  }
  await scheduleCheck(await deps.shards.forShow(ref.showId), ref, retryMs);
  return undefined;
}

/**
 * The first call for an attempt and what follows from it. A call that the provider certainly took
 * nothing in from ends the attempt; one without an answer leaves it to the reconciler.
 */
export async function payAttempt(deps: SettleDeps, payment: Payment): Promise<void> {
  const outcome = await chargeAttempt(deps, payment);
  try {
    if (outcome.kind === 'unavailable' || outcome.kind === 'rejected') {
      const reason = outcome.kind === 'rejected' ? outcome.code : outcome.reason;
      if (outcome.kind === 'rejected') {
        deps.log.error({ code: reason }, 'the payment provider rejects our call');
      }
      const outage = outcome.kind === 'unavailable';
      await settleFact(deps, payment, { kind: 'not_sent', reason, certain: true, outage });
      return;
    }
    // A call that waits for its turn is made by the reconciler, soon.
    const retryMs = outcome.kind === 'queued' ? 0 : unknownRetryMs;
    await settleOutcome(deps, payment, outcome, retryMs);
  } catch (error) {
    // The attempt is committed, so the reconciler finishes what this transaction could not.
    if (!isUnreachable(error)) throw error;
    deps.log.warn({ err: error }, 'a payment will be settled by the reconciler');
  }
}

const unknownRetryMs = 1_000;

/** Finds an attempt at the provider whose answer never came, by what travelled with it. */
export async function findAttempt(deps: SettleDeps, payment: Payment): Promise<PaymentOutcome> {
  return deps.payments.findIntent({
    key: 'attempt_key',
    value: attemptKey(payment),
    createdFrom: new Date(payment.createdAtMs - searchMarginMs),
    createdTo: new Date(Date.now() + searchMarginMs),
  });
}

/** Our clocks and the provider's may differ by this much. */
const searchMarginMs = 60_000;

/**
 * Learns what has become of an open attempt: by its intent when that is known, otherwise by
 * repeating the call under its key, and by a search when the repeat says nothing either (a stored
 * 500 is repeated for a day). Nothing found long after the call means that nothing was taken.
 */
export async function learnAttempt(
  deps: SettleDeps,
  payment: Payment,
  ageMs: number,
): Promise<PaymentFact | undefined> {
  if (payment.intentId) {
    const known = await deps.payments.retrieveIntent(payment.intentId, 'cancel');
    return factOf(await captured(deps, payment, known));
  }
  const repeated = await captured(deps, payment, await chargeAttempt(deps, payment));
  const fact = factOf(repeated);
  if (fact || repeated.kind === 'unavailable' || repeated.kind === 'queued') return fact;
  const found = await findAttempt(deps, payment);
  if (found.kind !== 'not_found' || ageMs < callMsMax) {
    return factOf(await captured(deps, payment, found));
  }
  return { kind: 'not_sent', reason: 'no_intent', certain: false };
}
