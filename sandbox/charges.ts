import { disputeIfWanted } from './disputes.js';
import { type ApiErrorBody, docUrl } from './errors.js';
import { type Call, emit } from './events.js';
import type { LedgerTx } from './ledger.js';
import { type Charge, type Intent, type Method, newId, nowSeconds } from './objects.js';

/** What happens to money: a charge that holds or takes it, and one that failed to. */

export function keepIntent(tx: LedgerTx, intent: Intent): Intent {
  tx.put('intent', intent);
  return intent;
}

/** Authorises the whole amount and, unless the intent waits for a capture, takes it. */
export function charge(tx: LedgerTx, call: Call, intent: Intent): Intent {
  const made = newCharge(intent, { status: 'succeeded', paid: true });
  tx.put('charge', made);
  const next: Intent = {
    ...intent,
    latest_charge: made.id,
    last_payment_error: null,
    next_action: null,
  };
  if (intent.capture_method === 'automatic') return succeed(tx, call, next, intent.amount);
  const held = keepIntent(tx, {
    ...next,
    status: 'requires_capture',
    amount_capturable: intent.amount,
  });
  emit(tx, call, 'charge.succeeded', made);
  emit(tx, call, 'payment_intent.amount_capturable_updated', held);
  return held;
}

/** Takes the money of an authorised intent. */
export function succeed(tx: LedgerTx, call: Call, intent: Intent, amount: number): Intent {
  const made = intent.latest_charge === null ? undefined : tx.get('charge', intent.latest_charge);
  if (made === undefined) throw new Error(`intent ${intent.id} has no charge to take`);
  const taken: Charge = { ...made, amount_captured: amount, captured: true };
  tx.put('charge', taken);
  const wasHeld = intent.status === 'requires_capture';
  const succeeded = keepIntent(tx, {
    ...intent,
    status: 'succeeded',
    amount_capturable: 0,
    amount_received: amount,
  });
  emit(tx, call, wasHeld ? 'charge.captured' : 'charge.succeeded', taken);
  emit(tx, call, 'payment_intent.succeeded', succeeded);
  disputeIfWanted(tx, call, succeeded);
  return succeeded;
}

/** Records a refused charge; the intent then waits for another payment method. */
export function decline(
  tx: LedgerTx,
  call: Call,
  intent: Intent,
  why: { code: string; declineCode?: string; message: string },
): { intent: Intent; error: ApiErrorBody } {
  const method = publicMethod(tx, intent);
  const failed = newCharge(intent, {
    status: 'failed',
    paid: false,
    failure_code: why.code,
    failure_message: why.message,
  });
  tx.put('charge', failed);
  const problem = {
    type: 'card_error' as const,
    code: why.code,
    ...(why.declineCode === undefined ? {} : { decline_code: why.declineCode }),
    message: why.message,
    doc_url: docUrl(why.code),
    charge: failed.id,
    payment_method: method,
  };
  const waiting = keepIntent(tx, {
    ...intent,
    status: 'requires_payment_method',
    last_payment_error: problem,
    latest_charge: failed.id,
    next_action: null,
    payment_method: null,
  });
  emit(tx, call, 'charge.failed', failed);
  emit(tx, call, 'payment_intent.payment_failed', waiting);
  return { intent: waiting, error: { ...problem, payment_intent: waiting } };
}

function publicMethod(tx: LedgerTx, intent: Intent): Method {
  const stored =
    intent.payment_method === null ? undefined : tx.get('method', intent.payment_method);
  if (stored === undefined) throw new Error(`intent ${intent.id} has no payment method`);
  const { token: _behaviour, ...method } = stored;
  return method;
}

function newCharge(
  intent: Intent,
  outcome: Pick<Charge, 'status' | 'paid'> &
    Partial<Pick<Charge, 'failure_code' | 'failure_message'>>,
): Charge {
  return {
    id: newId('ch'),
    object: 'charge',
    amount: intent.amount,
    amount_captured: 0,
    amount_refunded: 0,
    captured: false,
    disputed: false,
    created: nowSeconds(),
    currency: intent.currency,
    failure_code: null,
    failure_message: null,
    livemode: false,
    metadata: intent.metadata,
    payment_intent: intent.id,
    payment_method: intent.payment_method ?? '',
    refunded: false,
    ...outcome,
  };
}
