import { openRestingBreaker } from '../runtime/breaker.js';
import { signBody } from '../runtime/webhook-signature.js';

/** What the operator's gateway is told; it chooses between SMS and push. */
export type GatewayMessage = {
  /** The logical message: the same for every repeat. */
  message_id: string;
  kind: string;
  to: { fan_id: string; phone: string | null };
  locale: string;
  title: string;
  text: string;
  url: string;
};

export type GatewayOutcome =
  | { kind: 'sent' }
  /** It answered with a 4xx: this message will never be taken. */
  | { kind: 'refused'; reason: string }
  | { kind: 'failed'; reason: string };

export type Gateway = { send(message: GatewayMessage): Promise<GatewayOutcome> };

const answerMsMax = 10_000;

/**
 * Sends short messages as signed webhooks: `Usher-Signature: t=<seconds>,v1=<hex>`, where `v1` is
 * HMAC-SHA256 of `<seconds>.<body>`. Redirects aren't followed.
 */
export function openGateway(settings: { url: string; secret: string; restMs?: number }): Gateway {
  const breaker = openRestingBreaker(settings.restMs);
  return {
    send: async (message) => {
      if (!breaker.mayCall()) return { kind: 'failed', reason: 'resting' };
      const outcome = await post(settings, JSON.stringify(message));
      if (outcome.kind === 'failed') breaker.failed();
      else breaker.succeeded();
      return outcome;
    },
  };
}

async function post(
  { url, secret }: { url: string; secret: string },
  body: string,
): Promise<GatewayOutcome> {
  try {
    const answer = await fetch(url, {
      method: 'POST',
      redirect: 'manual',
      signal: AbortSignal.timeout(answerMsMax),
      headers: {
        'Content-Type': 'application/json',
        'Usher-Signature': signBody(secret, body, Date.now()),
      },
      body,
    });
    await answer.body?.cancel();
    if (answer.ok) return { kind: 'sent' };
    const reason = `http_${answer.status}`;
    const busy = answer.status === 408 || answer.status === 409 || answer.status === 429;
    const final = answer.status >= 400 && answer.status < 500 && !busy;
    return { kind: final ? 'refused' : 'failed', reason };
  } catch (error) {
    return { kind: 'failed', reason: error instanceof Error ? error.name : 'no_answer' };
  }
}
