import { Queue, Worker } from 'bullmq';
import type { Redis } from '../redis/connect.js';
import type { RedisNames } from '../redis/keys.js';

const queueName = 'wake';
export const wakeLockMs = 5_000;
export const wakeStalledCheckMs = 2_500;

export type LaneRef = { shardId: number; lane: number };

/** Says that a lane has something to decide. Lost, doubled or late calls do no harm. */
export type WakeQueue = {
  wake(lane: LaneRef): void;
  close(): Promise<void>;
};

/**
 * One job per lane at most waits and one runs: deduplication by lane, keeping the last call that
 * comes while a drain is active (the plain form would lose it). The connection must be of the
 * `worker` manner: a queue whose first command fails never recovers. While Redis is away one call
 * per lane waits for it and the others join that one.
 */
export function openWakeQueue(
  connection: Redis,
  names: RedisNames,
  onError: (error: Error) => void,
): WakeQueue {
  const queue = new Queue(queueName, {
    connection,
    prefix: names.queuePrefix,
    defaultJobOptions: { removeOnComplete: true, removeOnFail: true },
  });
  queue.on('error', onError);
  const underWay = new Set<string>();
  return {
    wake: ({ shardId, lane }) => {
      const id = laneId(shardId, lane);
      // A call already on its way to Redis tells the same thing.
      if (underWay.has(id)) return;
      underWay.add(id);
      queue
        .add('drain', { shardId, lane }, { deduplication: { id, keepLastIfActive: true } })
        .catch(onError)
        .finally(() => underWay.delete(id));
    },
    close: () => queue.close(),
  };
}

export type WakeWorker = { close(): Promise<void> };

/** Runs `drain` for each lane that was woken, on as many lanes at once as `lanesMax`. */
export function openWakeWorker(
  connection: Redis,
  names: RedisNames,
  lanesMax: number,
  drain: (lane: LaneRef) => Promise<void>,
  onError: (error: Error) => void,
): WakeWorker {
  const worker = new Worker<LaneRef>(queueName, async (job) => drain(job.data), {
    connection,
    prefix: names.queuePrefix,
    concurrency: lanesMax,
    lockDuration: wakeLockMs,
    stalledInterval: wakeStalledCheckMs,
    maxStalledCount: 1_000,
    drainDelay: 1,
  });
  worker.on('error', onError);
  return { close: () => worker.close() };
}

function laneId(shardId: number, lane: number): string {
  return `${shardId}-${lane}`;
}
