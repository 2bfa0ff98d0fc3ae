import { Redis } from 'ioredis';

export type { Redis };

/**
 * Two manners of talking to Redis. A `command` connection fails fast while Redis is away, since a
 * fan is waiting for the answer; a `worker` connection waits, as BullMQ's blocking calls must.
 */
export type RedisManner = 'command' | 'worker' | 'subscriber';

const commandTimeoutMs = 1_500;
const reconnectMsMax = 1_000;

export function openRedis(
  url: string,
  manner: RedisManner,
  onError: (error: Error) => void,
): Redis {
  const patient = manner !== 'command';
  const redis = new Redis(url, {
    enableOfflineQueue: patient,
    maxRetriesPerRequest: patient ? null : 0,
    ...(patient ? {} : { commandTimeout: commandTimeoutMs }),
    connectTimeout: 2_000,
    retryStrategy: (tries: number) => Math.min(50 * tries, reconnectMsMax),
  });
  // Without a listener an error event would end the process.
  redis.on('error', onError);
  return redis;
}

/** Ends a connection without waiting for a server that may be gone. */
export function closeRedis(redis: Redis): void {
  redis.disconnect();
}
