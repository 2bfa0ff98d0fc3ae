import { lockPayments, movePayment } from './payments.js';
import { moveRefund, type Refund } from './refunds.js';
import type { ShowChange } from './show-change.js';

/**
 * The end of a refund whose reservation and refunds are locked: the money is back with the fan, or
 * it isn't. A refund that was made can still fail, when the fan's bank sends the money back.
 */
export async function settleRefundMoney(
  change: ShowChange,
  refund: Refund,
  fact: {
    kind: 'refunded' | 'refund_failed';
    refundId: string | null;
    code?: string | undefined;
  },
): Promise<void> {
  const { reservationId, refundNo, amount, currency } = refund;
  const detail = { refund_no: refundNo };
  const providerId = fact.refundId;
  const wasMade = refund.state === 'SUCCEEDED';
  if (fact.kind === 'refund_failed') {
    const failCode = fact.code?.slice(0, 60);
    await moveRefund(change, refund, 'FAILED', { providerId, failCode, checkAtMs: null });
    change.log({ kind: 'REFUND_FAIL', subjectId: reservationId, detail });
    const cameBack = {
      reservationId,
      amount,
      currency,
      debit: 'provider',
      credit: 'owed',
    } as const;
    if (wasMade) change.book(cameBack);
    return;
  }
  if (wasMade) return;
  await moveRefund(change, refund, 'SUCCEEDED', { providerId, checkAtMs: null });
  const payments = await lockPayments(change, reservationId);
  const payment = payments.find((entry) => entry.attempt === refund.attempt);
  if (payment?.state === 'SUCCEEDED_LATE' && refund.intentId === null) {
    await movePayment(change, payment, 'REFUNDED', { checkAtMs: null });
  }
  change.log({ kind: 'REFUNDED', subjectId: reservationId, detail });
  change.book({ reservationId, amount, currency, debit: 'owed', credit: 'provider' });
  change.outbox({ kind: 'refund_mail', subjectId: reservationId, payload: detail });
}
