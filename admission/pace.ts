import type { Redis } from '../core/redis/connect.js';
import type { RedisNames } from '../core/redis/keys.js';
import type { Logger } from '../core/runtime/log.js';
import { listSaleShows } from '../core/store/catalog/staff-views.js';
import type { Database } from '../core/store/database.js';
import { oldestUndecidedMs } from '../core/store/shard/journal.js';
import type { Shards } from '../core/store/shards.js';

/** At which percent of its rate a sale lets fans in, and why it is not all of it. */
export type Pace = { percent: number; reason: 'lanes' | 'shard' | 'payments' | '' };

export type PaceDeps = {
  catalog: Database;
  shards: Pick<Shards, 'byId'>;
  redis: Redis;
  names: RedisNames;
  log: Logger;
};

/** What a sale's pump asks before each tick; the answer is about a second old. */
export type PaceBook = { of(saleId: string): Pace; close(): Promise<void> };

const fullPace: Pace = { percent: 100, reason: '' };
const everyMs = 1_000;
/** Up to the first nothing slows down, from the second on nobody is let in. */
const lagMs = { easyMs: 1_000, stopMs: 6_000 };
const answerMs = { easyMs: 300, stopMs: 2_500 };
/** Shows of a sale that are asked about; a sale with more has the rest in the same lanes. */
const showsMax = 200;

type Watched = { pace: Pace; askedAtMs: number; sinceMs: number | undefined };

/**
 * Watches what stands behind the room: how long the oldest request of a sale waits for its
 * decision, how long its shards take to answer, and what the payment provider can follow. The
 * slowest of them sets the pace.
 */
export function openPace(deps: PaceDeps): PaceBook {
  const sales = new Map<string, Watched>();
  const asking = new Set<Promise<void>>();
  const refresh = (saleId: string, watched: Watched): void => {
    watched.askedAtMs = performance.now();
    watched.sinceMs = watched.askedAtMs;
    const asked = readPace(deps, saleId)
      .catch((error: unknown): Pace => {
        deps.log.warn({ saleId, err: error }, 'a shard of the sale does not answer');
        return { percent: 0, reason: 'shard' };
      })
      .then((pace) => {
        watched.pace = pace;
        watched.sinceMs = undefined;
      })
      .finally(() => asking.delete(asked));
    asking.add(asked);
  };
  return {
    of: (saleId) => {
      const nowMs = performance.now();
      const known = sales.get(saleId);
      const watched = known ?? {
        pace: fullPace,
        askedAtMs: Number.NEGATIVE_INFINITY,
        sinceMs: undefined,
      };
      sales.set(saleId, watched);
      if (watched.sinceMs === undefined && nowMs - watched.askedAtMs >= everyMs) {
        refresh(saleId, watched);
      }
      // A question that hangs is the first sign of a shard that does.
      const hangsMs = watched.sinceMs === undefined ? 0 : nowMs - watched.sinceMs;
      return slower(watched.pace, { percent: easedPercent(hangsMs, answerMs), reason: 'shard' });
    },
    close: async () => {
      await Promise.all(asking);
    },
  };
}

/** 100 up to `easyMs`, then evenly down to 0 at `stopMs`. */
export function easedPercent(ms: number, bounds: { easyMs: number; stopMs: number }): number {
  const over = (ms - bounds.easyMs) / (bounds.stopMs - bounds.easyMs);
  return Math.round(100 * Math.min(1, Math.max(0, 1 - over)));
}

function slower(left: Pace, right: Pace): Pace {
  const slow = right.percent < left.percent ? right : left;
  return slow.percent === 100 ? fullPace : slow;
}

async function readPace(deps: PaceDeps, saleId: string): Promise<Pace> {
  const shows = (await listSaleShows(deps.catalog, saleId))
    .filter((show) => show.state === 'ACTIVE')
    .slice(0, showsMax);
  let pace = await providerPace(deps);
  for (const shardId of new Set(shows.map((show) => show.shardId))) {
    const startedMs = performance.now();
    const shard = deps.shards.byId(shardId);
    const ids = shows.filter((show) => show.shardId === shardId).map((show) => show.showId);
    const oldestMs = await oldestUndecidedMs(shard, ids);
    const tookMs = performance.now() - startedMs;
    pace = slower(pace, { percent: easedPercent(tookMs, answerMs), reason: 'shard' });
    pace = slower(pace, { percent: easedPercent(oldestMs, lagMs), reason: 'lanes' });
  }
  return pace;
}

async function providerPace({ redis, names }: PaceDeps): Promise<Pace> {
  const told = await redis.get(names.providerPace);
  const percent = told === null ? 100 : Number(told);
  if (!Number.isFinite(percent) || percent >= 100) return fullPace;
  return { percent: Math.max(1, Math.round(percent)), reason: 'payments' };
}
