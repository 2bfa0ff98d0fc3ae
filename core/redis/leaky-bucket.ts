import type { Redis } from './connect.js';
import { loadScript, RedisAway, runScript } from './scripts.js';

/** `burst` drops fit into an empty bucket; a full one is empty again after `drainMs`. */
export type BucketRule = { burst: number; drainMs: number };

/** Takes one drop: 0 when there was room, otherwise the milliseconds until there will be. */
export type LocalBuckets = (who: string) => number;
export type SharedBuckets = (who: string) => Promise<number>;

const script = loadScript(new URL('lua/leaky-bucket-1.lua', import.meta.url));

/** After a failed call Redis is left alone this long, so that a hanging one delays few callers. */
const awayMs = 1_000;

/** More buckets than this in one process are forgotten early, which only lets more calls through. */
const localBucketsMax = 500_000;

/**
 * Buckets of this process alone, by its monotonic clock. A bucket that nobody touched for
 * `drainMs` is empty, so two generations suffice: the older is dropped when the younger is that
 * old, and nothing ever has to look for buckets to remove.
 */
export function openLocalBuckets(
  rule: BucketRule,
  clockMs: () => number = () => performance.now(),
): LocalBuckets {
  const dropMs = rule.drainMs / rule.burst;
  let young = new Map<string, number>();
  let old = new Map<string, number>();
  let turnAtMs = clockMs() + rule.drainMs;
  return (who) => {
    const nowMs = clockMs();
    if (nowMs >= turnAtMs || young.size >= localBucketsMax) {
      old = nowMs >= turnAtMs + rule.drainMs ? new Map() : young;
      young = new Map();
      turnAtMs = nowMs + rule.drainMs;
    }
    const emptyAtMs = Math.max(nowMs, young.get(who) ?? old.get(who) ?? 0);
    // Rounded, or the fraction of a drop that floats lose would cost a whole drop of the burst.
    const waitMs = Math.round((emptyAtMs + dropMs - rule.drainMs - nowMs) * 1_000) / 1_000;
    if (waitMs > 0) return waitMs;
    young.set(who, emptyAtMs + dropMs);
    return 0;
  };
}

/**
 * One bucket that all processes share and fill to different heights: it takes a drop when fewer
 * than `burst` are in it, and answers 0 or the milliseconds to wait. `dropUs` must always be the
 * same. While Redis is away, this process has a bucket of its own.
 */
export function takeDrop(
  redis: Redis,
  key: string,
): (dropUs: number, burst: number) => Promise<number> {
  let askAgainAtMs = 0;
  let emptyAtMs = 0;
  const local = (dropMs: number, burst: number): number => {
    const nowMs = performance.now();
    const from = Math.max(nowMs, emptyAtMs);
    const waitMs = Math.round((from + dropMs * (1 - burst) - nowMs) * 1_000) / 1_000;
    if (waitMs > 0) return waitMs;
    emptyAtMs = from + dropMs;
    return 0;
  };
  return async (dropUs, burst) => {
    if (performance.now() < askAgainAtMs) return local(dropUs / 1_000, burst);
    try {
      return Number(await runScript(redis, script, [key], [dropUs, burst])) / 1_000;
    } catch (error) {
      if (!(error instanceof RedisAway)) throw error;
      askAgainAtMs = performance.now() + awayMs;
      return local(dropUs / 1_000, burst);
    }
  };
}

/**
 * Buckets that all processes share, by Redis's clock. While Redis is away each process counts by
 * the same rule for itself, so a limit gets looser by the number of processes and never vanishes.
 */
export function openSharedBuckets(
  redis: Redis,
  keyPrefix: string,
  rule: BucketRule,
): SharedBuckets {
  const local = openLocalBuckets(rule);
  const dropUs = Math.ceil((rule.drainMs * 1_000) / rule.burst);
  let askAgainAtMs = 0;
  return async (who) => {
    if (performance.now() < askAgainAtMs) return local(who);
    try {
      const waitUs = await runScript(redis, script, [`${keyPrefix}:${who}`], [dropUs, rule.burst]);
      return Number(waitUs) / 1_000;
    } catch (error) {
      if (!(error instanceof RedisAway)) throw error;
      askAgainAtMs = performance.now() + awayMs;
      return local(who);
    }
  };
}
