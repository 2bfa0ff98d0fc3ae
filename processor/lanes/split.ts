import type { ShowId } from '../../core/domain/ids.js';
import { isLockWait, isRetryable, isUnreachable } from '../../core/store/database.js';
import type { Waiting } from '../../core/store/shard/waiting.js';
import { type Batch, BatchOutdated, type DecidedShow, decideBatch } from './batch.js';
import type { RequestRef } from './collect.js';
import type { LanesDeps, ShardLine } from './lanes.js';
import { startLook } from './look.js';
import { refuseAsInternal } from './set-aside.js';

const outdatedMax = 5;
/** A show whose head stays locked is left alone this long; the sweeper wakes its lane again. */
const blockedMs = 500;

/**
 * Decides a batch, and in smaller parts when it fails. A show whose head somebody else keeps
 * locked is left out and the others flow. A batch that fails in SQL is halved until the one
 * request that can't be decided stands alone; that one is set aside with a reason. A database that
 * is away is no fault of a request: the error goes up and everything stays undecided. A batch that
 * a rival was faster with is dropped: the next look at the journal sees what was left.
 */
export async function decideOrSplit(deps: LanesDeps, line: ShardLine, batch: Batch): Promise<void> {
  try {
    const shard = deps.shards.byId(line.shardId);
    const decided = await decideBatch(shard, line.cache, batch, (shows) => {
      line.ahead = startLook(deps, line, requestsOf(shows));
    });
    line.outdated = 0;
    for (const show of decided) {
      if (show.decisions.length > 0) line.recent.set(show.head.showId, Date.now());
    }
    const ended = decided.reduce((sum, show) => sum + show.overdue.length, 0);
    if (ended === batch.overdueMax) for (const showId of batch.alsoShows) line.due.add(showId);
    deps.onDecided(line.shardId, decided);
  } catch (error) {
    line.ahead = undefined;
    line.lookedOver.clear();
    if (isUnreachable(error)) throw error;
    if (isLockWait(error)) return apart(deps, line, batch);
    if (isRetryable(error)) throw error;
    if (error instanceof BatchOutdated && line.outdated < outdatedMax) {
      line.outdated += 1;
      for (const showId of batch.alsoShows) line.due.add(showId);
      // With several processors on a shard this is usual: the rival decided what this one had read.
      deps.log.debug({ shardId: line.shardId, reason: error.message }, 'a batch was outdated');
      return;
    }
    const { shardId } = line;
    deps.log.error({ shardId, requests: batch.waiting.length, err: error }, 'a batch failed');
    const [single, ...others] = batch.waiting;
    if (!single) return apart(deps, line, batch);
    if (others.length > 0) return inHalves(deps, line, batch);
    return setAside(deps, line, single, error);
  }
}

function requestsOf(shows: DecidedShow[]): RequestRef[] {
  return shows.flatMap(({ head: { showId }, decisions }) =>
    decisions.map(({ request: { requestId } }) => ({ showId, requestId })),
  );
}

/** Each show by itself; the one that is locked, or whose holds can't be ended, is left for later. */
async function apart(deps: LanesDeps, line: ShardLine, batch: Batch): Promise<void> {
  const showIds = [...new Set([...batch.waiting.map((one) => one.showId), ...batch.alsoShows])];
  const [only, ...others] = showIds;
  if (only !== undefined && others.length === 0) {
    deps.log.warn({ shardId: line.shardId, showId: only }, 'a show is left alone for a moment');
    line.blocked.set(only, Date.now() + blockedMs);
    return;
  }
  for (const showId of showIds) await decideOrSplit(deps, line, partOf(batch, showId));
}

function partOf(batch: Batch, showId: ShowId): Batch {
  return {
    ...batch,
    waiting: batch.waiting.filter((one) => one.showId === showId),
    alsoShows: batch.alsoShows.filter((one) => one === showId),
  };
}

async function inHalves(deps: LanesDeps, line: ShardLine, batch: Batch): Promise<void> {
  const middle = Math.ceil(batch.waiting.length / 2);
  const halves = [batch.waiting.slice(0, middle), batch.waiting.slice(middle)];
  for (const waiting of halves) {
    await decideOrSplit(deps, line, { waiting, alsoShows: batch.alsoShows });
  }
}

async function setAside(
  deps: LanesDeps,
  line: ShardLine,
  request: Waiting,
  error: unknown,
): Promise<void> {
  const decided = await refuseAsInternal(deps.shards.byId(line.shardId), request, error);
  if (decided) deps.onDecided(line.shardId, [decided]);
}
