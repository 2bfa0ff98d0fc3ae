import type { ShowId } from '../../core/domain/ids.js';
import { type Collected, collectBatch, type RequestRef } from './collect.js';
import type { LanesDeps, ShardLine } from './lanes.js';

/** A look at the journal that is under way, and when it began by the line's clock. */
export type Look = { began: number; paused: number[]; found: Promise<Collected> };

const recentMs = 1_000;

/**
 * Looks for the next batch. What is in flight has been decided and only waits for its commit, so
 * the disk and the journal are asked at the same time.
 */
export function startLook(deps: LanesDeps, line: ShardLine, inFlight: RequestRef[] = []): Look {
  const { shardId } = line;
  const began = ++line.clock;
  const awake = [...line.awake.keys()];
  const paused = awake.filter((lane) => deps.isPaused?.({ shardId, lane }));
  // What waits behind a pause may be older than its show.
  for (const lane of paused) line.lookedOver.delete(lane);
  const lanes = awake.filter((lane) => !paused.includes(lane));
  const nowMs = Date.now();
  forgetBefore(line.recent, nowMs - recentMs);
  forgetBefore(line.blocked, nowMs);
  const found = collectBatch(deps.shards.byId(shardId), lanes, {
    inFlight,
    recent: [...line.recent.keys()],
    all: lanes.some((lane) => !line.lookedOver.has(lane)),
    before: line.active,
    lastServed: line.lastServed,
    without: (showId) => line.blocked.has(showId),
  });
  // A look whose batch failed is dropped, and so is its own failure.
  found.catch(() => undefined);
  return { began, paused, found };
}

function forgetBefore(times: Map<ShowId, number>, beforeMs: number): void {
  for (const [showId, timeMs] of times) if (timeMs < beforeMs) times.delete(showId);
}
