import type { ShowId } from '../domain/ids.js';
import { lockPayments, movePayment, readPayments } from '../store/shard/payments.js';
import { lockRefunds, moveRefund, readRefunds } from '../store/shard/refunds.js';
import { lockReservation } from '../store/shard/reservations.js';
import { changeShow, type ShowChange } from '../store/shard/show-change.js';
import { attemptMetadata, refundKey } from './attempt-key.js';
import type { RefundOutcome } from './outcomes.js';
import type { SettleDeps } from './settling.js';

export type RefundRef = { showId: ShowId; reservationId: number; refundNo: number };
export type RefundFact = {
  kind: 'refunded' | 'refund_pending' | 'refund_failed';
  refundId: string | null;
};

/**
 * Makes a committed refund at the provider and settles its answer. Safe to repeat: the key comes
 * from the rows. Throws when nothing is known yet, so that the outbox comes again.
 */
export async function makeRefund(deps: SettleDeps, ref: RefundRef): Promise<void> {
  const shard = await deps.shards.forShow(ref.showId);
  const refunds = await readRefunds(shard, ref.showId, ref.reservationId);
  const refund = refunds.find((entry) => entry.refundNo === ref.refundNo);
  if (refund?.state !== 'CREATED') return;
  const payments = await readPayments(shard, ref.showId, ref.reservationId);
  const payment = payments.find((entry) => entry.attempt === refund.attempt);
  if (!payment?.intentId) throw new Error('the payment to refund has no intent');
  const outcome = await deps.payments.refund({
    intentId: payment.intentId,
    amount: refund.amount,
    idempotencyKey: refundKey({
      ...payment,
      refundNo: ref.refundNo,
      refundAmount: refund.amount,
    }),
    metadata: { ...attemptMetadata(payment), refund_no: String(ref.refundNo) },
  });
  await settleRefund(deps, ref, refundFactOf(deps, ref, outcome));
}

function refundFactOf(deps: SettleDeps, ref: RefundRef, outcome: RefundOutcome): RefundFact {
  switch (outcome.kind) {
    case 'refunded':
    case 'refund_pending':
    case 'refund_failed':
      return { kind: outcome.kind, refundId: outcome.refundId };
    case 'rejected':
      deps.log.error({ ...ref, code: outcome.code }, 'a refund was rejected; a person must look');
      return { kind: 'refund_failed', refundId: null };
    case 'unknown':
    case 'unavailable':
      throw new Error(`the refund is not answered yet: ${outcome.reason}`);
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

async function settleRefundLocked(
  change: ShowChange,
  ref: RefundRef,
  fact: RefundFact,
): Promise<void> {
  const reservation = await lockReservation(change, ref.reservationId);
  if (!reservation) return;
  const payments = await lockPayments(change, ref.reservationId);
  const refunds = await lockRefunds(change, ref.reservationId);
  const refund = refunds.find((entry) => entry.refundNo === ref.refundNo);
  if (!refund || refund.state === 'SUCCEEDED' || refund.state === 'FAILED') return;
  const subjectId = ref.reservationId;
  const detail = { refund_no: ref.refundNo };
  if (fact.kind === 'refund_pending') {
    if (refund.state === 'CREATED') await moveRefund(change, refund, 'PENDING', fact.refundId);
    return;
  }
  if (fact.kind === 'refund_failed') {
    await moveRefund(change, refund, 'FAILED', fact.refundId);
    change.log({ kind: 'REFUND_FAIL', subjectId, detail });
    return;
  }
  await moveRefund(change, refund, 'SUCCEEDED', fact.refundId);
  const payment = payments.find((entry) => entry.attempt === refund.attempt);
  if (payment?.state === 'SUCCEEDED_LATE') {
    await movePayment(change, payment, 'REFUNDED', { checkAtMs: null });
  }
  change.log({ kind: 'REFUNDED', subjectId, detail });
  change.outbox({ kind: 'refund_mail', subjectId, payload: detail });
}
