import Stripe from 'stripe';
import { BreakerOpen } from './breaker.js';
import type {
  CardOutcome,
  DisputeState,
  IntentState,
  PaymentOutcome,
  RefundState,
  Rejected,
  Unavailable,
  Unknown,
} from './outcomes.js';

/** Turns Stripe's objects and errors into outcomes; nothing of Stripe leaves this folder. */

export function readIntent(intent: Stripe.PaymentIntent, live?: boolean): IntentState {
  const { id: intentId } = intent;
  // Servers beside Stripe may leave out what is empty.
  const metadata = intent.metadata ?? {};
  switch (intent.status) {
    case 'succeeded':
      return {
        kind: 'succeeded',
        intentId,
        metadata,
        received: {
          amount: intent.amount_received ?? intent.amount,
          currency: intent.currency.toUpperCase(),
        },
        ...(isOtherMode(intent.livemode, live) ? { wrongMode: true } : {}),
      };
    case 'requires_action': {
      const url = intent.next_action?.redirect_to_url?.url;
      return {
        kind: 'requires_action',
        intentId,
        metadata,
        clientSecret: intent.client_secret ?? '',
        ...(url == null ? {} : { nextActionUrl: url }),
      };
    }
    case 'canceled':
      return { kind: 'cancelled', intentId, metadata };
    case 'requires_payment_method': {
      const error = intent.last_payment_error;
      if (error == null) return { kind: 'requires_payment_method', intentId, metadata };
      return {
        kind: 'declined',
        intentId,
        metadata,
        code: declineCode(error.code, error.decline_code),
      };
    }
    case 'requires_confirmation':
      return { kind: 'requires_payment_method', intentId, metadata };
    case 'requires_capture':
      return { kind: 'authorised', intentId, metadata };
    case 'processing':
      return { kind: 'processing', intentId, metadata };
    default:
      return { kind: 'processing', intentId, metadata };
  }
}

/** The card of an intent that was read with its payment method. */
export function readCard(intent: Stripe.PaymentIntent, live?: boolean): CardOutcome {
  const method = intent.payment_method;
  const fingerprint = method && typeof method !== 'string' ? method.card?.fingerprint : undefined;
  if (fingerprint) return { kind: 'card', fingerprint };
  const state = readIntent(intent, live);
  if (state.kind !== 'authorised') return state;
  return { ...state, kind: 'declined', code: 'card_unknown' };
}

/** Servers that don't tell their mode are believed; those that tell another are not. */
function isOtherMode(said: unknown, live: boolean | undefined): boolean {
  return live !== undefined && typeof said === 'boolean' && said !== live;
}

export function readRefund(refund: Stripe.Refund): RefundState {
  const intent = refund.payment_intent;
  return {
    kind:
      refund.status === 'succeeded'
        ? 'refunded'
        : refund.status === 'failed' || refund.status === 'canceled'
          ? 'refund_failed'
          : 'refund_pending',
    refundId: refund.id,
    intentId: typeof intent === 'string' ? intent : (intent?.id ?? ''),
    amount: { amount: refund.amount, currency: refund.currency.toUpperCase() },
    metadata: refund.metadata ?? {},
    ...codeOf(refund.failure_reason ?? refund.pending_reason),
  };
}

function codeOf(code: string | null | undefined): { code?: string } {
  return code == null ? {} : { code };
}

export function readDispute(dispute: Stripe.Dispute): DisputeState {
  const intent = dispute.payment_intent;
  return {
    kind: 'dispute',
    disputeId: dispute.id,
    intentId: typeof intent === 'string' ? intent : (intent?.id ?? ''),
    amount: { amount: dispute.amount, currency: dispute.currency.toUpperCase() },
    outcome: disputeOutcomes[dispute.status] ?? 'open',
    reason: dispute.reason,
  };
}

// Inquiries ("warnings") take no money until they become disputes.
const disputeOutcomes: Record<string, DisputeState['outcome']> = {
  warning_needs_response: 'inquiry',
  warning_under_review: 'inquiry',
  warning_closed: 'dropped',
  prevented: 'dropped',
  won: 'won',
  lost: 'lost',
};

/** What an error means for a refund or a dispute that was asked for by its id. */
export function readLookError(
  error: unknown,
): { kind: 'not_found' } | Unknown | Unavailable | Rejected {
  if (error instanceof Stripe.errors.StripeInvalidRequestError && error.statusCode === 404) {
    return { kind: 'not_found' };
  }
  return readFault(error);
}

/** What an error means for a payment; it never says more than the provider did. */
export function readPaymentError(error: unknown, live?: boolean): PaymentOutcome {
  if (error instanceof Stripe.errors.StripeCardError) {
    const intent = error.payment_intent;
    const code = declineCode(error.code, error.decline_code);
    if (intent === undefined) return { kind: 'declined', code };
    return { kind: 'declined', intentId: intent.id, metadata: intent.metadata ?? {}, code };
  }
  if (error instanceof Stripe.errors.StripeInvalidRequestError) {
    // Too late for the wish, and the error carries what the intent has become.
    if (error.code === 'payment_intent_unexpected_state' && error.payment_intent !== undefined) {
      return readIntent(error.payment_intent, live);
    }
    if (error.param === 'payment_method')
      return { kind: 'declined', code: 'invalid_payment_token' };
    if (error.statusCode === 404) return { kind: 'not_found' };
  }
  return readFault(error);
}

/** The outcomes that say nothing about the payment itself. */
export function readFault(error: unknown): Unknown | Unavailable | Rejected {
  if (error instanceof BreakerOpen) return { kind: 'unavailable', reason: 'breaker_open' };
  if (!(error instanceof Stripe.errors.StripeError)) {
    return { kind: 'unknown', reason: error instanceof Error ? error.name : 'no_answer' };
  }
  // A rate limit is answered before the request runs.
  if (error instanceof Stripe.errors.StripeRateLimitError || error.statusCode === 429) {
    return { kind: 'unavailable', reason: 'rate_limited' };
  }
  // 409: the first request under this key still runs, and will have its effect.
  if (error.statusCode === 409 || isFault(error)) {
    const status = error.statusCode === undefined ? 'no_answer' : `status_${error.statusCode}`;
    return { kind: 'unknown', reason: status };
  }
  return { kind: 'rejected', code: error.code ?? error.type };
}

/** True when the request was refused, before it ran, for a parameter that the server doesn't know. */
export function isUnknownParameter(error: unknown, name: string): boolean {
  if (!(error instanceof Stripe.errors.StripeInvalidRequestError)) return false;
  return error.statusCode === 400 && (error.param === name || error.message.includes(name));
}

/** True for the provider's own trouble, false for its answers, which don't open the breaker. */
export function isFault(error: unknown): boolean {
  if (!(error instanceof Stripe.errors.StripeError)) return true;
  const status = error.statusCode;
  return status === undefined || status >= 500 || status === 429;
}

// "card_declined" hides the reason that the fan can act on, so the finer code wins.
function declineCode(code: string | undefined, fine: string | undefined): string {
  if (code !== undefined && code !== 'card_declined') return code;
  return fine === undefined || fine === 'generic_decline' ? 'card_declined' : fine;
}
