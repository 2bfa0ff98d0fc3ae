import { readFileSync } from 'node:fs';
import { openWakeQueue } from '../../core/queue/wake.js';
import { closeRedis, openRedis } from '../../core/redis/connect.js';
import { redisNames } from '../../core/redis/keys.js';
import { subscribe } from '../../core/redis/news.js';
import { readConfig } from '../../core/runtime/config.js';
import { openLog } from '../../core/runtime/log.js';
import { tellMeasured } from '../../core/runtime/measured.js';
import { acceptLimits, openDatabase } from '../../core/store/database.js';
import { openShards } from '../../core/store/shards.js';
import { openAccepting } from './accepting.js';
import { openOutcomes } from './outcomes.js';

/**
 * Measures accepting and deciding without HTTP: keeps a number of requests in flight until all are
 * answered, and prints how long each took until its outcome was known here. `usher bench` starts
 * it as a program of its own; standard input is the plan.
 */
type Plan = {
  inFlight: number;
  /** So many of the requests come first and are not in the figures: a program is slow at its start. */
  warmUp?: number;
  /** Requests begin by schedule, however long others take; else when one has ended. */
  perSecond?: number;
  requests: { showId: number; fanId: string; saleId: string; passId: string; seats: string[] }[];
};

const outcomeMsMax = 60_000;
const plan = JSON.parse(readFileSync(0, 'utf8')) as Plan;
const config = readConfig(process.env);
const log = openLog('bench', config.logLevel);
const names = redisNames(config.redisPrefix);
const node = 'bench001';
const onError = (error: Error) => log.warn({ err: error.message }, 'redis');
const catalog = openDatabase(config.catalogUrl);
const shards = await openShards(catalog, config.shardUrls);
const redis = openRedis(config.redisUrl, 'worker', onError);
const subscriber = openRedis(config.redisUrl, 'subscriber', onError);
const wakes = openWakeQueue(redis, names, onError);
const outcomes = openOutcomes(shards, log);
await subscribe(subscriber, names, node, (message) => {
  if (message.kind === 'decisions') outcomes.heard(message.decisions);
});
const acceptShards = await openShards(catalog, config.shardUrls, { limits: acceptLimits });
const accepting = openAccepting(acceptShards, wakes.wake);

const latencies: number[] = [];
let unknown = 0;
const { warmUp = 0, perSecond } = plan;

/** When a request begins; waiting counts from then, though this process may be late. */
async function turnOf(no: number, startedMs: number): Promise<number> {
  if (perSecond === undefined) return performance.now();
  const dueMs = startedMs + (no / perSecond) * 1_000;
  const earlyMs = dueMs - performance.now();
  if (earlyMs > 0) await new Promise((resolve) => setTimeout(resolve, earlyMs));
  return dueMs;
}

async function outcomeOf({ showId, fanId, saleId, passId, seats }: Plan['requests'][number]) {
  const shardId = (await shards.idOf(showId)) ?? 0;
  const entry = {
    showId,
    fanId,
    saleId,
    passId,
    node,
    idemKey: passId,
    bodyHash: '-',
    wish: { seats },
  };
  const row = await accepting.accept(shardId, entry);
  return row && outcomes.wait(shardId, { showId, no: row.requestId }, outcomeMsMax);
}

/** Sends requests, so many hands at once; resolves with the seconds until all are answered. */
async function send(requests: Plan['requests'], hands: number): Promise<number> {
  const startedMs = performance.now();
  const waiting = requests.entries();
  const hand = async (): Promise<void> => {
    for (const [no, request] of waiting) {
      const beganMs = await turnOf(no, startedMs);
      const outcome = await outcomeOf(request);
      latencies.push(performance.now() - beganMs);
      if (!outcome) unknown += 1;
    }
  };
  await Promise.all(Array.from({ length: hands }, hand));
  return (performance.now() - startedMs) / 1_000;
}

const begun = process.cpuUsage();
await send(plan.requests.slice(0, warmUp), plan.inFlight);
latencies.length = 0;
const measured = plan.requests.slice(warmUp);
// By schedule nobody waits for a free hand, so there are as many as there are requests.
const seconds = await send(measured, perSecond === undefined ? plan.inFlight : measured.length);
tellMeasured(measured.length, seconds, { tookMs: latencies, unknown, begun });
outcomes.close();
await wakes.close();
closeRedis(redis);
closeRedis(subscriber);
await acceptShards.close();
await shards.close();
await catalog.close();
