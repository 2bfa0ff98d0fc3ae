import { z } from 'zod';
import { type Call, emit } from './events.js';
import type { LedgerTx } from './ledger.js';
import { type Dispute, type Intent, newId, nowSeconds } from './objects.js';

const reasons = ['fraudulent', 'duplicate', 'product_not_received', 'general'] as const;

export const disputeWish = z.strictObject({
  payment_intent: z.string(),
  reason: z.enum(reasons).default('fraudulent'),
});
export const closeWish = z.strictObject({ status: z.enum(['won', 'lost']) });

/** The cardholder objects to a charge; undefined when there is none, or it is disputed already. */
export function openDispute(
  tx: LedgerTx,
  call: Call,
  { payment_intent: intentId, reason }: z.infer<typeof disputeWish>,
): Dispute | undefined {
  const intent = tx.get('intent', intentId);
  const charge = intent?.latest_charge ? tx.get('charge', intent.latest_charge) : undefined;
  if (!charge?.captured || charge.disputed) return undefined;
  const dispute: Dispute = {
    id: newId('du'),
    object: 'dispute',
    amount: charge.amount_captured - charge.amount_refunded,
    charge: charge.id,
    created: nowSeconds(),
    currency: charge.currency,
    is_charge_refundable: false,
    livemode: false,
    metadata: {},
    payment_intent: intentId,
    reason,
    status: 'needs_response',
  };
  tx.put('charge', { ...charge, disputed: true });
  tx.put('dispute', dispute);
  emit(tx, call, 'charge.dispute.created', dispute);
  return dispute;
}

/** The bank decides; undefined when there is no such open dispute. */
export function closeDispute(
  tx: LedgerTx,
  call: Call,
  id: string,
  status: 'won' | 'lost',
): Dispute | undefined {
  const dispute = tx.get('dispute', id);
  if (dispute?.status !== 'needs_response') return undefined;
  const closed: Dispute = { ...dispute, status };
  const charge = tx.get('charge', dispute.charge);
  if (charge && status === 'won') tx.put('charge', { ...charge, disputed: false });
  tx.put('dispute', closed);
  emit(tx, call, 'charge.dispute.closed', closed);
  return closed;
}

/** Stripe's test card whose charges are disputed at once. */
export function disputeIfWanted(tx: LedgerTx, call: Call, intent: Intent): void {
  const token = intent.payment_method && tx.get('method', intent.payment_method)?.token;
  if (token !== 'pm_card_createDispute' || intent.status !== 'succeeded') return;
  openDispute(tx, call, { payment_intent: intent.id, reason: 'fraudulent' });
}
