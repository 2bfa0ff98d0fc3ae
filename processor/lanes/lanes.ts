import { setTimeout as delay } from 'node:timers/promises';
import type { ShowId } from '../../core/domain/ids.js';
import type { LaneRef } from '../../core/queue/wake.js';
import type { Logger } from '../../core/runtime/log.js';
import type { ActiveShow } from '../../core/store/shard/journal.js';
import type { Shards } from '../../core/store/shards.js';
import type { DecidedShow, MapCache } from './batch.js';
import { overdueRowsMax } from './locks.js';
import { type Look, startLook } from './look.js';
import { decideOrSplit } from './split.js';

export type Lanes = {
  /**
   * Decides what waits in a lane; resolves once nothing does. Rejects when the shard can't be
   * asked: everything stays undecided and the sweeper comes back.
   */
  drain(lane: LaneRef): Promise<void>;
  /** Ends overdue holds of shows of one lane, then drains it. */
  expire(lane: LaneRef, showIds: ShowId[]): Promise<void>;
};

export type LanesDeps = {
  shards: Shards;
  log: Logger;
  /** Whether staff have paused a lane: its requests wait, and its holds still end. */
  isPaused?: (lane: LaneRef) => boolean;
  /** Told after each commit, and only then. */
  onDecided: (shardId: number, shows: DecidedShow[]) => void;
};

type Awake = {
  askedAt: number;
  waiters: { resolve: () => void; reject: (error: unknown) => void }[];
};

/** What this process is doing on one shard. */
export type ShardLine = {
  shardId: number;
  running: boolean;
  /** Counts passes and calls, to tell a call that came before a pass from one that came during it. */
  clock: number;
  awake: Map<number, Awake>;
  /** Shows with overdue holds. */
  due: Set<ShowId>;
  /** When a show was decided last, by this process's clock. */
  recent: Map<ShowId, number>;
  /** Shows found active by the last look, ascending. */
  active: ActiveShow[];
  /** The look for the next batch, begun while this one's commit was on its way. */
  ahead: Look | undefined;
  /** Shows whose head somebody else kept locked, until when they are left alone. */
  blocked: Map<ShowId, number>;
  lastServed: ShowId;
  /** Batches in a row that a rival was faster with. */
  outdated: number;
  cache: MapCache;
};

/** Seat maps kept per shard: the busiest shows stay, the rest is read again when asked for. */
const cachedMapsMax = 512;
/** What one expiry batch takes at most: little beside a sale, more when nobody waits. */
const besideSale = { showsMax: 10, overdueMax: 100 };
const byItself = { showsMax: 50, overdueMax: overdueRowsMax };
/** Looks at an empty journal before the lanes go to sleep: answers bring the next requests. */
const lingerLooks = 4;
const lingerMs = 1;

/**
 * The lanes of a shard that this process has been woken for are decided together, one batch after
 * another: a batch costs the same for one show as for fifty. Locked heads keep other processes
 * out, so a lane that two processes drain is slower but never wrong.
 */
export function openLanes(deps: LanesDeps): Lanes {
  const lines = new Map<number, ShardLine>();
  const lineOf = (shardId: number): ShardLine => {
    const known = lines.get(shardId);
    if (known) return known;
    const fresh: ShardLine = {
      shardId,
      running: false,
      clock: 0,
      awake: new Map(),
      due: new Set(),
      recent: new Map(),
      active: [],
      ahead: undefined,
      blocked: new Map(),
      lastServed: 0,
      outdated: 0,
      cache: new Map(),
    };
    lines.set(shardId, fresh);
    return fresh;
  };
  const drain = ({ shardId, lane }: LaneRef): Promise<void> =>
    new Promise((resolve, reject) => {
      const line = lineOf(shardId);
      const awake = line.awake.get(lane) ?? { askedAt: 0, waiters: [] };
      awake.askedAt = ++line.clock;
      awake.waiters.push({ resolve, reject });
      line.awake.set(lane, awake);
      if (!line.running) void runLine(deps, line);
    });
  return {
    drain,
    expire: (lane, showIds) => {
      for (const showId of showIds) lineOf(lane.shardId).due.add(showId);
      return drain(lane);
    },
  };
}

async function runLine(deps: LanesDeps, line: ShardLine): Promise<void> {
  line.running = true;
  let idleLooks = 0;
  try {
    while (line.awake.size > 0) {
      const look = line.ahead ?? startLook(deps, line);
      line.ahead = undefined;
      const emptyLanes = await runPass(deps, line, look);
      // Who asked for expiry waits for it.
      if (line.due.size > 0) continue;
      const wasBusy = emptyLanes.length < line.awake.size;
      idleLooks = wasBusy ? 0 : idleLooks + 1;
      if (idleLooks > 0 && idleLooks < lingerLooks) await delay(lingerMs);
      else sleepLanes(line, emptyLanes, look.began);
    }
  } catch (error) {
    for (const awake of line.awake.values()) for (const one of awake.waiters) one.reject(error);
    line.awake.clear();
  } finally {
    line.ahead = undefined;
    line.running = false;
  }
}

/** One batch and some expiry; returns the lanes in which nothing was left before it. */
async function runPass(deps: LanesDeps, line: ShardLine, look: Look): Promise<number[]> {
  const { waiting, emptyLanes, active } = await look.found;
  line.active = active.toSorted((a, b) => a.showId - b.showId);
  line.lastServed = waiting.at(-1)?.showId ?? 0;
  if (waiting.length > 0) await decideOrSplit(deps, line, { waiting, alsoShows: [] });
  if (line.due.size > 0) await expireSome(deps, line, waiting.length > 0 ? besideSale : byItself);
  trimCache(line.cache);
  return [...emptyLanes, ...look.paused];
}

/**
 * Ends some overdue holds in a batch of their own. Their seats count as free without it, so a
 * hundred thousand of them may take their time beside a sale.
 */
async function expireSome(
  deps: LanesDeps,
  line: ShardLine,
  { showsMax, overdueMax }: typeof byItself,
): Promise<void> {
  const alsoShows: ShowId[] = [];
  for (const showId of line.due) {
    if (alsoShows.length === showsMax) break;
    line.due.delete(showId);
    if (!line.blocked.has(showId)) alsoShows.push(showId);
  }
  if (alsoShows.length > 0) await decideOrSplit(deps, line, { waiting: [], alsoShows, overdueMax });
}

/** Lanes that were asked for again since the pass began stay awake. */
function sleepLanes(line: ShardLine, emptyLanes: number[], began: number): void {
  for (const lane of emptyLanes) {
    const awake = line.awake.get(lane);
    if (!awake || awake.askedAt > began) continue;
    line.awake.delete(lane);
    for (const waiter of awake.waiters) waiter.resolve();
  }
}

function trimCache(cache: MapCache): void {
  for (const showId of cache.keys()) {
    if (cache.size <= cachedMapsMax) return;
    cache.delete(showId);
  }
}
