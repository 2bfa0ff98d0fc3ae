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
/** Every sweep looks at what came between the two before it. */
const shortLook = 2;
/** Every so many sweeps it looks this many sweeps back: no commit is later than that. */
const longLook = 15;

export type Sweeper = { close(): Promise<void> };

/**
 * Stands behind the wake-ups and the timers: finds waiting requests and overdue holds by looking
 * at the journals themselves, so a lost job, a stopped Redis or a killed processor only delays.
 */
export function openSweeper(
  shards: Shards,
  lanes: Lanes,
  isRedisUp: () => boolean,
  log: Logger,
): Sweeper {
  let closed = false;
  const asked = withoutWaiting(lanes, (error) =>
    log.warn({ err: error }, 'a lane could not be drained'),
  );
  const loops: Promise<void>[] = [];
  shards.onJoin((shardId) => {
    const shard = shards.byId(shardId);
    const marks: number[] = [];
    loops.push(
      loop(
        () => closed,
        () => (isRedisUp() ? sweepEveryMs : sweepAloneEveryMs),
        () => sweep(shard, shardId, asked, { marks, isRedisUp: isRedisUp() }),
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

/** A lane in a rush is never empty: whoever waited for it to be would look at nothing else. */
function withoutWaiting(lanes: Lanes, onError: (error: unknown) => void): Lanes {
  return {
    drain: async (lane) => {
      lanes.drain(lane).catch(onError);
    },
    expire: async (lane, showIds) => {
      lanes.expire(lane, showIds).catch(onError);
    },
  };
}

/**
 * Looks for waiting requests among the journal numbers given out lately. `marks` holds the newest
 * number at each of the last sweeps; the first sweep of a process looks at the whole journal. What
 * is younger than a sweep is left to the wake-ups while there are any: in a rush some requests
 * always wait, and every processor would drain the lanes of every other.
 */
export async function sweep(
  shard: Database,
  shardId: number,
  lanes: Lanes,
  { marks, isRedisUp }: { marks: number[]; isRedisUp: boolean },
): Promise<void> {
  const newest = await newestRequestId(shard);
  const upTo = (isRedisUp && marks.at(-1)) || newest;
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
  const woken = new Set(strays.map((stray) => stray.lane));
  await Promise.all([...woken].map((lane) => lanes.drain({ shardId, lane })));
}

/** Ends overdue holds, some per show and look: a hundred thousand of them don't stop the sale. */
export async function expireOverdue(shard: Database, shardId: number, lanes: Lanes): Promise<void> {
  const overdue = await findOverdueShows(shard, overdueShowsMax);
  const byLane = new Map<number, number[]>();
  for (const { lane, showId } of overdue) {
    byLane.set(lane, [...(byLane.get(lane) ?? []), showId]);
  }
  await Promise.all([...byLane].map(([lane, showIds]) => lanes.expire({ shardId, lane }, showIds)));
}

/** Has lanes move prices that time, or seats that came back, have moved. */
export async function movePricesByTime(
  shard: Database,
  shardId: number,
  lanes: Lanes,
): Promise<void> {
  for (const { lane, showId } of await findMovedPrices(shard)) {
    await lanes.expire({ shardId, lane }, [showId]);
  }
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
