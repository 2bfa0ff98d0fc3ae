import { ApiRefusal, badParam, docUrl, noSuch } from './errors.js';
import { type Call, emit } from './events.js';
import type { FaultSettings } from './faults.js';
import { allowOnly, amountOf, type Form, metadataOf, textOf, wordOf } from './form.js';
import { type Answer, readIntent } from './intents.js';
import type { LedgerTx } from './ledger.js';
import { type Charge, newId, nowSeconds, type Refund } from './objects.js';

const reasons = ['duplicate', 'fraudulent', 'requested_by_customer'] as const;

/** How a refund begins, and what becomes of it after `refund_ms`. */
type Course = Pick<Refund, 'status' | 'failure_reason' | 'pending_reason'> & {
  later?: 'succeeded' | 'failed';
};

const failure = 'expired_or_canceled_card';

/** The switch wins over the card, whose refunds behave as Stripe's test cards do. */
const courses: Record<string, Course> = {
  pm_card_pendingRefund: { status: 'pending', pending_reason: 'processing', later: 'succeeded' },
  pm_card_refundFail: { status: 'succeeded', later: 'failed' },
};
const switched: Record<FaultSettings['refunds'], Course | undefined> = {
  normal: undefined,
  pending: { status: 'pending', pending_reason: 'processing', later: 'succeeded' },
  failed: { status: 'failed', failure_reason: failure },
  short: { status: 'pending', pending_reason: 'insufficient_funds' },
};

/** Gives money back, in whole or in part: never more than was captured and not yet refunded. */
export function createRefund(tx: LedgerTx, call: Call, form: Form): Answer {
  allowOnly(form, ['amount', 'charge', 'expand', 'metadata', 'payment_intent', 'reason']);
  const reason = wordOf(form, 'reason', reasons) ?? null;
  const charge = chargeToRefund(tx, form);
  const left = charge.amount_captured - charge.amount_refunded;
  if (left === 0) throw refusal('charge_already_refunded', charge, 'has already been refunded.');
  if (charge.disputed) throw refusal('charge_disputed', charge, 'has been charged back.');
  const amount = amountOf(form, 'amount') ?? left;
  if (amount > left) {
    throw badParam(
      'amount',
      `Refund amount (${amount}) is greater than unrefunded amount on charge (${left})`,
    );
  }
  const token = tx.get('method', charge.payment_method)?.token ?? '';
  const { later, ...course } = switched[call.refunds] ??
    courses[token] ?? { status: 'succeeded' as const };
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
    ...course,
  };
  tx.put('refund', refund);
  if (later !== undefined) tx.put('plan', { id: refund.id, to: later });
  emit(tx, call, 'refund.created', refund);
  if (refund.status === 'failed') emit(tx, call, 'refund.failed', refund);
  else emit(tx, call, 'charge.refunded', giveBack(tx, charge, amount));
  return { status: 200, body: refund };
}

/** Brings a refund to where its course leads; does nothing when it is there already. */
export function settleRefund(tx: LedgerTx, call: Call, id: string): void {
  const refund = tx.get('refund', id);
  const to = tx.get('plan', id)?.to;
  if (refund === undefined || to == null) return;
  endRefund(tx, call, refund, to);
}

/** Every refund that waits for our balance goes through once there is money again. */
export function settleShortRefunds(tx: LedgerTx, call: Call, refunds: Refund[]): void {
  for (const refund of refunds) {
    const waits = refund.status === 'pending' && refund.pending_reason === 'insufficient_funds';
    if (waits) endRefund(tx, call, refund, 'succeeded');
  }
}

function endRefund(tx: LedgerTx, call: Call, refund: Refund, to: 'succeeded' | 'failed'): void {
  const { pending_reason: _waited, ...rest } = refund;
  const ended: Refund = {
    ...rest,
    status: to,
    ...(to === 'failed' ? { failure_reason: failure } : {}),
  };
  tx.put('refund', ended);
  tx.put('plan', { id: refund.id, to: null });
  const charge = tx.get('charge', refund.charge);
  if (to === 'failed' && charge !== undefined) giveBack(tx, charge, -refund.amount);
  emit(tx, call, 'refund.updated', ended);
  if (to === 'failed') emit(tx, call, 'refund.failed', ended);
}

function giveBack(tx: LedgerTx, charge: Charge, amount: number): Charge {
  const refunded = charge.amount_refunded + amount;
  const after: Charge = {
    ...charge,
    amount_refunded: refunded,
    refunded: refunded === charge.amount_captured,
  };
  tx.put('charge', after);
  return after;
}

function refusal(code: string, charge: Charge, text: string): ApiRefusal {
  return new ApiRefusal(400, {
    type: 'invalid_request_error',
    code,
    doc_url: docUrl(code),
    message: `Charge ${charge.id} ${text}`,
  });
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
