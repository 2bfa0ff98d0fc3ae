import type { Money } from '../domain/money.js';

/**
 * What a provider can have said, and the two ways of not knowing. `unknown` means that the request
 * may have had its effect: read the intent again, or repeat with the same key. `unavailable` means
 * that nothing was sent or the provider took nothing in: safe to try again later. `rejected` means
 * that the provider will never accept this request.
 */

export type Unknown = { kind: 'unknown'; reason: string };
export type Unavailable = { kind: 'unavailable'; reason: string };
export type Rejected = { kind: 'rejected'; code: string };
/** Nothing was sent, since other calls came first: repeat it, in its turn. */
export type Queued = { kind: 'queued' };

/** Who goes first when the provider's limit lets fewer calls out than there are. */
export type Priority = 'confirm' | 'cancel' | 'refund';

/** The present state of one intent, with the provider's id for it. */
export type IntentState = { intentId: string; metadata: Record<string, string> } & (
  | {
      kind: 'succeeded';
      received: Money;
      /** The provider says that it is test money where real was asked for, or the reverse. */
      wrongMode?: boolean;
    }
  | { kind: 'requires_action'; clientSecret: string; nextActionUrl?: string }
  /** The card is good for it and nothing is taken: the capture is ours to make. */
  | { kind: 'authorised' }
  | { kind: 'processing' }
  | { kind: 'declined'; code: string }
  | { kind: 'cancelled' }
  | { kind: 'requires_payment_method' }
);

/**
 * The answer about one payment. A `declined` without an intent comes from a payment token that the
 * provider doesn't know, for which it makes no intent.
 */
export type PaymentOutcome =
  | IntentState
  | { kind: 'declined'; code: string; intentId?: undefined }
  | { kind: 'not_found' }
  | Unknown
  | Unavailable
  | Rejected
  | Queued;

/** A card that the provider can't tell apart from others can't be counted: it is declined. */
export type CardOutcome = { kind: 'card'; fingerprint: string } | PaymentOutcome;

export type RefundState = {
  kind: 'refunded' | 'refund_pending' | 'refund_failed';
  refundId: string;
  intentId: string;
  amount: Money;
  metadata: Record<string, string>;
  /** Why it failed or waits, where the provider tells. */
  code?: string;
};

export type RefundOutcome =
  | RefundState
  | { kind: 'not_found' }
  | Unknown
  | Unavailable
  | Rejected
  | Queued;

/** A cardholder's objection, for which the provider takes the money back until it is decided. */
export type DisputeState = {
  kind: 'dispute';
  disputeId: string;
  /** Empty for a charge that no intent made. */
  intentId: string;
  amount: Money;
  /** An `inquiry` only asks, and one that was `dropped` took nothing or gave it back. */
  outcome: 'inquiry' | 'open' | 'won' | 'lost' | 'dropped';
  reason: string;
};

export type DisputeOutcome =
  | DisputeState
  | { kind: 'not_found' }
  | Unknown
  | Unavailable
  | Rejected
  | Queued;

/** What the provider did in a span of time, for the daily close. */
export type ProviderBooks = {
  payments: IntentState[];
  refunds: RefundState[];
  disputes: DisputeState[];
};

/** One signed message from the provider, by its id so that a repeat can be recognised. */
export type WebhookOutcome =
  | { kind: 'payment'; eventId: string; type: string; at: Date; payment: IntentState }
  | { kind: 'refund'; eventId: string; type: string; at: Date; refund: RefundState }
  | { kind: 'dispute'; eventId: string; type: string; at: Date; dispute: DisputeState }
  | { kind: 'ignored'; eventId: string; type: string; at: Date }
  | { kind: 'bad_signature' };

/** The one face of a payment provider. No function throws for what the provider says or doesn't. */
export type Payments = {
  /**
   * Creates an intent for the amount (minor units) and confirms it with the card token in one
   * call. The same key with the same values gets the first answer again; money moves at most once.
   */
  createIntent(request: {
    amount: number;
    currency: string;
    idempotencyKey: string;
    metadata: Record<string, string>;
    paymentToken: string;
    returnUrl: string;
    /** Only authorises: the money is taken by `captureIntent`. */
    manualCapture?: boolean;
  }): Promise<PaymentOutcome>;
  /** Takes the money of an authorised intent; the key makes it happen once. */
  captureIntent(intentId: string, idempotencyKey: string): Promise<PaymentOutcome>;
  /** Which card pays an intent: the same card has the same fingerprint, whoever brings it. */
  readCard(intentId: string): Promise<CardOutcome>;
  retrieveIntent(intentId: string, priority?: Priority): Promise<PaymentOutcome>;
  /**
   * Finds the intent whose metadata holds the pair, among those created in the given time, for an
   * attempt whose answer never came. `not_found` means that the provider has none.
   */
  findIntent(search: {
    key: string;
    value: string;
    createdFrom: Date;
    createdTo: Date;
  }): Promise<PaymentOutcome>;
  /** Cancels unless it is too late: then the outcome is what the intent really is. */
  cancelIntent(intentId: string): Promise<PaymentOutcome>;
  /** Gives back `amount` minor units of a captured payment; the key makes it happen once. */
  refund(request: {
    intentId: string;
    amount: number;
    idempotencyKey: string;
    metadata: Record<string, string>;
  }): Promise<RefundOutcome>;
  retrieveRefund(refundId: string): Promise<RefundOutcome>;
  retrieveDispute(disputeId: string): Promise<DisputeOutcome>;
  /** All payments, refunds and disputes created in the span. @throws Error when they can't be read now. */
  readBooks(span: { from: Date; to: Date }): Promise<ProviderBooks>;
  /** Checks the signature (at most 5 minutes old) over the raw bytes and reads the message. */
  parseWebhook(rawBody: Buffer, signature: string): WebhookOutcome;
  /** Whether calls go out at present; for readiness, metrics and the admission rate. */
  breakerState(): 'closed' | 'half_open' | 'open';
  close(): void;
};
