import type { ShowId } from '../../core/domain/ids.js';
import type { LaneRef } from '../../core/queue/wake.js';
import type { Logger } from '../../core/runtime/log.js';
import { isRetryable, isUnreachable } from '../../core/store/database.js';
import type { Waiting } from '../../core/store/shard/journal.js';
import type { Shards } from '../../core/store/shards.js';
import {
  type Batch,
  BatchOutdated,
  type DecidedShow,
  decideBatch,
  type MapCache,
} from './batch.js';
import { collectBatch } from './collect.js';
import { refuseAsInternal } from './set-aside.js';

export type Lanes = {
  /** Decides what waits in a lane until nothing does. Calls for one lane join the one running. */
  drain(lane: LaneRef): Promise<void>;
  /** Ends overdue holds of shows of one lane, then drains it. */
  expire(lane: LaneRef, showIds: ShowId[]): Promise<void>;
};

export type LanesDeps = {
  shards: Shards;
  log: Logger;
  /** Told after each commit, and only then. */
  onDecided: (shardId: number, shows: DecidedShow[]) => void;
};

type LaneState = {
  running: Promise<void> | undefined;
  again: boolean;
  due: Set<ShowId>;
  lastServed: ShowId;
  /** Batches in a row that a rival was faster with. */
  outdated: number;
  cache: MapCache;
};

const outdatedMax = 5;
/** Seat maps kept per lane: the busiest shows stay, the rest is read again when asked for. */
const cachedMapsMax = 64;

/**
 * One lane is one line: its batches run one after another in this process, and the locked heads
 * keep other processes out, so a lane that two processes drain is slower but never wrong.
 */
export function openLanes(deps: LanesDeps): Lanes {
  const states = new Map<string, LaneState>();
  const stateOf = ({ shardId, lane }: LaneRef): LaneState => {
    const key = `${shardId}-${lane}`;
    const known = states.get(key);
    if (known) return known;
    const fresh: LaneState = {
      running: undefined,
      again: false,
      due: new Set(),
      lastServed: 0,
      outdated: 0,
      cache: new Map(),
    };
    states.set(key, fresh);
    return fresh;
  };
  const drain = (lane: LaneRef): Promise<void> => {
    const state = stateOf(lane);
    state.again = true;
    state.running ??= runLane(deps, lane, state).finally(() => {
      state.running = undefined;
    });
    return state.running;
  };
  return {
    drain,
    expire: (lane, showIds) => {
      for (const showId of showIds) stateOf(lane).due.add(showId);
      return drain(lane);
    },
  };
}

async function runLane(deps: LanesDeps, lane: LaneRef, state: LaneState): Promise<void> {
  const shard = deps.shards.byId(lane.shardId);
  while (state.again) {
    state.again = false;
    for (;;) {
      const waiting = await collectBatch(shard, lane.lane, state.lastServed);
      const alsoShows = [...state.due];
      state.due.clear();
      if (waiting.length === 0 && alsoShows.length === 0) break;
      state.lastServed = waiting.at(-1)?.showId ?? 0;
      await decideOrSplit(deps, lane, state, { waiting, alsoShows });
      trimCache(state.cache);
    }
  }
}

/**
 * A batch that fails in SQL is halved until the one request that can't be decided stands alone;
 * that one is set aside with a reason and the others flow. A database that is away or a lock that
 * never came is no fault of a request: the error goes up, everything stays undecided, and the sweeper comes back. A batch
 * that a rival was faster with is dropped: the next look at the journal sees what was left.
 */
async function decideOrSplit(
  deps: LanesDeps,
  lane: LaneRef,
  state: LaneState,
  batch: Batch,
): Promise<void> {
  const shard = deps.shards.byId(lane.shardId);
  try {
    const decided = await decideBatch(shard, state.cache, batch);
    state.outdated = 0;
    deps.onDecided(lane.shardId, decided);
  } catch (error) {
    if (isUnreachable(error) || isRetryable(error)) throw error;
    if (error instanceof BatchOutdated && state.outdated < outdatedMax) {
      state.outdated += 1;
      for (const showId of batch.alsoShows) state.due.add(showId);
      deps.log.info({ ...lane, reason: error.message }, 'a batch was outdated');
      return;
    }
    deps.log.error({ ...lane, requests: batch.waiting.length, err: error }, 'a batch failed');
    const [single, ...others] = batch.waiting;
    if (!single) throw error;
    if (others.length > 0) return splitBatch(deps, lane, state, batch);
    return setAside(deps, lane, single, error);
  }
}

async function splitBatch(
  deps: LanesDeps,
  lane: LaneRef,
  state: LaneState,
  batch: Batch,
): Promise<void> {
  const middle = Math.ceil(batch.waiting.length / 2);
  const halves = [batch.waiting.slice(0, middle), batch.waiting.slice(middle)];
  for (const waiting of halves) {
    await decideOrSplit(deps, lane, state, { waiting, alsoShows: batch.alsoShows });
  }
}

async function setAside(
  deps: LanesDeps,
  lane: LaneRef,
  request: Waiting,
  error: unknown,
): Promise<void> {
  const decided = await refuseAsInternal(deps.shards.byId(lane.shardId), request, error);
  if (decided) deps.onDecided(lane.shardId, [decided]);
}

function trimCache(cache: MapCache): void {
  for (const showId of cache.keys()) {
    if (cache.size <= cachedMapsMax) return;
    cache.delete(showId);
  }
}
