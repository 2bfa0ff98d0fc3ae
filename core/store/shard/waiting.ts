import type { UndecidedRequest, Wish } from '../../domain/decide.js';
import type { ShowId } from '../../domain/ids.js';
import type { Queryable } from '../database.js';

// What waits in the journal to be decided.

/** An undecided request with what the answer needs to find its way back. */
export type Waiting = UndecidedRequest & { showId: ShowId; node: string };

/** A show that may have undecided requests, with the journal number to look from. */
export type ActiveShow = { showId: ShowId; lane: number; fromId: number };

/** Further back than any show began. */
const anyDays = 36_500;

/**
 * Shows of some lanes whose journal goes on after the floor kept in their head, and those of
 * `recent`, looked at from a little below it. Gates close when shows begin, so those that began
 * more than a day ago are left out, but for a look at `all`. Contract: a plain read with one index
 * probe per show, so decided rows are never read again; ascending by show.
 */
export async function findActiveShows(
  shard: Pick<Queryable, 'rows'>,
  { lanes, recent, all }: { lanes: number[]; recent: ShowId[]; all: boolean },
  lookBack: number,
): Promise<ActiveShow[]> {
  const rows = await shard.rows<{ showId: number; lane: number; floorId: number }>(
    `SELECT h.show_id AS showId, h.lane AS lane, h.floor_id AS floorId FROM show_head h
     WHERE h.show_id IN (?) AND h.lane IN (?)
     UNION
     SELECT h.show_id, h.lane, h.floor_id FROM show_head h FORCE INDEX (show_head_starts)
     WHERE h.lane IN (?) AND h.starts_at > NOW(3) - INTERVAL ? DAY AND (
       SELECT r.request_id FROM request r FORCE INDEX (PRIMARY) WHERE r.show_id = h.show_id
       ORDER BY r.request_id DESC LIMIT 1
     ) >= h.floor_id
     ORDER BY showId`,
    [recent.length > 0 ? recent : [0], lanes, lanes, all ? anyDays : 1],
  );
  const wasRecent = new Set(recent);
  return rows.map(({ showId, lane, floorId }) => ({
    showId,
    lane,
    fromId: wasRecent.has(showId) ? Math.max(0, floorId - lookBack) : floorId,
  }));
}

/**
 * Undecided requests of active shows in their order, `rowsMax` of each. Contract: a plain
 * read with a constant range of the primary key per show; the caller locks the heads of the shows
 * it finds and guards its updates by the state.
 */
export async function readWaiting(
  shard: Pick<Queryable, 'rows'>,
  shows: ActiveShow[],
  rowsMax: number,
): Promise<Waiting[]> {
  if (shows.length === 0) return [];
  const one = `(SELECT ${waitingColumns} FROM request r
     WHERE r.show_id = ? AND r.request_id >= ? AND r.state = 'ACCEPTED'
     ORDER BY r.request_id LIMIT ?)`;
  const rows = await shard.rows<WaitingRow>(
    shows.map(() => one).join(' UNION ALL '),
    shows.flatMap((show) => [show.showId, show.fromId, rowsMax]),
  );
  return rows.map(fromWaitingRow);
}

/**
 * The same of many shows with one statement, `rowsMax` of all: a range costs a tenth of a query of
 * its own. As many rows as that mean that there may be more, which a busy show has kept out.
 */
export async function readWaitingOfMany(
  shard: Pick<Queryable, 'rows'>,
  shows: ActiveShow[],
  rowsMax: number,
): Promise<Waiting[]> {
  const more = ' OR r.show_id = ? AND r.request_id >= ?'.repeat(shows.length - 1);
  const rows = await shard.rows<WaitingRow>(
    `SELECT ${waitingColumns} FROM request r FORCE INDEX (PRIMARY)
     WHERE (r.show_id = ? AND r.request_id >= ?${more}) AND r.state = 'ACCEPTED'
     ORDER BY r.show_id, r.request_id LIMIT ?`,
    [...shows.flatMap((show) => [show.showId, show.fromId]), rowsMax],
  );
  return rows.map(fromWaitingRow);
}

type WaitingRow = {
  showId: number;
  requestId: number;
  fanId: string;
  passId: string;
  node: string;
  wish: string;
  acceptedAt: Date;
};

const waitingColumns = `r.show_id AS showId, r.request_id AS requestId, r.fan_id AS fanId,
  r.pass_id AS passId, r.node AS node, r.wish AS wish, r.accepted_at AS acceptedAt`;

function fromWaitingRow({ acceptedAt, wish, ...row }: WaitingRow): Waiting {
  return { ...row, wish: JSON.parse(wish) as Wish, acceptedAtMs: acceptedAt.getTime() };
}
