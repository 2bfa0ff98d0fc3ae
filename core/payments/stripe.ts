import Stripe from 'stripe';
import { openBreaker } from './breaker.js';
import type { PaymentOutcome, Payments, RefundOutcome, WebhookOutcome } from './outcomes.js';
import { isFault, readFault, readIntent, readPaymentError, readRefund } from './reading.js';

export type PaymentsSettings = {
  secretKey: string;
  /** Another server that speaks Stripe's API, such as `http://127.0.0.1:12111`; unset: Stripe. */
  apiBase?: string | undefined;
  webhookSecret: string;
  /** How long one call may take, in milliseconds, before its outcome is `unknown`. */
  timeoutMs: number;
  /** How long the open breaker sends nothing, in milliseconds. */
  breakerResetMs?: number;
};

const signatureSecondsMax = 300;
const pageIntents = 100;
const searchIntentsMax = 5_000;

/**
 * Opens the provider. Writing calls aren't repeated by the SDK, since the caller repeats them under
 * its own key and the breaker must see each failure; reading calls are repeated once.
 * Throws when `apiBase` is no http(s) address.
 */
export function openPayments(settings: PaymentsSettings): Payments {
  const stripe = new Stripe(settings.secretKey, {
    ...serverOf(settings.apiBase),
    telemetry: false,
    maxNetworkRetries: 0,
    timeout: settings.timeoutMs,
  });
  const breaker = openBreaker({ isFault, resetMs: settings.breakerResetMs ?? 5_000 });

  const payment = async (
    call: () => Promise<Stripe.PaymentIntent | undefined>,
  ): Promise<PaymentOutcome> => {
    try {
      const intent = await breaker.run(call);
      return intent === undefined ? { kind: 'not_found' } : readIntent(intent);
    } catch (error) {
      return readPaymentError(error);
    }
  };

  return {
    createIntent: (request) =>
      payment(() =>
        stripe.paymentIntents.create(
          {
            allowed_payment_method_types: ['card'],
            amount: request.amount,
            currency: request.currency.toLowerCase(),
            confirm: true,
            metadata: request.metadata,
            payment_method: request.paymentToken,
            return_url: request.returnUrl,
          },
          { idempotencyKey: request.idempotencyKey },
        ),
      ),
    retrieveIntent: (intentId) =>
      payment(() => stripe.paymentIntents.retrieve(intentId, {}, { maxNetworkRetries: 1 })),
    findIntent: (search) => payment(() => searchIntent(stripe, search)),
    cancelIntent: (intentId) => cancel(stripe, payment, intentId),
    refund: async (request): Promise<RefundOutcome> => {
      try {
        const refund = await breaker.run(() =>
          stripe.refunds.create(
            {
              payment_intent: request.intentId,
              amount: request.amount,
              metadata: request.metadata,
            },
            { idempotencyKey: request.idempotencyKey },
          ),
        );
        return readRefund(refund);
      } catch (error) {
        return readFault(error);
      }
    },
    parseWebhook: (rawBody, signature) =>
      parseWebhook(stripe, settings.webhookSecret, rawBody, signature),
    breakerState: breaker.state,
    close: breaker.close,
  };
}

async function cancel(
  stripe: Stripe,
  payment: (call: () => Promise<Stripe.PaymentIntent>) => Promise<PaymentOutcome>,
  intentId: string,
): Promise<PaymentOutcome> {
  const outcome = await payment(() => stripe.paymentIntents.cancel(intentId));
  if (outcome.kind !== 'rejected') return outcome;
  // A refusal without the intent in it: what matters is what the intent has become.
  return payment(() => stripe.paymentIntents.retrieve(intentId, {}, { maxNetworkRetries: 1 }));
}

/** Reads the intents of a time window, newest first; a list is exact where the search index lags. */
async function searchIntent(
  stripe: Stripe,
  search: Parameters<Payments['findIntent']>[0],
): Promise<Stripe.PaymentIntent | undefined> {
  const list = stripe.paymentIntents.list(
    {
      limit: pageIntents,
      created: {
        gte: Math.floor(search.createdFrom.getTime() / 1000),
        lte: Math.ceil(search.createdTo.getTime() / 1000),
      },
    },
    { maxNetworkRetries: 1 },
  );
  let seen = 0;
  for await (const intent of list) {
    if (intent.metadata[search.key] === search.value) return intent;
    seen += 1;
    // To stop early and say "none" would be a lie that could charge a fan twice.
    if (seen >= searchIntentsMax)
      throw new Error(`more than ${searchIntentsMax} intents to search`);
  }
  return undefined;
}

function parseWebhook(
  stripe: Stripe,
  secret: string,
  rawBody: Buffer,
  signature: string,
): WebhookOutcome {
  let event: Stripe.Event;
  try {
    event = stripe.webhooks.constructEvent(rawBody, signature, secret, signatureSecondsMax);
  } catch {
    return { kind: 'bad_signature' };
  }
  const head = { eventId: event.id, type: event.type, at: new Date(event.created * 1000) };
  const { object } = event.data;
  if ('object' in object && object.object === 'payment_intent') {
    return { kind: 'payment', ...head, payment: readIntent(object) };
  }
  if ('object' in object && object.object === 'refund') {
    return { kind: 'refund', ...head, refund: readRefund(object) };
  }
  return { kind: 'ignored', ...head };
}

function serverOf(
  apiBase: string | undefined,
): Pick<Stripe.StripeConfig, 'host' | 'port' | 'protocol'> {
  if (apiBase === undefined) return {};
  const url = new URL(apiBase);
  const protocol = url.protocol === 'https:' ? 'https' : 'http';
  if (url.protocol !== `${protocol}:` || url.pathname !== '/') {
    throw new Error('STRIPE_API_BASE must be http(s)://host[:port], without a path');
  }
  const port = url.port === '' ? (protocol === 'https' ? 443 : 80) : Number(url.port);
  return { host: url.hostname, port, protocol };
}
