import { groupBy } from '../../core/domain/group-by.js';
import type { LaneRef } from '../../core/queue/wake.js';
import type { Logger } from '../../core/runtime/log.js';
import type { Database } from '../../core/store/database.js';
import { findStrays, lowerFloor, newestRequestId } from '../../core/store/shard/journal.js';
import { findOverdueShows } from '../../core/store/shard/overdue.js';
import { lockHeads } from '../../core/store/shard/show-change.js';
import { findMovedPrices } from '../../core/store/shard/show-prices.js';
import type { Shards } from '../../core/store/shards.js';
import type { Lanes } from './lanes.js';

/** How often a shard's journal is searched for requests that no wake-up brought. */
const sweepEveryMs = 1_000;
/** The same while Redis is away and no wake-up comes at all. */
const sweepAloneEveryMs = 100;
const expireEveryMs = 500;
const overdueShowsMax = 500;
const pricesEveryMs = 2_000;
/** Every sweep looks at what came since this many sweeps ago. */
const shortLook = 4;
/** What has waited for so many sweeps is decided here, in case its lane's owner is dead. */
const rescueAfter = 3;
/** Every so many sweeps it looks this many sweeps back: no commit is later than that. */
const longLook = 15;

export type Sweeper = { close(): Promise<void> };

/** Says that a lane has something to decide. */
type Wake = (lane: LaneRef) => Promise<void> | void;
type Serve = Pick<Lanes, 'rescue' | 'expire'>;

/**
 * Stands behind the wake-ups and the timers: finds waiting requests and overdue holds by looking
 * at the journals themselves, so a lost job, a stopped Redis or a killed processor only delays.
 */
export function openSweeper(
  shards: Shards,
  lanes: Lanes,
  { isRedisUp, wake, log }: { isRedisUp: () => boolean; wake: Wake; log: Logger },
): Sweeper {
  let closed = false;
  const asked = withoutWaiting(lanes, (error) =>
    log.warn({ err: error }, 'a lane could not be served'),
  );
  const loops: Promise<void>[] = [];
  shards.onJoin((shardId) => {
    const shard = shards.byId(shardId);
    const marks: number[] = [];
    loops.push(
      loop(
        () => closed,
        () => (isRedisUp() ? sweepEveryMs : sweepAloneEveryMs),
        () => sweep(shard, shardId, asked, { marks, isRedisUp: isRedisUp(), wake }),
        (error) => log.warn({ shardId, err: error }, 'a sweep failed'),
      ),
      loop(
        () => closed,
        () => expireEveryMs,
        () => expireOverdue(shard, shardId, asked),
        (error) => log.warn({ shardId, err: error }, 'expiry failed'),
      ),
      loop(
        () => closed,
        () => pricesEveryMs,
        () => movePricesByTime(shard, shardId, asked),
        (error) => log.warn({ shardId, err: error }, 'prices were not moved'),
      ),
    );
  });
  return {
    close: async () => {
      closed = true;
      await Promise.all(loops);
    },
  };
}

/** Who waited for what it began would look at nothing else for as long as a shard is slow. */
function withoutWaiting(lanes: Lanes, onError: (error: unknown) => void): Serve {
  return {
    rescue: async (lane) => {
      lanes.rescue(lane).catch(onError);
    },
    expire: async (shardId, showIds) => {
      lanes.expire(shardId, showIds).catch(onError);
    },
  };
}

/**
 * Looks for waiting requests among the journal numbers given out lately. `marks` holds the newest
 * number at each of the last sweeps; the first sweep of a process looks at the whole journal. Their
 * lanes are woken, which is nothing new to a lane that a processor is draining. What still waits
 * some sweeps later, and everything while no wake-up comes, is decided here: a batch a time, since
 * in a rush some requests always wait, and every processor would drain the lanes of every other.
 */
export async function sweep(
  shard: Database,
  shardId: number,
  lanes: Pick<Serve, 'rescue'>,
  { marks, isRedisUp, wake }: { marks: number[]; isRedisUp: boolean; wake: Wake },
): Promise<void> {
  const newest = await newestRequestId(shard);
  const upTo = (isRedisUp && marks.at(-1)) || newest;
  // What was there when this process began has no owner, or one that died.
  const rescued = isRedisUp ? (marks.at(-rescueAfter) ?? marks[0] ?? newest) : newest;
  const isLong = marks.length >= longLook + shortLook;
  const from = isLong ? marks[0] : marks.at(-shortLook);
  const strays = await findStrays(shard, from ?? 0, upTo);
  if (isLong) marks.splice(0, longLook);
  marks.push(newest);
  for (const stray of strays.filter((one) => one.floorId > one.lowestId)) {
    await shard.transaction(async (tx) => {
      const [head] = await lockHeads(tx, [stray.showId]);
      if (head && head.floorId > stray.lowestId) await lowerFloor(tx, stray.showId, stray.lowestId);
    });
  }
  for (const [lane, ofLane] of groupBy(strays, (stray) => stray.lane)) {
    const isOld = ofLane.some((stray) => stray.lowestId <= rescued);
    await (isOld ? lanes.rescue : wake)({ shardId, lane });
  }
}

/** Ends overdue holds, some per show and look: a hundred thousand of them don't stop the sale. */
export async function expireOverdue(
  shard: Database,
  shardId: number,
  lanes: Pick<Serve, 'expire'>,
): Promise<void> {
  const overdue = await findOverdueShows(shard, overdueShowsMax);
  if (overdue.length === 0) return;
  await lanes.expire(shardId, overdue);
}

/** Has lanes move prices that time, or seats that came back, have moved. */
export async function movePricesByTime(
  shard: Database,
  shardId: number,
  lanes: Pick<Serve, 'expire'>,
): Promise<void> {
  const moved = await findMovedPrices(shard);
  if (moved.length === 0) return;
  await lanes.expire(shardId, moved);
}

async function loop(
  isClosed: () => boolean,
  everyMs: () => number,
  work: () => Promise<void>,
  onError: (error: unknown) => void,
): Promise<void> {
  while (!isClosed()) {
    try {
      await work();
    } catch (error) {
      onError(error);
    }
    const untilMs = Date.now() + everyMs();
    // Short naps, so that closing never waits for a long one.
    while (!isClosed() && Date.now() < untilMs) {
      await new Promise((resolve) =>
        setTimeout(resolve, Math.min(100, Math.max(1, untilMs - Date.now()))),
      );
    }
  }
}
