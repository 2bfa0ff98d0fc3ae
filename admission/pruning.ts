import type { Redis } from '../core/redis/connect.js';
import type { RedisNames } from '../core/redis/keys.js';
import { askRedis } from '../core/redis/scripts.js';
import type { Logger } from '../core/runtime/log.js';
import { listFinishedRooms, markPruned } from '../core/store/catalog/finished-rooms.js';
import type { Database } from '../core/store/database.js';
import { limits } from './limits.js';

type PruningDeps = { catalog: Database; redis: Redis; names: RedisNames; log: Logger };

/** Throws rooms of finished sales away, a few a minute, until `close`. */
export function openPruning(deps: PruningDeps): { close(): Promise<void> } {
  let underWay: Promise<void> | undefined;
  const timer = setInterval(() => {
    underWay ??= pruneRooms(deps)
      .catch((error: unknown) => deps.log.warn({ err: error }, 'rooms could not be pruned'))
      .finally(() => {
        underWay = undefined;
      });
  }, limits.pruneMs);
  timer.unref();
  return {
    close: async () => {
      clearInterval(timer);
      await underWay;
    },
  };
}

/**
 * One turn. SQL is told first, so that no process builds the room anew for somebody who asks; the
 * keys are freed by Redis in the background, however many people waited.
 */
export async function pruneRooms({ catalog, redis, names }: PruningDeps): Promise<void> {
  const sales = await listFinishedRooms(catalog, {
    daysKept: limits.roomDaysKept,
    daysKeptUnproven: limits.roomDaysKeptUnproven,
    rosterPage: limits.rosterPage,
    salesMax: limits.pruneSalesMax,
  });
  for (const saleId of sales) {
    await markPruned(catalog, saleId);
    await askRedis(() => redis.unlink(...names.roomKeys(saleId)));
  }
}
