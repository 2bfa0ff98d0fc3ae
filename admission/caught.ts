import type { Redis } from '../core/redis/connect.js';
import type { RedisNames } from '../core/redis/keys.js';
import { askRedis } from '../core/redis/scripts.js';

export const caughtKinds = [
  'pow_asked',
  'pow_missing',
  'pow_passed',
  'pow_failed',
  'pow_replayed',
  'code_used',
  'code_refused',
  'code_missing',
  'slowed',
  'endless',
  'barred',
] as const;

export type CaughtKind = (typeof caughtKinds)[number];
export type Caught = Record<CaughtKind, number>;

const writeMs = 1_000;

/** Counts what the door of a room turned away and let through; written once a second. */
export type CaughtCounter = {
  count(saleId: string, kind: CaughtKind): void;
  close(): void;
};

export function openCaught(redis: Redis, names: RedisNames): CaughtCounter {
  const counted = new Map<string, Map<CaughtKind, number>>();
  const write = (): void => {
    for (const [saleId, kinds] of counted) {
      const pipeline = redis.pipeline();
      for (const [kind, count] of kinds) pipeline.hincrby(names.caught(saleId), kind, count);
      // Counters are for people's eyes; those of a second without Redis are let go.
      pipeline.exec().catch(() => undefined);
    }
    counted.clear();
  };
  const timer = setInterval(write, writeMs);
  timer.unref();
  return {
    count: (saleId, kind) => {
      const kinds = counted.get(saleId) ?? new Map<CaughtKind, number>();
      counted.set(saleId, kinds);
      kinds.set(kind, (kinds.get(kind) ?? 0) + 1);
    },
    close: () => clearInterval(timer),
  };
}

/** @throws RedisAway */
export async function readCaught(redis: Redis, names: RedisNames, saleId: string): Promise<Caught> {
  const found = await askRedis(() => redis.hgetall(names.caught(saleId)));
  return Object.fromEntries(caughtKinds.map((kind) => [kind, Number(found[kind] ?? 0)])) as Caught;
}
