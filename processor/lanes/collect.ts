import type { ShowId } from '../../core/domain/ids.js';
import type { Database } from '../../core/store/database.js';
import {
  type ActiveShow,
  findActiveShows,
  readWaiting,
  type Waiting,
} from '../../core/store/shard/journal.js';

/** Requests decided in one transaction. */
export const batchRowsMax = 500;
/** Of one show, while other shows wait too: nobody is delayed by more than one batch. */
export const showRowsMax = 100;
/** Shows whose journals are read with one statement. */
const showsPerRead = 40;
/**
 * Journal numbers looked at again below the floor of a show decided just now: the commits of
 * several api processes mix, and one statement takes up to 512 numbers at once.
 */
const lookBack = 1_024;

export type Collected = {
  waiting: Waiting[];
  /** Lanes in which nothing waits any more; known only when every active show was looked at. */
  emptyLanes: number[];
};

/**
 * Collects the next batch over some lanes of a shard, beginning after the show served last, so
 * that busy shows with low numbers don't keep the others waiting.
 */
export async function collectBatch(
  shard: Pick<Database, 'rows'>,
  lanes: number[],
  ask: { recent: ShowId[]; lastServed: ShowId; without: (showId: ShowId) => boolean },
): Promise<Collected> {
  if (lanes.length === 0) return { waiting: [], emptyLanes: [] };
  const found = await findActiveShows(shard, lanes, ask.recent, lookBack);
  const active = rotate(
    found.filter((show) => !ask.without(show.showId)),
    ask.lastServed,
  );
  const perShow = active.length === 1 ? batchRowsMax : showRowsMax;
  const waiting: Waiting[] = [];
  let looked = 0;
  for (; looked < active.length && waiting.length < batchRowsMax; looked += showsPerRead) {
    const shows = active.slice(looked, looked + showsPerRead);
    waiting.push(...(await readWaiting(shard, shows, perShow)));
  }
  const batch = waiting.slice(0, batchRowsMax);
  if (looked < active.length || batch.length < waiting.length) {
    return { waiting: batch, emptyLanes: [] };
  }
  const laneOfShow = new Map(active.map((show) => [show.showId, show.lane]));
  const busy = new Set(batch.map((request) => laneOfShow.get(request.showId)));
  return { waiting: batch, emptyLanes: lanes.filter((lane) => !busy.has(lane)) };
}

function rotate(active: ActiveShow[], lastServed: ShowId): ActiveShow[] {
  const next = active.findIndex((show) => show.showId > lastServed);
  return next <= 0 ? active : [...active.slice(next), ...active.slice(0, next)];
}
