import { Queue, Worker } from 'bullmq';
import type { Redis } from '../redis/connect.js';
import type { RedisNames } from '../redis/keys.js';

const queueName = 'deliver';
/** Whoever gives no sign of life for so long has died with its mail: another sends it. */
const lockMs = 60_000;
const stalledCheckMs = 15_000;
const addMsMax = 2_000;

/** A claimed message. Jobs hold nothing else, so nobody's data ever lies in Redis. */
export type Delivery = { messageId: number; tries: number };

/** Hands claimed messages to whichever processor is free. */
export type Deliveries = {
  /** False when Redis didn't take them; a job that comes all the same is told by its row. */
  add(deliveries: Delivery[]): Promise<boolean>;
  /** How many wait or are under way. */
  depth(): Promise<number>;
  close(): Promise<void>;
};

/**
 * Relays messages through BullMQ: the row is the truth and its lease the safety net, a job is a
 * hint that spreads the sending over all processors. Lost, doubled or late jobs do no harm.
 */
export function openDeliveries(
  connection: Redis,
  names: RedisNames,
  options: {
    atOnceMax: number;
    deliver: (delivery: Delivery) => Promise<void>;
    onError: (error: Error) => void;
  },
): Deliveries {
  const queue = new Queue(queueName, {
    connection,
    prefix: names.queuePrefix,
    defaultJobOptions: { removeOnComplete: true, removeOnFail: true },
  });
  const worker = new Worker<Delivery>(queueName, async (job) => options.deliver(job.data), {
    connection,
    prefix: names.queuePrefix,
    concurrency: options.atOnceMax,
    lockDuration: lockMs,
    stalledInterval: stalledCheckMs,
    maxStalledCount: 1,
    drainDelay: 1,
  });
  queue.on('error', options.onError);
  worker.on('error', options.onError);
  return {
    add: async (deliveries) => {
      if (connection.status !== 'ready') return false;
      const jobs = deliveries.map((data) => ({
        name: 'deliver',
        data,
        opts: { jobId: `${data.messageId}-${data.tries}` },
      }));
      return withinMs(
        queue.addBulk(jobs).then(() => true),
        false,
      ).catch((error: Error) => {
        options.onError(error);
        return false;
      });
    },
    depth: async () => {
      if (connection.status !== 'ready') return 0;
      const counts = await withinMs(queue.getJobCounts('waiting', 'active'), {});
      return Object.values(counts).reduce((sum, count) => sum + count, 0);
    },
    close: async () => {
      await worker.close();
      await queue.close();
    },
  };
}

async function withinMs<T>(work: Promise<T>, otherwise: T): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<T>((resolve) => {
    timer = setTimeout(resolve, addMsMax, otherwise);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
    work.catch(() => undefined);
  }
}
