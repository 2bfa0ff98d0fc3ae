import { setTimeout as delay } from 'node:timers/promises';
import type { ShowId } from '../../core/domain/ids.js';
import type { LaneRef } from '../../core/queue/wake.js';
import type { Logger } from '../../core/runtime/log.js';
import type { ActiveShow } from '../../core/store/shard/waiting.js';
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
  /** Decides one batch of a lane whose owner may have died; it stays with the owner all the same. */
  rescue(lane: LaneRef): Promise<void>;
  /** Ends overdue holds of shows of a shard, and moves their prices. */
  expire(shardId: number, showIds: ShowId[]): Promise<void>;
};

export type LanesDeps = {
  shards: Shards;
  log: Logger;
  /** Whether staff have paused a lane: its requests wait, and its holds still end. */
  isPaused?: (lane: LaneRef) => boolean;
  /** Told after each commit, and only then. */
  onDecided: (shardId: number, shows: DecidedShow[]) => void;
};

type Waiter = { resolve: () => void; reject: (error: unknown) => void };

type Awake = { askedAt: number; isRescue: boolean; waiters: Waiter[] };

/** What this process is doing on one shard. */
export type ShardLine = {
  shardId: number;
  running: boolean;
  /** Counts passes and calls, to tell a call that came before a pass from one that came during it. */
  clock: number;
  awake: Map<number, Awake>;
  /** Lanes in which nothing has waited since this process looked over all of their shows. */
  lookedOver: Set<number>;
  /** Shows with overdue holds, and who waits for their end. */
  due: Set<ShowId>;
  expiring: Waiter[];
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

/**
 * Seats in the maps kept per shard, about 100 MB of them: the busiest shows stay, the rest is read
 * again when asked for.
 */
const cachedSeatsMax = 400_000;
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
      lookedOver: new Set(),
      due: new Set(),
      expiring: [],
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
  const begin = (line: ShardLine): void => {
    if (!line.running) void runLine(deps, line);
  };
  const ask = ({ shardId, lane }: LaneRef, isRescue: boolean): Promise<void> =>
    new Promise((resolve, reject) => {
      const line = lineOf(shardId);
      const awake = line.awake.get(lane) ?? { askedAt: 0, isRescue, waiters: [] };
      awake.askedAt = ++line.clock;
      awake.isRescue &&= isRescue;
      awake.waiters.push({ resolve, reject });
      line.awake.set(lane, awake);
      begin(line);
    });
  return {
    drain: (lane) => ask(lane, false),
    rescue: (lane) => ask(lane, true),
    expire: (shardId, showIds) =>
      new Promise((resolve, reject) => {
        const line = lineOf(shardId);
        for (const showId of showIds) line.due.add(showId);
        line.expiring.push({ resolve, reject });
        begin(line);
      }),
  };
}

async function runLine(deps: LanesDeps, line: ShardLine): Promise<void> {
  line.running = true;
  let idleLooks = 0;
  try {
    while (line.awake.size > 0 || line.expiring.length > 0) {
      const look = line.ahead ?? startLook(deps, line);
      line.ahead = undefined;
      const emptyLanes = await runPass(deps, line, look);
      if (line.due.size === 0) for (const one of line.expiring.splice(0)) one.resolve();
      const wasBusy = emptyLanes.length < line.awake.size || line.due.size > 0;
      idleLooks = wasBusy ? 0 : idleLooks + 1;
      if (idleLooks > 0 && idleLooks < lingerLooks && line.awake.size > 0) await delay(lingerMs);
      else sleepLanes(line, emptyLanes, look.began);
    }
  } catch (error) {
    const waiters = [...line.awake.values()].flatMap((awake) => awake.waiters);
    for (const one of [...waiters, ...line.expiring]) one.reject(error);
    line.awake.clear();
    line.expiring = [];
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
  if (line.blocked.size === 0) for (const lane of emptyLanes) line.lookedOver.add(lane);
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

/**
 * Empty lanes go to sleep, and rescued ones after one batch, or two processors would drain them
 * side by side for as long as a rush lasts. Those asked for again since the pass began stay awake.
 */
function sleepLanes(line: ShardLine, emptyLanes: number[], began: number): void {
  for (const [lane, awake] of line.awake) {
    if (!awake.isRescue && !emptyLanes.includes(lane)) continue;
    if (awake.askedAt > began) continue;
    line.awake.delete(lane);
    for (const waiter of awake.waiters) waiter.resolve();
  }
}

function trimCache(cache: MapCache): void {
  let seats = 0;
  for (const { map } of cache.values()) seats += map.seats.length;
  for (const [showId, { map }] of cache) {
    if (seats <= cachedSeatsMax) return;
    seats -= map.seats.length;
    cache.delete(showId);
  }
}
