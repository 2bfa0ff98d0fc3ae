import { isIPv6 } from 'node:net';
import { UsherError } from '../core/domain/errors.js';
import type { Redis } from '../core/redis/connect.js';
import type { RedisNames } from '../core/redis/keys.js';
import {
  type LocalBuckets,
  openLocalBuckets,
  openSharedBuckets,
  type SharedBuckets,
} from '../core/redis/leaky-bucket.js';

type Bucket = { points: number; perSeconds: number; by: 'address' | 'fan' };

/**
 * How many calls one fan or address may make: `points` at once, and as many again every
 * `perSeconds`, leaking evenly. Addresses are loose, because a whole dormitory or mobile network
 * may share one; accounts are tight.
 */
export const buckets = {
  signup: { points: 30, perSeconds: 60, by: 'address' },
  login: { points: 30, perSeconds: 60, by: 'address' },
  join: { points: 20, perSeconds: 10, by: 'fan' },
  join_network: { points: 6_000, perSeconds: 10, by: 'address' },
  reserve: { points: 30, perSeconds: 10, by: 'fan' },
  confirm: { points: 10, perSeconds: 10, by: 'fan' },
  seats: { points: 60, perSeconds: 10, by: 'address' },
} as const satisfies Record<string, Bucket>;

export type LimitName = keyof typeof buckets;
export type LimitLevel = 'normal' | 'loose' | 'off';
const looseFactor = 50;
/** The hottest calls spend no trip to Redis on these; the database and the room hold the real caps. */
const countedHere = new Set(['reserve', 'join_network']);

export type Limits = {
  /**
   * Counts one call. What is counted in this process answers at once, without a promise.
   * @throws UsherError `slow_down` with Retry-After when the bucket is full.
   */
  take(name: LimitName, who: { address: string; fanId: string }): Promise<void> | undefined;
};

/**
 * Buckets live in Redis so that several api processes share them; while Redis is away each
 * process counts by itself.
 */
export function openLimits(redis: Redis, names: RedisNames, level: LimitLevel): Limits {
  if (level === 'off') return { take: () => undefined };
  const factor = level === 'loose' ? looseFactor : 1;
  const open = Object.fromEntries(
    Object.entries(buckets).map(([name, { points, perSeconds }]) => {
      const rule = { burst: points * factor, drainMs: perSeconds * 1_000 };
      if (countedHere.has(name)) return [name, openLocalBuckets(rule)];
      return [name, openSharedBuckets(redis, `${names.limits}:${name}`, rule)];
    }),
  ) as Record<LimitName, LocalBuckets | SharedBuckets>;
  return {
    take: (name, { address, fanId }) => {
      const by = buckets[name].by === 'fan' && fanId !== '' ? fanId : networkOf(address);
      const waitMs = open[name](by);
      return typeof waitMs === 'number' ? assertRoom(waitMs) : waitMs.then(assertRoom);
    },
  };
}

function assertRoom(waitMs: number): undefined {
  if (waitMs === 0) return;
  const seconds = Math.ceil(waitMs / 1_000);
  throw new UsherError('slow_down', `Too many calls. Try again in ${seconds} s.`, {
    retryAfterSeconds: seconds,
  });
}

/** An IPv6 customer owns a whole /64 and may call from any address in it, so it counts as one. */
export function networkOf(address: string): string {
  if (!isIPv6(address)) return address;
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.[1];
  if (mapped !== undefined) return mapped;
  const [head = '', tail] = (address.split('%')[0] ?? '').split('::');
  const groups = head === '' ? [] : head.split(':');
  const after = tail === undefined || tail === '' ? 0 : tail.split(':').length;
  if (tail !== undefined) groups.push(...Array<string>(8 - groups.length - after).fill('0'));
  const network = [...groups, ...(tail ?? '').split(':')].slice(0, 4);
  return `${network.map((group) => Number.parseInt(group || '0', 16).toString(16)).join(':')}::/64`;
}
