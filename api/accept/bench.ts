import { readFileSync } from 'node:fs';
import { openWakeQueue } from '../../core/queue/wake.js';
import { closeRedis, openRedis } from '../../core/redis/connect.js';
import { redisNames } from '../../core/redis/keys.js';
import { subscribe } from '../../core/redis/news.js';
import { readConfig } from '../../core/runtime/config.js';
import { openLog } from '../../core/runtime/log.js';
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
const counts = { granted: 0, refused: 0, unknown: 0 };
let next = 0;

/** When a request begins; waiting counts from then, though this process may be late. */
async function turnOf(index: number): Promise<number> {
  if (plan.perSecond === undefined) return performance.now();
  const dueMs = startedMs + (index / plan.perSecond) * 1_000;
  const earlyMs = dueMs - performance.now();
  if (earlyMs > 0) await new Promise((resolve) => setTimeout(resolve, earlyMs));
  return dueMs;
}

async function one(): Promise<void> {
  for (let index = next++; index < plan.requests.length; index = next++) {
    const request = plan.requests[index];
    if (!request) return;
    const { showId, fanId, saleId, passId, seats } = request;
    const startedMs = await turnOf(index);
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
    const outcome =
      row && (await outcomes.wait(shardId, { showId, no: row.requestId }, outcomeMsMax));
    latencies.push(performance.now() - startedMs);
    if (!outcome) counts.unknown += 1;
    else if (outcome.state === 'GRANTED') counts.granted += 1;
    else counts.refused += 1;
  }
}

const startedMs = performance.now();
// By schedule nobody waits for a free hand, so there are as many as there are requests.
const hands = plan.perSecond === undefined ? plan.inFlight : plan.requests.length;
await Promise.all(Array.from({ length: hands }, one));
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
outcomes.close();
await wakes.close();
closeRedis(redis);
closeRedis(subscriber);
await acceptShards.close();
await shards.close();
await catalog.close();
