import { RateLimiterMemory, RateLimiterRedis } from 'rate-limiter-flexible';
import { UsherError } from '../core/domain/errors.js';
import type { Redis } from '../core/redis/connect.js';
import type { RedisNames } from '../core/redis/keys.js';

type Bucket = { points: number; perSeconds: number; by: 'address' | 'fan' };

/**
 * How many calls one fan or address may make. Addresses are loose, because a whole dormitory or
 * mobile network may share one; accounts are tight.
 */
export const buckets = {
  signup: { points: 30, perSeconds: 60, by: 'address' },
  login: { points: 30, perSeconds: 60, by: 'address' },
  join: { points: 20, perSeconds: 10, by: 'fan' },
  reserve: { points: 30, perSeconds: 10, by: 'fan' },
  confirm: { points: 10, perSeconds: 10, by: 'fan' },
  seats: { points: 60, perSeconds: 10, by: 'address' },
} as const satisfies Record<string, Bucket>;

export type LimitName = keyof typeof buckets;
export type LimitLevel = 'normal' | 'loose' | 'off';
const looseFactor = 50;

export type Limits = {
  /** @throws UsherError `slow_down` with Retry-After when the bucket is full. */
  take(name: LimitName, who: { address: string; fanId: string }): Promise<void>;
};

/**
 * Buckets live in Redis so that several api processes share them; while Redis is away each
 * process counts by itself. Reserve counts in the process always: it is the hottest path and the
 * database holds the real caps.
 */
export function openLimits(redis: Redis, names: RedisNames, level: LimitLevel): Limits {
  if (level === 'off') return { take: async () => undefined };
  const factor = level === 'loose' ? looseFactor : 1;
  const limiters = Object.fromEntries(
    Object.entries(buckets).map(([name, bucket]) => {
      const settings = { points: bucket.points * factor, duration: bucket.perSeconds };
      const memory = new RateLimiterMemory({ ...settings, keyPrefix: name });
      if (name === 'reserve') return [name, memory];
      const shared = new RateLimiterRedis({
        ...settings,
        storeClient: redis,
        keyPrefix: `${names.limits}:${name}`,
        insuranceLimiter: memory,
      });
      return [name, shared];
    }),
  ) as Record<LimitName, RateLimiterMemory | RateLimiterRedis>;
  return {
    take: async (name, who) => {
      const by = buckets[name].by === 'fan' && who.fanId !== '' ? who.fanId : who.address;
      try {
        await limiters[name].consume(by);
      } catch (refusal) {
        if (refusal instanceof Error) throw refusal;
        const waitMs = (refusal as { msBeforeNext: number }).msBeforeNext;
        const seconds = Math.max(1, Math.ceil(waitMs / 1000));
        throw new UsherError('slow_down', `Too many calls. Try again in ${seconds} s.`, {
          retryAfterSeconds: seconds,
        });
      }
    },
  };
}
