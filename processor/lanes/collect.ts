import { groupBy } from '../../core/domain/group-by.js';
import type { ShowId } from '../../core/domain/ids.js';
import type { Queryable } from '../../core/store/database.js';
import { inOneTrip } from '../../core/store/one-trip.js';
import {
  type ActiveShow,
  findActiveShows,
  readWaiting,
  readWaitingOfMany,
  type Waiting,
} from '../../core/store/shard/waiting.js';

/** Requests decided in one transaction. */
export const batchRowsMax = 500;
/** Of one show, while other shows wait too: nobody is delayed by more than one batch. */
export const showRowsMax = 100;
/** Shows whose journals are read with one statement: by a range each, or by a query each. */
const showsPerRead = 400;
const queriesPerRead = 40;
/** With more than this a busy show may have kept others out, and each is read by itself. */
const rowsPerRead = 2 * batchRowsMax;
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
  /** Also shows that began long ago, which can have requests from before this process only. */
  all: boolean;
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
  const { found, guessed, tooMany } = await findAndGuess(shard, lanes, ask);
  const active = rotate(
    found.filter((show) => !ask.without(show.showId)),
    ask.lastServed,
  );
  const waiting: Waiting[] = [];
  let looked = 0;
  while (looked < active.length && waiting.length < batchRowsMax) {
    const many = active.slice(looked, looked + showsPerRead);
    const few = many.slice(0, queriesPerRead);
    const rows = tooMany
      ? undefined
      : (guessed(many) ?? (await readMany(shard, many, ask.inFlight)));
    waiting.push(...(rows ?? (await readEach(shard, few, ask.inFlight))));
    looked += (rows ? many : few).length;
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
  const { recent, all, before, inFlight } = ask;
  const guess = before.length <= showsPerRead ? before : [];
  const [found, rows] = await inOneTrip<[ActiveShow[], Waiting[] | undefined]>(shard, (trip) => [
    findActiveShows(trip, { lanes, recent, all }, lookBack),
    readMany(trip, guess, inFlight),
  ]);
  const isRight =
    found.length === guess.length &&
    found.every(({ showId, fromId }, no) => {
      const one = guess[no];
      return one?.showId === showId && one.fromId <= fromId;
    });
  return {
    found,
    guessed: (shows: ActiveShow[]) =>
      isRight && rows ? shareOf(shows, rows, batchRowsMax) : undefined,
    /** So many requests wait that reading them together would leave shows out. */
    tooMany: rows === undefined,
  };
}

/**
 * What waits for these shows beside what is in flight: all that a batch takes of a single one,
 * `showRowsMax` of each of several; undefined when so much waits that a show may be missing.
 */
async function readMany(
  shard: Queryable,
  shows: ActiveShow[],
  inFlight: RequestRef[],
): Promise<Waiting[] | undefined> {
  if (shows.length === 0) return [];
  const isOne = shows.length === 1;
  const rowsMax = (isOne ? batchRowsMax : rowsPerRead) + inFlight.length;
  const rows = await (isOne
    ? readWaiting(shard, shows, rowsMax)
    : readWaitingOfMany(shard, shows, rowsMax));
  if (!isOne && rows.length === rowsMax) return undefined;
  return shareOf(shows, withoutThose(rows, inFlight), isOne ? batchRowsMax : showRowsMax);
}

/** `showRowsMax` of each by a query of its own, so that none keeps another out. */
async function readEach(
  shard: Queryable,
  shows: ActiveShow[],
  inFlight: RequestRef[],
): Promise<Waiting[]> {
  const rows = await readWaiting(shard, shows, showRowsMax + inFlight.length);
  return shareOf(shows, withoutThose(rows, inFlight), showRowsMax);
}

/** At most so many rows of each show, in the order of the shows. */
function shareOf(shows: ActiveShow[], rows: Waiting[], rowsMax: number): Waiting[] {
  const byShow = groupBy(rows, (row) => row.showId);
  return shows.flatMap(({ showId }) => byShow.get(showId)?.slice(0, rowsMax) ?? []);
}

function withoutThose(rows: Waiting[], refs: RequestRef[]): Waiting[] {
  const ids = new Map<ShowId, Set<number>>();
  for (const { showId, requestId } of refs) {
    ids.set(showId, (ids.get(showId) ?? new Set()).add(requestId));
  }
  return rows.filter((row) => !ids.get(row.showId)?.has(row.requestId));
}

function rotate(active: ActiveShow[], lastServed: ShowId): ActiveShow[] {
  const next = active.findIndex((show) => show.showId > lastServed);
  return next <= 0 ? active : [...active.slice(next), ...active.slice(0, next)];
}
