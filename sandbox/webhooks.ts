import { createHmac } from 'node:crypto';
import type { Faults } from './faults.js';
import type { Ledger } from './ledger.js';
import { nowSeconds, type StripeEvent } from './objects.js';

/** Deliveries stop after this many tries; Stripe's own retries go on for three days. */
export const attemptsMax = 12;
const retryFirstMs = 250;
const retryMsMax = 15_000;
const answerMsMax = 10_000;
const postsMax = 32;

export type Webhooks = {
  /** Starts the delivery of those of the events that are pending and not yet under way. */
  send(eventIds: Iterable<string>): void;
  close(): Promise<void>;
};

/**
 * Delivers events to one endpoint: at least once, in no promised order, each event on its own, with
 * exponential backoff until a 2xx answer. What is undelivered survives a restart in the ledger.
 */
export function openWebhooks(deps: {
  ledger: Ledger;
  faults: Faults;
  url: string;
  secret: string;
}): Webhooks {
  const { ledger } = deps;
  const underWay = new Map<string, Promise<void>>();
  const stop = new AbortController();
  const post = poster(deps, stop.signal);

  const start = (event: StripeEvent): void => {
    const mode = deps.faults.settings();
    const waits = { delayed: 1, shuffled: Math.random(), on: 0, off: 0, doubled: 0 };
    const waitMs = waits[mode.webhooks] * mode.webhook_delay_ms;
    const work = deliver({ event, ledger, post, waitMs, signal: stop.signal });
    underWay.set(
      event.id,
      work.finally(() => underWay.delete(event.id)),
    );
    if (mode.webhooks === 'doubled') void post(event);
  };

  return {
    send: (eventIds) => {
      for (const id of eventIds) {
        const event = ledger.get('event', id);
        const pending = ledger.get('delivery', id)?.state === 'pending';
        if (event !== undefined && pending && !underWay.has(id)) start(event);
      }
    },
    close: async () => {
      stop.abort();
      await Promise.all(underWay.values());
    },
  };
}

/** The `Stripe-Signature` header: `t=<seconds>,v1=<HMAC-SHA256 of "t.payload" in hex>`. */
export function signatureOf(payload: string, secret: string, seconds: number): string {
  const digest = createHmac('sha256', secret).update(`${seconds}.${payload}`).digest('hex');
  return `t=${seconds},v1=${digest}`;
}

type Post = (event: StripeEvent) => Promise<boolean>;

async function deliver(work: {
  event: StripeEvent;
  ledger: Ledger;
  post: Post;
  waitMs: number;
  signal: AbortSignal;
}): Promise<void> {
  const { event, ledger, signal } = work;
  await pause(work.waitMs, signal);
  const before = ledger.get('delivery', event.id)?.attempts ?? 0;
  for (let attempt = before + 1; attempt <= attemptsMax && !signal.aborted; attempt += 1) {
    const done = await work.post(event);
    if (signal.aborted && !done) return;
    const state = done ? 'delivered' : attempt === attemptsMax ? 'gave_up' : 'pending';
    ledger.transaction((tx) => tx.put('delivery', { id: event.id, state, attempts: attempt }));
    if (done) return;
    await pause(Math.min(retryMsMax, retryFirstMs * 2 ** (attempt - 1)), signal);
  }
}

/** Posts events to the endpoint, a bounded number at a time; true means a 2xx answer. */
function poster(endpoint: { url: string; secret: string }, signal: AbortSignal): Post {
  const waiting: (() => void)[] = [];
  let flying = 0;
  return async (event) => {
    if (flying >= postsMax) await new Promise<void>((resolve) => waiting.push(resolve));
    else flying += 1;
    try {
      return await postOnce(event, endpoint, signal);
    } finally {
      const next = waiting.shift();
      if (next === undefined) flying -= 1;
      else next();
    }
  };
}

async function postOnce(
  event: StripeEvent,
  endpoint: { url: string; secret: string },
  signal: AbortSignal,
): Promise<boolean> {
  const payload = JSON.stringify(event, null, 2);
  try {
    const answer = await fetch(endpoint.url, {
      method: 'POST',
      redirect: 'manual',
      headers: {
        'content-type': 'application/json; charset=utf-8',
        'stripe-signature': signatureOf(payload, endpoint.secret, nowSeconds()),
        'user-agent': 'Stripe/1.0 (+https://stripe.com/docs/webhooks)',
      },
      body: payload,
      signal: AbortSignal.any([signal, AbortSignal.timeout(answerMsMax)]),
    });
    await answer.arrayBuffer();
    return answer.status >= 200 && answer.status < 300;
  } catch {
    return false;
  }
}

/** Waits, or returns early when the server closes. */
export function pause(ms: number, signal: AbortSignal): Promise<void> {
  if (ms <= 0 || signal.aborted) return Promise.resolve();
  return new Promise((resolve) => {
    const end = (): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', end);
      resolve();
    };
    const timer = setTimeout(end, ms);
    signal.addEventListener('abort', end);
  });
}
