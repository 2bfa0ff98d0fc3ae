import { z } from 'zod';
import { formatRefundId } from '../core/domain/ids.js';
import { isDeskRefund, type Refund } from '../core/store/shard/refunds.js';

export const refundSchema = z.object({
  refund_id: z.string(),
  state: z.enum(['pending', 'made']),
  amount: z.number().int(),
  currency: z.string(),
  at_desk: z.boolean().meta({ description: 'Waits at the box office, or was given there' }),
});

/**
 * A refund as its fan sees it. One that failed is still owed, so it is pending until a person has
 * made it good; its second try then stands for it.
 */
export function refundBodies(refunds: Refund[]): z.infer<typeof refundSchema>[] {
  const retried = new Set(refunds.map((refund) => refund.retryOf));
  return refunds
    .filter((refund) => !retried.has(refund.refundNo))
    .map((refund) => ({
      refund_id: refundIdOf(refund),
      state: refund.state === 'SUCCEEDED' ? 'made' : 'pending',
      amount: refund.amount,
      currency: refund.currency,
      at_desk: isDeskRefund(refund),
    }));
}

export const staffRefundSchema = z.object({
  refund_id: z.string(),
  state: z.enum(['created', 'pending', 'succeeded', 'failed']),
  amount: z.number().int(),
  currency: z.string(),
  reason: z.string(),
  /** Why it failed or waits; `short_of_balance` when our account at the provider is too low. */
  problem: z.string().nullable(),
  provider_id: z.string().nullable(),
  retry_of: z.string().nullable(),
  created_at: z.iso.datetime(),
});

/** Codes by which providers say that the account has too little money for a refund. */
const shortCodes = ['insufficient_funds', 'balance_insufficient', 'insufficient_balance'];

/** What staff should know about a refund that waits or failed. */
export function refundProblem(code: string | null): string | null {
  return code !== null && shortCodes.includes(code) ? 'short_of_balance' : code;
}

export function staffRefundBody(refund: Refund): z.infer<typeof staffRefundSchema> {
  const { retryOf } = refund;
  return {
    refund_id: refundIdOf(refund),
    state: refund.state.toLowerCase() as Lowercase<Refund['state']>,
    amount: refund.amount,
    currency: refund.currency,
    reason: refund.reason,
    problem: refundProblem(refund.failCode),
    provider_id: refund.providerId,
    retry_of: retryOf === null ? null : refundIdOf({ ...refund, refundNo: retryOf }),
    created_at: new Date(refund.createdAtMs).toISOString(),
  };
}

function refundIdOf(refund: Pick<Refund, 'showId' | 'reservationId' | 'refundNo'>): string {
  const { showId, reservationId: no, refundNo } = refund;
  return formatRefundId({ showId, no, refundNo });
}
