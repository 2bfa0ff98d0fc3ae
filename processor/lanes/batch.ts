import { type Decision, decide, undecidedMsMax } from '../../core/domain/decide.js';
import { groupBy } from '../../core/domain/group-by.js';
import type { ShowId } from '../../core/domain/ids.js';
import { percentOf } from '../../core/domain/price-rules.js';
import { buildSeatMap, freeSeats, type SeatMap, setSeat } from '../../core/domain/seat-map.js';
import type { Database, Tx } from '../../core/store/database.js';
import { inOneTrip } from '../../core/store/one-trip.js';
import {
  addQuotas,
  holdSeats,
  insertReservations,
  lockFreeSeats,
  moveHeads,
  readSeats,
  recordVerdicts,
  type SeatClaim,
  type ShowGrant,
} from '../../core/store/shard/decisions.js';
import { expireHolds, type OverdueHold } from '../../core/store/shard/overdue.js';
import {
  type Collected,
  type Head,
  insertOutbox,
  type SeatChange,
  type ShowNews,
} from '../../core/store/shard/show-change.js';
import { chainLog, insertLog } from '../../core/store/shard/show-log.js';
import { movePrices } from '../../core/store/shard/show-prices.js';
import type { Waiting } from '../../core/store/shard/waiting.js';
import { joinRefused, serveLine, withLine } from './line.js';
import { type Locked, lockBatch, type Quotas, quotasOf } from './locks.js';
import { grantsOf, postsOf } from './posts.js';

/** Seat maps by show with the head's version they are true for. */
export type MapCache = Map<ShowId, { version: number; map: SeatMap }>;

export type DecidedShow = {
  head: Head;
  map: SeatMap;
  decisions: Decision[];
  overdue: OverdueHold[];
  /** What the waitlist was offered in this batch. */
  line?: Collected | undefined;
  news: ShowNews;
};

export type Batch = {
  waiting: Waiting[];
  alsoShows: ShowId[];
  /** Overdue holds ended in this batch at most. */
  overdueMax?: number;
};

/** Somebody else changed what this batch was working on: read again and decide again. */
export class BatchOutdated extends Error {}

/**
 * Decides one batch in one transaction. Lock order: heads, reservations, quotas, seats, each by
 * key. Everything is written with one statement per table, whatever the number of shows. Returns
 * what to tell; nothing may be told unless it returned. `beforeCommit` hears what is about to be
 * committed, as often as it is tried.
 */
export async function decideBatch(
  shard: Database,
  cache: MapCache,
  batch: Batch,
  beforeCommit: (decided: DecidedShow[]) => void,
): Promise<DecidedShow[]> {
  const shows = await shard.transaction(async (tx) => {
    const locked = await lockBatch(tx, cache, batch);
    const { heads, overdue } = locked;
    if (heads.length === 0) return [];
    const waiting = batch.waiting.filter((one) => one.showId < locked.allOverdueBefore);
    const waitingOf = groupBy(waiting, (one) => one.showId);
    const overdueOf = groupBy(overdue, (hold) => hold.showId);
    const open = await inOneTrip<OpenShow[]>(tx, (trip) =>
      heads.map(async (head) => ({
        head,
        map: await takeMap(trip, cache, head),
        waiting: waitingOf.get(head.showId) ?? [],
        overdue: overdueOf.get(head.showId) ?? [],
      })),
    );
    const decided = await writeAll(tx, open, locked);
    beforeCommit(decided);
    return decided;
    // A lock that doesn't come is one show's matter: the caller goes on without that show.
  }, 'deadlocks');
  for (const show of shows) {
    cache.set(show.head.showId, { version: show.news.version, map: show.map });
  }
  return shows;
}

type OpenShow = {
  head: Head;
  map: SeatMap;
  waiting: Waiting[];
  overdue: OverdueHold[];
  line?: Collected | undefined;
};

/** Takes the map out of the cache, so that a failed transaction can't leave a wrong one in it. */
async function takeMap(tx: Tx, cache: MapCache, head: Head): Promise<SeatMap> {
  const known = cache.get(head.showId);
  cache.delete(head.showId);
  if (known?.version === head.version) return known.map;
  return buildSeatMap(await readSeats(tx, head.showId));
}

async function writeAll(tx: Tx, open: OpenShow[], locked: Locked): Promise<DecidedShow[]> {
  const { nowMs, overdue, seeminglySoldOut } = locked;
  const now = new Date(nowMs);
  for (const show of open) freeInMap(show.map, show.overdue);
  const missed = open.filter(
    ({ head, map }) => seeminglySoldOut.has(head.showId) && freeSeats(map) > 0,
  );
  const quotas = await quotasOf(
    tx,
    locked,
    missed.flatMap((show) => show.waiting),
  );
  if (overdue.length > 0) await expireHolds(tx, overdue, now);
  for (const show of open) {
    // One map for the line and the requests: what an offer takes counts for both.
    const own = quotas.get(show.head.showId) ?? new Map();
    quotas.set(show.head.showId, own);
    show.line = await serveLine(tx, show, own, nowMs);
  }
  const shows = open.map((show) => decideShow(show, quotas, nowMs));
  const logs = shows.map((show) => logOf(show, now));
  await inOneTrip(tx, (trip) => [
    writeGrants(trip, shows, now),
    writeVerdicts(trip, shows, now),
    insertLog(
      trip,
      logs.flatMap((log) => log.rows),
    ),
    insertOutbox(
      trip,
      shows.flatMap((show) => postsOf(show, nowMs)),
    ),
    moveHeads(
      trip,
      logs.map((log) => log.head),
    ),
    movePrices(
      trip,
      shows.map((show) => show.news),
    ),
  ]);
  await joinRefused(tx, shows, now);
  return shows;
}

function freeInMap(map: SeatMap, overdue: OverdueHold[]): void {
  for (const [seatNo] of overdue.flatMap((hold) => hold.seats)) {
    const seat = map.byNo.get(seatNo);
    if (seat) setSeat(map, seat, 'FREE');
  }
}

function decideShow(show: OpenShow, quotas: Quotas, nowMs: number): DecidedShow {
  const { head, map, overdue, line } = show;
  const rules = {
    seatCap: head.seatCap,
    orphanRule: head.orphanRule,
    bookingFee: head.bookingFee,
    prices: head.priceRules,
    holdMs: head.holdSeconds * 1000,
    holdLimitMs: head.holdLimitSeconds * 1000,
    startsAtMs: head.startsAtMs,
    undecidedMsMax,
  };
  const own = quotas.get(head.showId) ?? new Map();
  const decisions = withLine(head, decide(show.waiting, map, own, rules, nowMs), nowMs);
  const seats = seatChanges(show, decisions);
  const price = movedPrice(head, map, nowMs);
  const version = head.version + (seats.length > 0 || price ? 1 : 0);
  const news = { showId: head.showId, version, seats, ...price };
  return { head, map, decisions, overdue, line, news };
}

/** What the rules make of prices after this batch; undefined when that is what they were. */
function movedPrice(head: Head, map: SeatMap, nowMs: number): Partial<ShowNews> | undefined {
  if (!head.priceRules) return undefined;
  const pricePercent = percentOf(map, head.priceRules, head.startsAtMs - nowMs);
  if (pricePercent === head.pricePercent) return undefined;
  return { pricePercent, priceVersion: head.priceVersion + 1 };
}

/** Each seat once, in the state it ends in: a freed seat may be held again in the same batch. */
function seatChanges({ map, overdue, line }: OpenShow, decisions: Decision[]): SeatChange[] {
  const touched = new Set(overdue.flatMap((hold) => hold.seats.map(([seatNo]) => seatNo)));
  for (const seat of line?.seats ?? []) touched.add(seat.seatNo);
  for (const decision of decisions) {
    if (decision.kind === 'GRANTED') for (const seat of decision.seats) touched.add(seat.seatNo);
  }
  return [...touched].flatMap((seatNo) => {
    const seat = map.byNo.get(seatNo);
    return seat ? [{ seatNo, seat: seat.seat, state: seat.state }] : [];
  });
}

/** Locks the seats, then writes; a count that is not as decided undoes the whole batch. */
async function writeGrants(tx: Tx, shows: DecidedShow[], now: Date): Promise<void> {
  const grants: ShowGrant[] = shows.flatMap((show) =>
    grantsOf(show).map((grant) => ({ head: show.head, grant })),
  );
  if (grants.length === 0) return;
  const claims: SeatClaim[] = grants.flatMap(({ head, grant }) =>
    grant.seats.map((seat) => ({
      showId: head.showId,
      seatNo: seat.seatNo,
      reservationId: grant.request.requestId,
    })),
  );
  const [free, held] = await Promise.all([
    lockFreeSeats(tx, claims),
    holdSeats(tx, claims),
    insertReservations(tx, grants, now),
    addQuotas(tx, grants),
  ]);
  if (free !== claims.length) {
    throw new BatchOutdated(`${free} of ${claims.length} seats are free under the lock`);
  }
  if (held !== claims.length) throw new BatchOutdated(`held ${held} of ${claims.length} seats`);
}

async function writeVerdicts(tx: Tx, shows: DecidedShow[], now: Date): Promise<void> {
  const verdicts = shows.flatMap((show) =>
    show.decisions.map((decision) => ({
      showId: show.head.showId,
      requestId: decision.request.requestId,
      state: decision.kind,
      reason: decision.kind === 'REFUSED' ? decision.reason : null,
      alternatives: decision.kind === 'REFUSED' ? decision.alternatives : [],
    })),
  );
  if (verdicts.length === 0) return;
  const recorded = await recordVerdicts(tx, verdicts, now);
  if (recorded !== verdicts.length) {
    throw new BatchOutdated(`${recorded} of ${verdicts.length} requests were undecided`);
  }
}

/** One log row per hold ended, per offer and per decision, and the head that they lead to. */
function logOf(show: DecidedShow, now: Date) {
  const { showId } = show.head;
  const expired = show.overdue.map((hold) => ({
    kind: 'EXPIRED',
    subjectId: hold.reservationId,
    detail: { seats: hold.seats.map(([seatNo]) => seatNo) } as Record<string, unknown>,
  }));
  const decided = show.decisions.map((decision) => ({
    kind: decision.kind as string,
    subjectId: decision.request.requestId,
    detail: logDetail(decision),
  }));
  const entries = [...expired, ...(show.line?.logs ?? []), ...decided];
  const { rows, end } = chainLog(showId, { end: show.head, at: now }, entries);
  return { rows, head: { showId, version: show.news.version, floorId: newFloor(show), ...end } };
}

function logDetail(decision: Decision): Record<string, unknown> {
  if (decision.kind === 'GRANTED') return { seats: decision.seats.map((seat) => seat.seatNo) };
  return decision.kind === 'REFUSED' ? { reason: decision.reason } : {};
}

function newFloor(show: DecidedShow): number {
  const last = show.decisions.at(-1)?.request.requestId ?? 0;
  return Math.max(show.head.floorId, last + 1);
}
