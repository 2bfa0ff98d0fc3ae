import type { ShowId } from '../../core/domain/ids.js';
import type { Queryable } from '../../core/store/database.js';
import { inOneTrip } from '../../core/store/one-trip.js';
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
  /** The shows that were found active. */
  active: ActiveShow[];
};

/** A request whose decision is on its way to the disk. */
export type RequestRef = Pick<Waiting, 'showId' | 'requestId'>;

type Ask = {
  recent: ShowId[];
  /** Still undecided in the rows, and not to be seen. */
  inFlight: RequestRef[];
  /** The shows found active last time: most likely those that are active now. */
  before: ActiveShow[];
  lastServed: ShowId;
  without: (showId: ShowId) => boolean;
};

/**
 * Collects the next batch over some lanes of a shard, beginning after the show served last, so
 * that busy shows with low numbers don't keep the others waiting.
 */
export async function collectBatch(
  shard: Queryable,
  lanes: number[],
  ask: Ask,
): Promise<Collected> {
  if (lanes.length === 0) return { waiting: [], emptyLanes: [], active: [] };
  const { found, guessed } = await findAndGuess(shard, lanes, ask);
  const active = rotate(
    found.filter((show) => !ask.without(show.showId)),
    ask.lastServed,
  );
  const waiting: Waiting[] = [];
  let looked = 0;
  for (; looked < active.length && waiting.length < batchRowsMax; looked += showsPerRead) {
    const shows = active.slice(looked, looked + showsPerRead);
    const rows =
      guessed(shows) ?? (await readNotInFlight(shard, shows, ask.inFlight, active.length));
    waiting.push(...rows);
  }
  const batch = waiting.slice(0, batchRowsMax);
  if (looked < active.length || batch.length < waiting.length) {
    return { waiting: batch, emptyLanes: [], active };
  }
  const laneOfShow = new Map(active.map((show) => [show.showId, show.lane]));
  const busy = new Set(batch.map((request) => laneOfShow.get(request.showId)));
  return { waiting: batch, emptyLanes: lanes.filter((lane) => !busy.has(lane)), active };
}

/**
 * Looks for active shows and, in the same round trip, reads what waits for those that were active
 * before. A wrong guess costs one read more. The numbers from before are no higher than today's,
 * and the rows are read after the shows, so a right guess misses nothing.
 */
async function findAndGuess(shard: Queryable, lanes: number[], ask: Ask) {
  const { recent, before, inFlight } = ask;
  const guess = before.length <= showsPerRead ? before : [];
  const [found, rows] = await inOneTrip<[ActiveShow[], Waiting[]]>(shard, (trip) => [
    findActiveShows(trip, lanes, recent, lookBack),
    readNotInFlight(trip, guess, inFlight, guess.length),
  ]);
  const isRight =
    found.length === guess.length &&
    found.every(({ showId, fromId }, no) => {
      const one = guess[no];
      return one?.showId === showId && one.fromId <= fromId;
    });
  return { found, guessed: (shows: ActiveShow[]) => (isRight ? inOrder(rows, shows) : undefined) };
}

function inOrder(rows: Waiting[], shows: ActiveShow[]): Waiting[] {
  return shows.flatMap(({ showId }) => rows.filter((row) => row.showId === showId));
}

/** What waits for these shows beside what is in flight; `active` shows share the batch. */
async function readNotInFlight(
  shard: Queryable,
  shows: ActiveShow[],
  inFlight: RequestRef[],
  active: number,
): Promise<Waiting[]> {
  const perShow = active === 1 ? batchRowsMax : showRowsMax;
  if (inFlight.length === 0) return readWaiting(shard, shows, () => perShow);
  const known = new Map<ShowId, Set<number>>();
  for (const { showId, requestId } of inFlight) {
    known.set(showId, (known.get(showId) ?? new Set()).add(requestId));
  }
  const rows = await readWaiting(
    shard,
    shows,
    (showId) => perShow + (known.get(showId)?.size ?? 0),
  );
  return rows.filter((row) => !known.get(row.showId)?.has(row.requestId));
}

function rotate(active: ActiveShow[], lastServed: ShowId): ActiveShow[] {
  const next = active.findIndex((show) => show.showId > lastServed);
  return next <= 0 ? active : [...active.slice(next), ...active.slice(0, next)];
}
