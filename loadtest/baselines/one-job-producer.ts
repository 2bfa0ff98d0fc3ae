import { readFileSync } from 'node:fs';
import { Queue } from 'bullmq';
import { Redis } from 'ioredis';

/** Keeps requests in flight against the one-job worker and waits for each job's own outcome. */
type Plan = {
  inFlight: number;
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
const counts = { granted: 0, refused: 0, unknown: 0 };
let next = 0;

async function one(): Promise<void> {
  for (let index = next++; index < plan.requests.length; index = next++) {
    const startedMs = performance.now();
    const job = await queue.add('reserve', plan.requests[index], { attempts: 3 });
    const outcome = await outcomeOf(job.id ?? '');
    if (outcome === 'GRANTED') counts.granted += 1;
    else if (outcome === 'REFUSED') counts.refused += 1;
    else counts.unknown += 1;
    latencies.push(performance.now() - startedMs);
  }
}

const startedMs = performance.now();
await Promise.all(Array.from({ length: plan.inFlight }, one));
const seconds = (performance.now() - startedMs) / 1000;
latencies.sort((a, b) => a - b);
const percentile = (share: number) => latencies[Math.floor((latencies.length - 1) * share)] ?? 0;
console.log(
  JSON.stringify({
    msg: 'measured',
    seconds,
    per_second: plan.requests.length / seconds,
    p50_ms: percentile(0.5),
    p99_ms: percentile(0.99),
    ...counts,
  }),
);
await queue.close();
connection.disconnect();
results.disconnect();
