import Stripe from 'stripe';
import { openBreaker } from './breaker.js';
import { openCreate } from './create-intent.js';
import type {
  DisputeState,
  IntentState,
  PaymentOutcome,
  Payments,
  Priority,
  RefundOutcome,
  RefundState,
  WebhookOutcome,
} from './outcomes.js';
import type { ProviderRate } from './provider-rate.js';
import {
  isFault,
  readCard,
  readDispute,
  readFault,
  readIntent,
  readLookError,
  readPaymentError,
  readRefund,
} from './reading.js';

export type PaymentsSettings = {
  secretKey: string;
  /** Another server that speaks Stripe's API, such as `http://127.0.0.1:12111`; unset: Stripe. */
  apiBase?: string | undefined;
  webhookSecret: string;
  /** How long one call may take, in milliseconds, before its outcome is `unknown`. */
  timeoutMs: number;
  /** How long the open breaker sends nothing, in milliseconds. */
  breakerResetMs?: number;
  /** The provider's own limit; unset: calls go out at once. */
  rate?: ProviderRate | undefined;
};

const signatureSecondsMax = 300;
const pageRows = 100;
const searchIntentsMax = 5_000;
const bookRowsMax = 200_000;

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
  const { rate } = settings;
  const live = modeOf(settings.secretKey);
  const breaker = openBreaker({ isFault, resetMs: settings.breakerResetMs ?? 5_000 });
  const once = { maxNetworkRetries: 1 };

  /** In its turn and through the breaker; undefined when the turn didn't come. */
  const ask = async <T, E>(
    priority: Priority,
    call: () => Promise<T>,
    failed: (error: unknown) => E,
  ): Promise<T | E | { kind: 'queued' }> => {
    // An open breaker answers at once: no call that isn't made should wait for its turn.
    if (rate && breaker.state() !== 'open' && !(await rate.turn(priority))) {
      return { kind: 'queued' };
    }
    try {
      return await breaker.run(call);
    } catch (error) {
      if (breaker.state() === 'open') rate?.troubled();
      return failed(error);
    }
  };
  const payment = (
    priority: Priority,
    call: () => Promise<Stripe.PaymentIntent>,
  ): Promise<PaymentOutcome> =>
    ask(
      priority,
      async (): Promise<PaymentOutcome> => readIntent(await call(), live),
      (error) => readPaymentError(error, live),
    );
  const refund = (call: () => Promise<Stripe.Refund>): Promise<RefundOutcome> =>
    ask('refund', async () => readRefund(await call()), readLookError);
  const retrieve = (intentId: string, priority: Priority): Promise<PaymentOutcome> =>
    payment(priority, () => stripe.paymentIntents.retrieve(intentId, {}, once));

  const createIntent = openCreate(stripe);

  return {
    createIntent: (request) => payment('confirm', () => createIntent(request)),
    captureIntent: (intentId, idempotencyKey) =>
      payment('confirm', () => stripe.paymentIntents.capture(intentId, {}, { idempotencyKey })),
    readCard: (intentId) =>
      ask(
        'confirm',
        async () => {
          const expand = { expand: ['payment_method'] };
          return readCard(await stripe.paymentIntents.retrieve(intentId, expand, once), live);
        },
        (error) => readPaymentError(error, live),
      ),
    retrieveIntent: (intentId, priority = 'confirm') => retrieve(intentId, priority),
    findIntent: (search) =>
      ask(
        'cancel',
        async (): Promise<PaymentOutcome> => {
          const intent = await searchIntent(stripe, search);
          return intent === undefined ? { kind: 'not_found' } : readIntent(intent, live);
        },
        // A server without this list answers 404 as well, and has said nothing about the intent.
        readFault,
      ),
    cancelIntent: async (intentId) => {
      const outcome = await payment('cancel', () => stripe.paymentIntents.cancel(intentId));
      // A refusal without the intent in it: what matters is what the intent has become.
      return outcome.kind === 'rejected' ? retrieve(intentId, 'cancel') : outcome;
    },
    refund: (request) =>
      refund(() =>
        stripe.refunds.create(
          {
            payment_intent: request.intentId,
            amount: request.amount,
            metadata: request.metadata,
          },
          { idempotencyKey: request.idempotencyKey },
        ),
      ),
    retrieveRefund: (refundId) => refund(() => stripe.refunds.retrieve(refundId, {}, once)),
    retrieveDispute: (disputeId) =>
      ask(
        'refund',
        async () => readDispute(await stripe.disputes.retrieve(disputeId, {}, once)),
        readLookError,
      ),
    readBooks: async (span) => ({
      payments: await readPages<Stripe.PaymentIntent, IntentState>(
        { span, rate },
        (page) => stripe.paymentIntents.list(page, once),
        (intent) => readIntent(intent, live),
      ),
      refunds: await readPages<Stripe.Refund, RefundState>(
        { span, rate },
        (page) => stripe.refunds.list(page, once),
        readRefund,
      ),
      disputes: await readPages<Stripe.Dispute, DisputeState>(
        { span, rate },
        (page) => stripe.disputes.list(page, once),
        readDispute,
      ).catch(noneWithoutList),
    }),
    parseWebhook: (rawBody, signature) =>
      parseWebhook(stripe, { secret: settings.webhookSecret, live }, rawBody, signature),
    breakerState: breaker.state,
    close: () => {
      rate?.close();
      breaker.close();
    },
  };
}

/** True for a live key, false for a test key; other servers' keys say nothing. */
function modeOf(secretKey: string): boolean | undefined {
  const mode = /^(?:sk|rk)_(live|test)_/.exec(secretKey)?.[1];
  return mode === undefined ? undefined : mode === 'live';
}

type Span = { from: Date; to: Date };
type Listed = { id: string; created: number };
type Page = { limit: number; created: Stripe.RangeQueryParam };

function pageOf({ from, to }: Span): Page {
  const gte = Math.floor(from.getTime() / 1000);
  return { limit: pageRows, created: { gte, lte: Math.ceil(to.getTime() / 1000) } };
}

/** Everything created in a span; a server that filters less is filtered here. */
async function readPages<T extends Listed, S>(
  { span, rate }: { span: Span; rate: ProviderRate | undefined },
  list: (page: Page) => AsyncIterable<T>,
  read: (object: T) => S,
): Promise<S[]> {
  const found: S[] = [];
  let seen = 0;
  for await (const object of list(pageOf(span))) {
    seen += 1;
    // Before the next page is fetched; a close may be late, so that it comes after everybody.
    if (seen % pageRows === 0) await rate?.turn('refund');
    if (seen > bookRowsMax)
      throw new Error(`more than ${bookRowsMax} rows in the provider's books`);
    const atMs = object.created * 1000;
    if (atMs >= span.from.getTime() && atMs < span.to.getTime()) found.push(read(object));
  }
  return found;
}

/** A server that knows no disputes has none; the others of its books are read all the same. */
function noneWithoutList(error: unknown): [] {
  if (readLookError(error).kind !== 'not_found') throw error;
  return [];
}

/** Reads the intents of a time window, newest first; a list is exact where the search index lags. */
async function searchIntent(
  stripe: Stripe,
  search: Parameters<Payments['findIntent']>[0],
): Promise<Stripe.PaymentIntent | undefined> {
  const span = { from: search.createdFrom, to: search.createdTo };
  const list = stripe.paymentIntents.list(pageOf(span), { maxNetworkRetries: 1 });
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
  { secret, live }: { secret: string; live: boolean | undefined },
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
  const what = 'object' in object ? object.object : undefined;
  switch (what) {
    case 'payment_intent':
      return { kind: 'payment', ...head, payment: readIntent(object as never, live) };
    case 'refund':
      return { kind: 'refund', ...head, refund: readRefund(object as never) };
    case 'dispute':
      return { kind: 'dispute', ...head, dispute: readDispute(object as never) };
    default:
      return { kind: 'ignored', ...head };
  }
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
