import { ApiRefusal, badParam, docUrl, noSuch } from './errors.js';
import { type Call, emit } from './events.js';
import { allowOnly, amountOf, type Form, metadataOf, textOf, wordOf } from './form.js';
import { type Answer, readIntent } from './intents.js';
import type { LedgerTx } from './ledger.js';
import { type Charge, newId, nowSeconds, type Refund } from './objects.js';

const reasons = ['duplicate', 'fraudulent', 'requested_by_customer'] as const;

/** Gives money back, in whole or in part: never more than was captured and not yet refunded. */
export function createRefund(tx: LedgerTx, call: Call, form: Form): Answer {
  allowOnly(form, ['amount', 'charge', 'expand', 'metadata', 'payment_intent', 'reason']);
  const reason = wordOf(form, 'reason', reasons) ?? null;
  const charge = chargeToRefund(tx, form);
  const left = charge.amount_captured - charge.amount_refunded;
  if (left === 0) {
    throw new ApiRefusal(400, {
      type: 'invalid_request_error',
      code: 'charge_already_refunded',
      doc_url: docUrl('charge_already_refunded'),
      message: `Charge ${charge.id} has already been refunded.`,
    });
  }
  const amount = amountOf(form, 'amount') ?? left;
  if (amount > left) {
    throw badParam(
      'amount',
      `Refund amount (${amount}) is greater than unrefunded amount on charge (${left})`,
    );
  }
  const refund: Refund = {
    id: newId('re'),
    object: 'refund',
    amount,
    charge: charge.id,
    created: nowSeconds(),
    currency: charge.currency,
    metadata: metadataOf(form),
    payment_intent: charge.payment_intent,
    reason,
    status: 'succeeded',
  };
  const refunded = charge.amount_refunded + amount;
  const after: Charge = {
    ...charge,
    amount_refunded: refunded,
    refunded: refunded === charge.amount_captured,
  };
  tx.put('refund', refund);
  tx.put('charge', after);
  emit(tx, call, 'refund.created', refund);
  emit(tx, call, 'charge.refunded', after);
  return { status: 200, body: refund };
}

function chargeToRefund(tx: LedgerTx, form: Form): Charge {
  const intentId = textOf(form, 'payment_intent');
  const named = textOf(form, 'charge');
  if (intentId === undefined && named === undefined) {
    throw badParam(
      'payment_intent',
      'One of the following params should be provided for this request: payment_intent or charge.',
      'parameter_missing',
    );
  }
  const chargeId = intentId === undefined ? named : readIntent(tx, intentId).latest_charge;
  const charge = chargeId == null ? undefined : tx.get('charge', chargeId);
  if (charge === undefined && named !== undefined) throw noSuch('charge', named, 'charge');
  if (charge === undefined || !charge.captured) {
    throw badParam(
      'payment_intent',
      `This PaymentIntent (${intentId ?? charge?.payment_intent ?? ''}) does not have a successful charge to refund.`,
    );
  }
  return charge;
}
