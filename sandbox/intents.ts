import { randomBytes } from 'node:crypto';
import { behaviourOf, methodFor } from './cards.js';
import { charge, decline, keepIntent, succeed } from './charges.js';
import { ApiRefusal, badParam, docUrl, noSuch } from './errors.js';
import { type Call, emit } from './events.js';
import {
  allowOnly,
  amountOf,
  type Form,
  flagOf,
  metadataOf,
  requiredText,
  textOf,
  wordOf,
} from './form.js';
import type { LedgerTx } from './ledger.js';
import { type Intent, type IntentStatus, newId, nowSeconds } from './objects.js';

/**
 * The PaymentIntent machine. Each function is one transition inside a ledger transaction: it
 * returns the answer's status and body, or throws an `ApiRefusal` and changes nothing. A declined
 * card is an answer, since the intent keeps its failed charge.
 */
export type Answer = { status: number; body: unknown };

const createParams = [
  'allowed_payment_method_types',
  'amount',
  'capture_method',
  'confirm',
  'confirmation_method',
  'currency',
  'description',
  'expand',
  'metadata',
  'off_session',
  'payment_method',
  'payment_method_types',
  'receipt_email',
  'return_url',
  'use_stripe_sdk',
] as const;

export function createIntent(tx: LedgerTx, call: Call, form: Form): Answer {
  allowOnly(form, createParams);
  const amount = amountOf(form, 'amount');
  if (amount === undefined) {
    throw badParam('amount', 'Missing required param: amount.', 'parameter_missing');
  }
  const currency = requiredText(form, 'currency').toLowerCase();
  if (!/^[a-z]{3}$/.test(currency)) throw badParam('currency', `Invalid currency: ${currency}`);
  onlyCards(form);
  const token = textOf(form, 'payment_method');
  const method = token === undefined ? undefined : methodFor(tx, token);
  const confirm = flagOf(form, 'confirm');
  if (confirm && method === undefined) {
    throw badParam(
      'payment_method',
      'You cannot confirm this PaymentIntent because it is missing a payment method.',
      'parameter_missing',
    );
  }
  const id = newId('pi');
  const intent: Intent = {
    id,
    object: 'payment_intent',
    allowed_payment_method_types: ['card'],
    amount,
    amount_capturable: 0,
    amount_received: 0,
    automatic_payment_methods: null,
    canceled_at: null,
    cancellation_reason: null,
    capture_method: wordOf(form, 'capture_method', ['automatic', 'manual']) ?? 'automatic',
    client_secret: `${id}_secret_${randomBytes(18).toString('hex')}`,
    confirmation_method: 'automatic',
    created: nowSeconds(),
    currency,
    customer: null,
    description: textOf(form, 'description') ?? null,
    last_payment_error: null,
    latest_charge: null,
    livemode: false,
    metadata: metadataOf(form),
    next_action: null,
    payment_method: method?.id ?? null,
    payment_method_types: ['card'],
    processing: null,
    receipt_email: textOf(form, 'receipt_email') ?? null,
    status: method === undefined ? 'requires_payment_method' : 'requires_confirmation',
  };
  tx.put('intent', intent);
  emit(tx, call, 'payment_intent.created', intent);
  if (!confirm) return { status: 200, body: intent };
  return attempt(tx, call, intent, textOf(form, 'return_url'));
}

export function confirmIntent(tx: LedgerTx, call: Call, id: string, form: Form): Answer {
  allowOnly(form, ['expand', 'payment_method', 'return_url', 'use_stripe_sdk', 'off_session']);
  const intent = readIntent(tx, id);
  refuseUnless(intent, 'confirm', [
    'requires_payment_method',
    'requires_confirmation',
    'requires_action',
  ]);
  const token = textOf(form, 'payment_method');
  const method = token === undefined ? intent.payment_method : methodFor(tx, token).id;
  const next: Intent = { ...intent, payment_method: method, next_action: null };
  return attempt(tx, call, next, textOf(form, 'return_url'));
}

export function cancelIntent(tx: LedgerTx, call: Call, id: string, form: Form): Answer {
  allowOnly(form, ['cancellation_reason', 'expand']);
  const reason = wordOf(form, 'cancellation_reason', [
    'abandoned',
    'duplicate',
    'fraudulent',
    'requested_by_customer',
  ]);
  const intent = readIntent(tx, id);
  refuseUnless(intent, 'cancel', [
    'requires_payment_method',
    'requires_confirmation',
    'requires_action',
    'requires_capture',
  ]);
  const canceled = keepIntent(tx, {
    ...intent,
    status: 'canceled',
    amount_capturable: 0,
    canceled_at: nowSeconds(),
    cancellation_reason: reason ?? null,
    next_action: null,
  });
  emit(tx, call, 'payment_intent.canceled', canceled);
  return { status: 200, body: canceled };
}

export function captureIntent(tx: LedgerTx, call: Call, id: string, form: Form): Answer {
  allowOnly(form, ['amount_to_capture', 'expand']);
  const intent = readIntent(tx, id);
  refuseUnless(intent, 'capture', ['requires_capture']);
  const amount = amountOf(form, 'amount_to_capture') ?? intent.amount_capturable;
  if (amount > intent.amount_capturable) {
    throw badParam(
      'amount_to_capture',
      `The requested capture amount is greater than the amount you can capture (${intent.amount_capturable}).`,
      'amount_too_large',
    );
  }
  return { status: 200, body: succeed(tx, call, intent, amount) };
}

/** The fan's answer at the 3-D Secure page: a repeat finds the intent as it already is. */
export function answerChallenge(
  tx: LedgerTx,
  call: Call,
  id: string,
  verdict: 'complete' | 'fail',
): Intent {
  const intent = readIntent(tx, id);
  if (intent.status !== 'requires_action') return intent;
  if (verdict === 'complete') return charge(tx, call, { ...intent, next_action: null });
  return decline(
    tx,
    call,
    { ...intent, next_action: null },
    {
      code: 'payment_intent_authentication_failure',
      message:
        'The provided PaymentMethod has failed authentication. You can provide payment_method to ' +
        'attempt to fulfill this PaymentIntent again.',
    },
  ).intent;
}

/** Ends a payment that was processing; does nothing when it already ended. */
export function settleProcessing(tx: LedgerTx, call: Call, id: string): void {
  const intent = tx.get('intent', id);
  if (intent?.status === 'processing') charge(tx, call, intent);
}

export function readIntent(tx: Pick<LedgerTx, 'get'>, id: string): Intent {
  const intent = tx.get('intent', id);
  if (intent === undefined) throw noSuch('payment_intent', id, 'intent');
  return intent;
}

/** Charges the card, or moves the intent to whatever its card asks for first. */
function attempt(tx: LedgerTx, call: Call, intent: Intent, returnUrl: string | undefined): Answer {
  const method =
    intent.payment_method === null ? undefined : tx.get('method', intent.payment_method);
  if (method === undefined) {
    throw new ApiRefusal(400, {
      type: 'invalid_request_error',
      code: 'payment_intent_unexpected_state',
      doc_url: docUrl('payment_intent_unexpected_state'),
      message:
        "You cannot confirm this PaymentIntent because it's missing a payment method. Update the " +
        'PaymentIntent with a payment method and then confirm it again.',
    });
  }
  const behaviour = behaviourOf(method);
  switch (behaviour.kind) {
    case 'succeeds':
      return { status: 200, body: charge(tx, call, intent) };
    case 'declines': {
      const { error } = decline(tx, call, intent, {
        code: behaviour.code,
        declineCode: behaviour.declineCode,
        message: behaviour.message,
      });
      return { status: 402, body: { error } };
    }
    case 'pends': {
      const pending = keepIntent(tx, { ...intent, status: 'processing', last_payment_error: null });
      emit(tx, call, 'payment_intent.processing', pending);
      return { status: 200, body: pending };
    }
    case 'asks':
      return { status: 200, body: challenge(tx, call, intent, returnUrl) };
  }
}

function challenge(
  tx: LedgerTx,
  call: Call,
  intent: Intent,
  returnUrl: string | undefined,
): Intent {
  const back = returnUrl ?? '';
  const query = new URLSearchParams({ client_secret: intent.client_secret, return_url: back });
  const asked = keepIntent(tx, {
    ...intent,
    status: 'requires_action',
    last_payment_error: null,
    next_action: {
      type: 'redirect_to_url',
      redirect_to_url: { return_url: back, url: `${call.publicUrl}/3ds/${intent.id}?${query}` },
    },
  });
  emit(tx, call, 'payment_intent.requires_action', asked);
  return asked;
}

function refuseUnless(intent: Intent, verb: string, states: readonly IntentStatus[]): void {
  if (states.includes(intent.status)) return;
  throw new ApiRefusal(400, {
    type: 'invalid_request_error',
    code: 'payment_intent_unexpected_state',
    doc_url: docUrl('payment_intent_unexpected_state'),
    message:
      `You cannot ${verb} this PaymentIntent because it has a status of ${intent.status}. Only a ` +
      `PaymentIntent with one of the following statuses may do so: ${states.join(', ')}.`,
    payment_intent: intent,
  });
}

// The second name is the one of API versions before 2026-09-30.
function onlyCards(form: Form): void {
  for (const name of ['allowed_payment_method_types', 'payment_method_types']) {
    const types = form[name];
    if (types === undefined) continue;
    if (!Array.isArray(types) || types.length !== 1 || types[0] !== 'card') {
      throw badParam(name, 'This sandbox takes cards only.');
    }
  }
}
