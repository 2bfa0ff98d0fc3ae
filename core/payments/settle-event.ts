import { UsherError } from '../domain/errors.js';
import type { PaymentState } from '../domain/states.js';
import { type InboxEvent, markEventSettled } from '../store/catalog/inbox.js';
import { readPayments } from '../store/shard/payments.js';
import type { RefundRef } from '../store/shard/refunds.js';
import { attemptKey, readMetadata } from './attempt-key.js';
import { driveDispute } from './disputing.js';
import type { WebhookOutcome } from './outcomes.js';
import { refundFactOf, settleRefund } from './refunding.js';
import { factOf, type SettleDeps, settleFact } from './settling.js';

export type EventDeps = SettleDeps;

/** What is kept of a signed message. Of its contents only ids: the provider is asked again. */
export function inboxEventOf(
  message: Exclude<WebhookOutcome, { kind: 'bad_signature' }>,
): InboxEvent {
  const blank = {
    eventId: message.eventId,
    kind: message.type.slice(0, 60),
    showId: null,
    reservationId: null,
    attempt: null,
    intentId: null,
    refundNo: null,
    refundId: null,
    refundOutcome: null,
    disputeId: null,
  };
  if (message.kind === 'ignored') return blank;
  if (message.kind === 'dispute') {
    const { disputeId, intentId } = message.dispute;
    return { ...blank, disputeId, intentId };
  }
  const object = message.kind === 'payment' ? message.payment : message.refund;
  const ref = readMetadata(object.metadata);
  const about = {
    showId: ref?.showId ?? null,
    reservationId: ref?.reservationId ?? null,
    attempt: ref?.attempt ?? null,
    intentId: object.intentId,
  };
  if (message.kind === 'payment') return { ...blank, ...about };
  const { refundId, kind } = message.refund;
  // A refund that was made by hand at the provider names none of ours: it stays for a person.
  return { ...blank, ...about, refundNo: ref?.refundNo ?? null, refundId, refundOutcome: kind };
}

/**
 * Settles one stored event and marks it. True when it is done with; false when the provider or a
 * store can't tell yet, so that it waits on.
 */
export async function settleEvent(deps: EventDeps, event: InboxEvent): Promise<boolean> {
  const done = await settleEventOnce(deps, event);
  if (done) await markEventSettled(deps.catalog, event.eventId);
  return done;
}

async function settleEventOnce(deps: EventDeps, event: InboxEvent): Promise<boolean> {
  const { showId, reservationId, attempt, disputeId } = event;
  if (disputeId !== null) return driveDispute(deps, disputeId);
  if (showId === null || reservationId === null || attempt === null) return true;
  try {
    if (event.refundOutcome === null) {
      return await settlePaymentEvent(deps, { showId, reservationId, attempt }, event.intentId);
    }
    const { refundNo, refundId } = event;
    if (refundNo === null || refundId === null) return true;
    return await settleRefundEvent(deps, { showId, reservationId, refundNo }, refundId);
  } catch (error) {
    // A show that isn't ours: another Usher shares the provider's account.
    if (error instanceof UsherError && error.code === 'not_found') return true;
    throw error;
  }
}

/** The event may be older than what is known: the provider says how the refund stands now. */
async function settleRefundEvent(
  deps: EventDeps,
  ref: RefundRef,
  refundId: string,
): Promise<boolean> {
  const outcome = await deps.payments.retrieveRefund(refundId);
  const fact = refundFactOf(outcome);
  if (!fact) return outcome.kind === 'not_found';
  const shard = await deps.shards.forShow(ref.showId);
  const payments = await readPayments(shard, ref.showId, ref.reservationId);
  const named = 'metadata' in outcome ? readMetadata(outcome.metadata) : undefined;
  const payment = payments.find((entry) => entry.attempt === named?.attempt);
  if (!payment || named?.attemptKey !== attemptKey(payment)) return true;
  await settleRefund(deps, ref, fact);
  return true;
}

const settledStates: ReadonlySet<PaymentState> = new Set(['SUCCEEDED', 'RETAKEN', 'REFUNDED']);

async function settlePaymentEvent(
  deps: EventDeps,
  ref: { showId: number; reservationId: number; attempt: number },
  intentId: string | null,
): Promise<boolean> {
  const shard = await deps.shards.forShow(ref.showId);
  const payments = await readPayments(shard, ref.showId, ref.reservationId);
  const payment = payments.find((entry) => entry.attempt === ref.attempt);
  if (!payment || intentId === null) return true;
  // Most events tell of money that confirm has settled: asking again would find the same.
  if (settledStates.has(payment.state) && payment.intentId === intentId) return true;
  const outcome = await deps.payments.retrieveIntent(intentId);
  const fact = factOf(outcome);
  if (!fact) return outcome.kind === 'not_found';
  const metadata = 'metadata' in outcome ? outcome.metadata : {};
  if (readMetadata(metadata)?.attemptKey !== attemptKey(payment)) {
    deps.log.warn({ ...ref }, 'an event names an attempt that is not its own');
    return true;
  }
  await settleFact(deps, ref, fact);
  return true;
}
