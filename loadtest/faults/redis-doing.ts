import { Queue } from 'bullmq';
import { Redis } from 'ioredis';
import type { FaultRun } from './cell.js';

/** Runs something on a connection of its own, past every wire. */
export async function withRedis<T>(
  { world }: FaultRun,
  work: (redis: Redis) => Promise<T>,
): Promise<T> {
  const redis = new Redis(world.usher.engines.redisUrl, { maxRetriesPerRequest: 1 });
  redis.on('error', () => undefined);
  try {
    return await work(redis);
  } finally {
    redis.disconnect();
  }
}

const lanes = 16;
const shards = 2;

/** Wakes lanes that have nothing to decide, again and again and in any order. */
export async function wakeAtRandom(run: FaultRun, jobs: number): Promise<void> {
  const connection = new Redis(run.world.usher.engines.redisUrl, { maxRetriesPerRequest: null });
  const queue = new Queue('wake', { connection, prefix: '{usher:queue}' });
  queue.on('error', () => undefined);
  for (let no = 0; no < jobs; no += 1) {
    const lane = { shardId: run.random.whole(1, shards), lane: run.random.whole(0, lanes - 1) };
    const delay = run.random.chance(0.3) ? run.random.whole(1, 2_000) : 0;
    await queue.add('drain', lane, { delay, removeOnComplete: true, removeOnFail: true });
    run.note('woken');
  }
  await queue.close();
  connection.disconnect();
}

/** Forgets every wake-up, waiting and running ones. */
export async function forgetJobs(run: FaultRun): Promise<void> {
  await withRedis(run, async (redis) => {
    const keys = await redis.keys('{usher:queue}:*');
    if (keys.length > 0) await redis.del(...keys);
    run.note('forgotten', keys.length);
  });
}
