import { insertIssue, resolveObject } from '../store/catalog/payment-issues.js';
import type { Database } from '../store/database.js';
import { readMetadata } from './attempt-key.js';
import type { DisputeState, RefundState, WebhookOutcome } from './outcomes.js';

/**
 * Puts before a person what no program may decide: disputes, and refunds that somebody made at the
 * provider itself. Safe to repeat.
 */
export async function noteMessage(catalog: Database, message: WebhookOutcome): Promise<void> {
  if (message.kind === 'dispute') return noteDispute(catalog, message.dispute);
  if (message.kind === 'refund' && readMetadata(message.refund.metadata)?.refundNo === undefined) {
    return noteForeignRefund(catalog, message.refund);
  }
}

async function noteDispute(catalog: Database, dispute: DisputeState): Promise<void> {
  const { disputeId, intentId, amount, outcome, reason } = dispute;
  if (outcome === 'won') return resolveObject(catalog, 'dispute', disputeId);
  await insertIssue(catalog, {
    kind: 'dispute',
    objectId: disputeId,
    theirs: amount.amount,
    currency: amount.currency,
    detail:
      outcome === 'lost'
        ? `The dispute (${reason}) of ${intentId} is lost: the provider has taken the money back.`
        : `The cardholder disputes ${intentId} (${reason}). Answer it at the provider.`,
  });
}

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
