import { readFileSync } from 'node:fs';
import { Queue } from 'bullmq';
import { Redis } from 'ioredis';
import { tellMeasured } from '../../core/runtime/measured.js';

/** Keeps requests in flight against the one-job worker and waits for each job's own outcome. */
type Plan = {
  inFlight: number;
  /** So many of the requests come first and are not in the figures, as with Usher. */
  warmUp?: number;
  requests: { showId: number; fanId: string; passId: string; seats: string[] }[];
};

const plan = JSON.parse(readFileSync(0, 'utf8')) as Plan;
const url = process.env.BASELINE_REDIS_URL ?? '';
const prefix = process.env.BASELINE_PREFIX ?? '';
const outcomeMsMax = 120_000;
const connection = new Redis(url, { maxRetriesPerRequest: null });
const queue = new Queue('one-job', { connection, prefix });
await queue.waitUntilReady();

/** The worker tells each outcome on a channel, which costs less than the queue's own event stream. */
const results = new Redis(url);
const told = new Map<string, string>();
const asked = new Map<string, (outcome: string) => void>();
results.on('message', (_channel, text) => {
  const [id, outcome] = JSON.parse(text) as [string, string];
  const resolve = asked.get(id);
  if (resolve) resolve(outcome);
  else told.set(id, outcome);
});
await results.subscribe(`${prefix}:done`);

function outcomeOf(id: string): Promise<string> {
  const known = told.get(id);
  if (known !== undefined) return Promise.resolve(known);
  return new Promise((resolve) => {
    const timer = setTimeout(() => resolve('UNKNOWN'), outcomeMsMax);
    asked.set(id, (outcome) => {
      clearTimeout(timer);
      asked.delete(id);
      resolve(outcome);
    });
  });
}

const latencies: number[] = [];
let unknown = 0;

/** Sends requests, so many hands at once; resolves with the seconds until all are answered. */
async function send(requests: Plan['requests']): Promise<number> {
  const startedMs = performance.now();
  const waiting = requests.values();
  const hand = async (): Promise<void> => {
    for (const request of waiting) {
      const beganMs = performance.now();
      const job = await queue.add('reserve', request, { attempts: 3 });
      const outcome = await outcomeOf(job.id ?? '');
      if (outcome === 'UNKNOWN') unknown += 1;
      latencies.push(performance.now() - beganMs);
    }
  };
  await Promise.all(Array.from({ length: plan.inFlight }, hand));
  return (performance.now() - startedMs) / 1_000;
}

await send(plan.requests.slice(0, plan.warmUp ?? 0));
latencies.length = 0;
const measured = plan.requests.slice(plan.warmUp ?? 0);
const seconds = await send(measured);
tellMeasured(measured.length, seconds, { tookMs: latencies, unknown });
await queue.close();
connection.disconnect();
results.disconnect();
