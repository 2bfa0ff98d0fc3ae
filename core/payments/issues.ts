import { insertIssue, resolveObject } from '../store/catalog/payment-issues.js';
import type { Database } from '../store/database.js';
import { type MetadataRef, readMetadata } from './attempt-key.js';
import type { DisputeState, RefundState, WebhookOutcome } from './outcomes.js';

/** Puts before a person a refund that somebody made at the provider itself. Safe to repeat. */
export async function noteMessage(catalog: Database, message: WebhookOutcome): Promise<void> {
  if (message.kind === 'refund' && readMetadata(message.refund.metadata)?.refundNo === undefined) {
    return noteForeignRefund(catalog, message.refund);
  }
}

/** Keeps a dispute on the work list until it is won or dropped; `ref` is there when it is ours. */
export async function noteDispute(
  catalog: Database,
  dispute: DisputeState,
  ref: MetadataRef | undefined,
): Promise<void> {
  const { disputeId, intentId, amount, outcome, reason } = dispute;
  if (outcome === 'won' || outcome === 'dropped')
    return resolveObject(catalog, 'dispute', disputeId);
  await insertIssue(catalog, {
    kind: 'dispute',
    objectId: disputeId,
    showId: ref?.showId,
    reservationId: ref?.reservationId,
    theirs: amount.amount,
    currency: amount.currency,
    detail: `${disputeTexts[outcome](intentId || 'a charge', reason)}${ref ? '' : ' It is none of our attempts.'}`,
  });
}

const disputeTexts = {
  inquiry: (what: string, reason: string) =>
    `The bank asks about ${what} (${reason}). Nothing is taken yet. Answer it at the provider.`,
  open: (what: string, reason: string) =>
    `The cardholder disputes ${what} (${reason}): its money is taken until the bank decides. Answer it at the provider.`,
  lost: (what: string, reason: string) =>
    `The dispute (${reason}) of ${what} is lost: the money is gone.`,
};

export async function noteForeignRefund(
  catalog: Database,
  refund: RefundState,
  day?: string,
): Promise<void> {
  const ref = readMetadata(refund.metadata);
  await insertIssue(catalog, {
    kind: 'foreign_refund',
    objectId: refund.refundId,
    day,
    showId: ref?.showId,
    reservationId: ref?.reservationId,
    theirs: refund.amount.amount,
    currency: refund.amount.currency,
    detail: `A refund of ${refund.intentId} was made at the provider itself. Cancel the booking here too if its tickets should end.`,
  });
}
