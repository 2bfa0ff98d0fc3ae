import type { Quota } from '../../core/domain/decide.js';
import type { ShowId } from '../../core/domain/ids.js';
import { freeSeats } from '../../core/domain/seat-map.js';
import { readNowMs, type Tx } from '../../core/store/database.js';
import { inOneTrip } from '../../core/store/one-trip.js';
import { lockQuotas } from '../../core/store/shard/decisions.js';
import { lockOverdueHolds, type OverdueHold } from '../../core/store/shard/overdue.js';
import { type Head, lockHeads } from '../../core/store/shard/show-change.js';
import type { Waiting } from '../../core/store/shard/waiting.js';
import type { Batch, MapCache } from './batch.js';

export type Quotas = Map<ShowId, Map<string, Quota>>;

type QuotaRow = { showId: ShowId; fanId: string; quota: Quota };

/** What a batch holds locked before it decides, and the time it decides at. */
export type Locked = {
  heads: Head[];
  overdue: OverdueHold[];
  /** Of the shows below this one all overdue holds are among those locked. */
  allOverdueBefore: ShowId;
  quotas: QuotaRow[];
  /** Shows that looked sold out, so that no quotas of theirs were locked. */
  seeminglySoldOut: Set<ShowId>;
  nowMs: number;
};

/** Overdue holds ended in one batch: bounds the transaction when a sweeper was away for long. */
export const overdueRowsMax = 500;

/**
 * Locks heads, overdue holds and the fans' quotas in that order, then reads the time, all in one
 * round trip: a lane waits for each trip, and on a busy machine a trip costs more than its rows.
 * A batch that only ends holds waits for nobody: who has the head of a show may end them as well.
 */
export async function lockBatch(tx: Tx, cache: MapCache, batch: Batch): Promise<Locked> {
  const { waiting, overdueMax = overdueRowsMax } = batch;
  if (waiting.length === 0) {
    const heads = await lockHeads(tx, batch.alsoShows, 'free');
    const locked = await lockOverdue(tx, heads, overdueMax);
    return { ...locked, heads, quotas: [], seeminglySoldOut: new Set() };
  }
  const showIds = [...new Set([...waiting.map((one) => one.showId), ...batch.alsoShows])];
  const seeminglySoldOut = new Set(showIds.filter((showId) => looksSoldOut(cache, showId)));
  const pairs = fansOf(waiting.filter((one) => !seeminglySoldOut.has(one.showId)));
  const [heads, overdue, quotas, nowMs] = await inOneTrip<
    [Head[], OverdueHold[], QuotaRow[], number]
  >(tx, (trip) => [
    lockHeads(trip, showIds),
    lockOverdueHolds(trip, showIds, overdueMax),
    pairs.length > 0 ? lockQuotas(trip, pairs) : Promise.resolve([]),
    readNowMs(trip),
  ]);
  const known = new Set(heads.map((head) => head.showId));
  return {
    heads,
    overdue: overdue.filter((hold) => known.has(hold.showId)),
    allOverdueBefore: cutOffAt(overdue, overdueMax),
    quotas,
    seeminglySoldOut,
    nowMs,
  };
}

async function lockOverdue(tx: Tx, heads: Head[], overdueMax: number) {
  const showIds = heads.map((head) => head.showId);
  if (showIds.length === 0) return { overdue: [], allOverdueBefore: Infinity, nowMs: 0 };
  const [overdue, nowMs] = await inOneTrip<[OverdueHold[], number]>(tx, (trip) => [
    lockOverdueHolds(trip, showIds, overdueMax),
    readNowMs(trip),
  ]);
  return { overdue, allOverdueBefore: cutOffAt(overdue, overdueMax), nowMs };
}

/**
 * Holds come by show, so those of every show before the last are complete. From that one on nobody
 * is told "sold out" while more seats are overdue: this batch frees, the next decides.
 */
function cutOffAt(overdue: OverdueHold[], overdueMax: number): ShowId {
  return overdue.length < overdueMax ? Infinity : (overdue.at(-1)?.showId ?? Infinity);
}

function looksSoldOut(cache: MapCache, showId: ShowId): boolean {
  const known = cache.get(showId);
  return known !== undefined && freeSeats(known.map) === 0;
}

/**
 * The quotas of fans by show, less what this batch takes back from them. `missed` are the requests
 * for shows that looked sold out and are not: their fans' quotas are locked now. So the rush on a
 * sold-out show locks none.
 */
export async function quotasOf(
  tx: Tx,
  { overdue, quotas }: Locked,
  missed: Waiting[],
): Promise<Quotas> {
  const rows = missed.length > 0 ? [...quotas, ...(await lockQuotas(tx, fansOf(missed)))] : quotas;
  const byShow: Quotas = new Map();
  for (const row of rows) {
    const quota = { ...row.quota };
    for (const hold of overdue) {
      if (hold.showId === row.showId && hold.fanId === row.fanId) quota.taken -= hold.seats.length;
    }
    const own = byShow.get(row.showId) ?? new Map<string, Quota>();
    byShow.set(row.showId, own.set(row.fanId, quota));
  }
  return byShow;
}

function fansOf(waiting: Waiting[]): { showId: ShowId; fanId: string }[] {
  const pairs = new Map(
    waiting.map(({ showId, fanId }) => [`${showId}|${fanId}`, { showId, fanId }]),
  );
  return [...pairs.values()];
}
