import { UsherError } from '../domain/errors.js';
import type { PaymentState } from '../domain/states.js';
import { type InboxEvent, markEventSettled } from '../store/catalog/inbox.js';
import type { Database } from '../store/database.js';
import { readPayments } from '../store/shard/payments.js';
import { attemptKey, readMetadata } from './attempt-key.js';
import type { WebhookOutcome } from './outcomes.js';
import { type RefundFact, settleRefund } from './refunding.js';
import { factOf, type SettleDeps, settleFact } from './settling.js';

export type EventDeps = SettleDeps & { catalog: Database };

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
  };
  if (message.kind === 'ignored') return blank;
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
  const { showId, reservationId, attempt } = event;
  if (showId === null || reservationId === null || attempt === null) return true;
  try {
    if (event.refundOutcome === null) {
      return await settlePaymentEvent(deps, { showId, reservationId, attempt }, event.intentId);
    }
    if (event.refundNo === null) return true;
    const kind = event.refundOutcome as RefundFact['kind'];
    const ref = { showId, reservationId, refundNo: event.refundNo };
    await settleRefund(deps, ref, { kind, refundId: event.refundId });
    return true;
  } catch (error) {
    // A show that isn't ours: another Usher shares the provider's account.
    if (error instanceof UsherError && error.code === 'not_found') return true;
    throw error;
  }
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
