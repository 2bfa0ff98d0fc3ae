import { createHmac } from 'node:crypto';
import { readJson } from '../stage/read-json.js';
import type { FaultRun } from './cell.js';

type Ledger = {
  payment_intents: Record<string, unknown>[];
  events: { id: string; type: string; created: number; object_id: string }[];
};

const postsAtOnce = 20;
const staleSeconds = 3_600;

async function post(
  { world }: FaultRun,
  event: unknown,
  { seconds, secret }: { seconds: number; secret: string },
): Promise<number> {
  const payload = JSON.stringify(event);
  const digest = createHmac('sha256', secret).update(`${seconds}.${payload}`).digest('hex');
  const answer = await fetch(new URL('/api/v1/payments/webhook', world.usher.url), {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      'stripe-signature': `t=${seconds},v1=${digest}`,
    },
    body: payload,
  });
  return answer.status;
}

async function pastEvents({ world }: FaultRun): Promise<Record<string, unknown>[]> {
  const { body } = await readJson<Ledger>(new URL('/_sandbox/ledger', world.usher.providerUrl));
  const intents = new Map(body.payment_intents.map((intent) => [String(intent.id), intent]));
  return body.events.flatMap(({ id, type, created, object_id: objectId }) => {
    const object = intents.get(objectId);
    const event = { id, object: 'event', type, created, livemode: false, data: { object } };
    return object === undefined ? [] : [{ ...event, api_version: '2025-03-31.basil' }];
  });
}

/** The newest event many times at once, then all events in any order: old ones after new ones. */
export async function replayEvents(run: FaultRun, times: number): Promise<void> {
  const events = await pastEvents(run);
  const newest = events.at(-1);
  if (!newest) return;
  const secret = run.world.usher.env.STRIPE_WEBHOOK_SECRET ?? '';
  const shuffled = events
    .map((event) => ({ event, at: run.random.next() }))
    .sort((a, b) => a.at - b.at)
    .map(({ event }) => event);
  const all = [...Array.from({ length: times }, () => newest), ...shuffled];
  for (let from = 0; from < all.length; from += postsAtOnce) {
    const seconds = Math.floor(Date.now() / 1_000);
    const some = all.slice(from, from + postsAtOnce);
    const answers = await Promise.all(some.map((event) => post(run, event, { seconds, secret })));
    run.note('replayed', some.length);
    run.note('taken', answers.filter((status) => status === 200).length);
  }
}

/** Events with an old stamp or a foreign signature must be refused with 400. */
export async function sendStaleEvent(run: FaultRun): Promise<void> {
  const secret = run.world.usher.env.STRIPE_WEBHOOK_SECRET ?? '';
  const now = Math.floor(Date.now() / 1_000);
  const event = { id: 'evt_forged', object: 'event', type: 'payment_intent.succeeded', data: {} };
  const answers = [
    await post(run, event, { seconds: now - staleSeconds, secret }),
    await post(run, event, { seconds: now, secret: 'whsec_of_somebody_else' }),
  ];
  if (answers.some((status) => status !== 400)) {
    throw new Error(`forged events were answered ${answers.join(' and ')}`);
  }
  run.note('refused', answers.length);
}
