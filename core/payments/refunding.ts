import { readPayments } from '../store/shard/payments.js';
import {
  lockRefunds,
  moveRefund,
  type Refund,
  type RefundRef,
  readRefunds,
} from '../store/shard/refunds.js';
import { lockReservation } from '../store/shard/reservations.js';
import { settleRefundMoney } from '../store/shard/settle-refund.js';
import { changeShow, type ShowChange } from '../store/shard/show-change.js';
import { attemptMetadata, refundKey } from './attempt-key.js';
import type { RefundOutcome } from './outcomes.js';
import type { SettleDeps } from './settling.js';

export type RefundFact = {
  kind: 'refunded' | 'refund_pending' | 'refund_failed';
  refundId: string | null;
  /** Why it failed or waits, in the provider's words. */
  code?: string | undefined;
};

/**
 * Makes a committed refund at the provider, or asks what became of one that it has taken in, and
 * settles the answer. Safe to repeat: the key comes from the rows. False when nothing is known yet.
 */
export async function driveRefund(deps: SettleDeps, ref: RefundRef): Promise<boolean> {
  const shard = await deps.shards.forShow(ref.showId);
  const refunds = await readRefunds(shard, ref.showId, ref.reservationId);
  const refund = refunds.find((entry) => entry.refundNo === ref.refundNo);
  if (refund?.state !== 'CREATED' && refund?.state !== 'PENDING') return true;
  const outcome =
    refund.providerId === null
      ? await makeRefund(deps, refund)
      : await deps.payments.retrieveRefund(refund.providerId);
  const fact = refundFactOf(outcome);
  if (!fact) return false;
  if (fact.kind === 'refund_failed') {
    deps.log.error({ ...ref, code: fact.code }, 'a refund failed; a person must look');
  }
  await settleRefund(deps, ref, fact);
  return fact.kind !== 'refund_pending';
}

async function makeRefund(deps: SettleDeps, refund: Refund): Promise<RefundOutcome> {
  const { showId, reservationId, refundNo, amount } = refund;
  const shard = await deps.shards.forShow(showId);
  const payments = await readPayments(shard, showId, reservationId);
  const payment = payments.find((entry) => entry.attempt === refund.attempt);
  const intentId = refund.intentId ?? payment?.intentId;
  if (!payment || !intentId) throw new Error('the payment to refund has no intent');
  return deps.payments.refund({
    intentId,
    amount,
    idempotencyKey: refundKey({ ...payment, refundNo, refundAmount: amount }),
    metadata: { ...attemptMetadata(payment), refund_no: String(refundNo) },
  });
}

/** What the provider has become sure of; undefined when its answer settles nothing. */
export function refundFactOf(outcome: RefundOutcome): RefundFact | undefined {
  switch (outcome.kind) {
    case 'refunded':
    case 'refund_pending':
    case 'refund_failed':
      return { kind: outcome.kind, refundId: outcome.refundId, code: outcome.code };
    case 'rejected':
      return { kind: 'refund_failed', refundId: null, code: outcome.code };
    case 'not_found':
    case 'unknown':
    case 'unavailable':
    case 'queued':
      return undefined;
  }
}

/** Moves a refund forward; facts that are known already or older change nothing. */
export async function settleRefund(
  deps: Pick<SettleDeps, 'shards'>,
  ref: RefundRef,
  fact: RefundFact,
): Promise<void> {
  const shard = await deps.shards.forShow(ref.showId);
  await changeShow(shard, ref.showId, (change) => settleRefundLocked(change, ref, fact));
}

/** How long a pending refund rests before it is asked for again, in milliseconds. */
const pendingRestMs = 5_000;

async function settleRefundLocked(
  change: ShowChange,
  ref: RefundRef,
  fact: RefundFact,
): Promise<void> {
  if (!(await lockReservation(change, ref.reservationId))) return;
  const refunds = await lockRefunds(change, ref.reservationId);
  const refund = refunds.find((entry) => entry.refundNo === ref.refundNo);
  if (!refund || refund.state === 'FAILED') return;
  const providerId = fact.refundId;
  switch (fact.kind) {
    case 'refund_pending':
      if (refund.state === 'SUCCEEDED') return;
      return moveRefund(change, refund, 'PENDING', {
        providerId,
        failCode: fact.code,
        checkAtMs: change.nowMs + pendingRestMs,
      });
    case 'refund_failed':
    case 'refunded':
      return settleRefundMoney(change, refund, { ...fact, kind: fact.kind });
  }
}
