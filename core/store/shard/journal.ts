import type { Wish } from '../../domain/decide.js';
import type { ShowId } from '../../domain/ids.js';
import type { RequestState } from '../../domain/states.js';
import type { Queryable, Tx } from '../database.js';
import { awayLane } from './show-change.js';

/** A request as the api puts it into the journal. */
export type JournalEntry = {
  showId: ShowId;
  fanId: string;
  idemKey: string;
  bodyHash: string;
  passId: string;
  saleId: string;
  /** The api process that answers the fan. */
  node: string;
  wish: Wish;
};

/** A journalled request as its key finds it. */
export type JournalRow = {
  showId: ShowId;
  requestId: number;
  fanId: string;
  idemKey: string;
  bodyHash: string;
  state: RequestState;
  reason: string | null;
};

const entryColumns = `COLUMNS (
  show_id INT UNSIGNED PATH '$[0]',
  fan_id CHAR(12) CHARACTER SET ascii PATH '$[1]',
  idem_key VARCHAR(64) CHARACTER SET ascii PATH '$[2]',
  body_hash CHAR(22) CHARACTER SET ascii PATH '$[3]',
  pass_id CHAR(16) CHARACTER SET ascii PATH '$[4]',
  node CHAR(8) CHARACTER SET ascii PATH '$[5]',
  wish VARCHAR(400) PATH '$[6]',
  sale_id VARCHAR(48) PATH '$[7]'
)`;

/**
 * Journals requests whose gate is open: one autocommit statement for all that came together.
 * Contract: entries are sorted by (show_id, fan_id, idem_key), so that two statements lock keys in
 * one order; IGNORE lets a repeated key through as the row that is there already; the gate is read
 * with a shared lock, so a closing show waits for us or we see it closed. After it returns every
 * entry is either a committed row or has none.
 */
export async function insertRequests(
  shard: Pick<Queryable, 'change'>,
  entries: JournalEntry[],
): Promise<number> {
  const list = entries.map((entry) => [
    entry.showId,
    entry.fanId,
    entry.idemKey,
    entry.bodyHash,
    entry.passId,
    entry.node,
    JSON.stringify(entry.wish),
    entry.saleId,
  ]);
  const { matched } = await shard.change(
    `INSERT IGNORE INTO request (show_id, fan_id, idem_key, body_hash, pass_id, node, wish)
     SELECT e.show_id, e.fan_id, e.idem_key, e.body_hash, e.pass_id, e.node, e.wish
     FROM JSON_TABLE(?, '$[*]' ${entryColumns}) AS e
     STRAIGHT_JOIN (
       SELECT show_id, sale_id FROM show_gate FORCE INDEX (PRIMARY)
       WHERE state = 'OPEN' AND opens_at <= NOW(3) AND closes_at > NOW(3) LOCK IN SHARE MODE
     ) AS g ON g.show_id = e.show_id
       AND g.sale_id = CONVERT(e.sale_id USING utf8mb4) COLLATE utf8mb4_bin`,
    [JSON.stringify(list)],
  );
  return matched;
}

/** Reads journalled requests back by their keys. */
export async function readByKeys(
  shard: Pick<Queryable, 'rows'>,
  keys: Pick<JournalEntry, 'showId' | 'fanId' | 'idemKey'>[],
): Promise<JournalRow[]> {
  return shard.rows(
    `SELECT r.show_id AS showId, r.request_id AS requestId, r.fan_id AS fanId,
       r.idem_key AS idemKey, r.body_hash AS bodyHash, r.state AS state, r.reason AS reason
     FROM JSON_TABLE(?, '$[*]' COLUMNS (
       show_id INT UNSIGNED PATH '$[0]',
       fan_id CHAR(12) CHARACTER SET ascii PATH '$[1]',
       idem_key VARCHAR(64) CHARACTER SET ascii PATH '$[2]'
     )) AS k
     STRAIGHT_JOIN request r ON r.show_id = k.show_id AND r.fan_id = k.fan_id
       AND r.idem_key = k.idem_key`,
    [JSON.stringify(keys.map((key) => [key.showId, key.fanId, key.idemKey]))],
  );
}

export type RequestDetail = JournalRow & {
  passId: string;
  wish: Wish;
  acceptedAt: Date;
  decidedAt: Date | null;
  alternatives: string[][];
};

export async function readRequest(
  shard: Pick<Queryable, 'rows'>,
  showId: ShowId,
  requestId: number,
): Promise<RequestDetail | undefined> {
  const [row] = await shard.rows<
    JournalRow & {
      passId: string;
      wish: string;
      acceptedAt: Date;
      decidedAt: Date | null;
      detail: string | null;
    }
  >(
    `SELECT show_id AS showId, request_id AS requestId, fan_id AS fanId, idem_key AS idemKey,
       body_hash AS bodyHash, state, reason, pass_id AS passId, wish, accepted_at AS acceptedAt,
       decided_at AS decidedAt, detail
     FROM request WHERE show_id = ? AND request_id = ?`,
    [showId, requestId],
  );
  if (!row) return undefined;
  const { detail, wish, ...rest } = row;
  return {
    ...rest,
    wish: JSON.parse(wish) as Wish,
    alternatives: detail ? (JSON.parse(detail) as string[][]) : [],
  };
}

/**
 * Undecided requests with numbers in a range, by show. A late commit of a low number can fall
 * below its show's floor; the sweeper finds it here. Whole-shard statement: it names no show,
 * because it looks for shows.
 */
export async function findStrays(
  shard: Pick<Queryable, 'rows'>,
  afterId: number,
  upToId: number,
): Promise<{ showId: ShowId; lane: number; floorId: number; lowestId: number }[]> {
  return shard.rows(
    `SELECT r.show_id AS showId, h.lane AS lane, h.floor_id AS floorId,
       MIN(r.request_id) AS lowestId
     FROM request r FORCE INDEX (request_order) JOIN show_head h ON h.show_id = r.show_id
     WHERE r.request_id > ? AND r.request_id <= ? AND r.state = 'ACCEPTED' AND h.lane <> ${awayLane}
     GROUP BY r.show_id, h.lane, h.floor_id LIMIT 1000`,
    [afterId, upToId],
  );
}

/** The newest journal number of a shard. Whole-shard statement of the sweeper. */
export async function newestRequestId(shard: Pick<Queryable, 'rows'>): Promise<number> {
  const [row] = await shard.rows<{ top: number | null }>(
    'SELECT MAX(request_id) AS top FROM request',
  );
  return Number(row?.top ?? 0);
}

/** How long (ms) the oldest undecided request of these shows has waited; 0 when there is none. */
export async function oldestUndecidedMs(
  shard: Pick<Queryable, 'rows'>,
  showIds: ShowId[],
): Promise<number> {
  if (showIds.length === 0) return 0;
  const [row] = await shard.rows<{ ageMs: string | number | null }>(
    `SELECT TIMESTAMPDIFF(MICROSECOND, MIN(d.accepted_at), NOW(3)) DIV 1000 AS ageMs FROM (
       SELECT (SELECT r.accepted_at FROM request r FORCE INDEX (PRIMARY)
         WHERE r.show_id = h.show_id AND r.request_id >= h.floor_id AND r.state = 'ACCEPTED'
         ORDER BY r.request_id LIMIT 1) AS accepted_at
       FROM show_head h WHERE h.show_id IN (?)
     ) AS d`,
    [showIds],
  );
  return Number(row?.ageMs ?? 0);
}

/** Lets the drain begin again at a request that committed late. */
export async function lowerFloor(tx: Tx, showId: ShowId, requestId: number): Promise<void> {
  await tx.change('UPDATE show_head SET floor_id = LEAST(floor_id, ?) WHERE show_id = ?', [
    requestId,
    showId,
  ]);
}

/** Takes an undecided request back. False when it was decided already. The head is locked. */
export async function withdrawRequest(
  tx: Tx,
  showId: ShowId,
  requestId: number,
  now: Date,
): Promise<boolean> {
  const { matched } = await tx.change(
    `UPDATE request SET state = 'WITHDRAWN', decided_at = ?
     WHERE show_id = ? AND request_id = ? AND state = 'ACCEPTED'`,
    [now, showId, requestId],
  );
  return matched === 1;
}

/** Who asked, and which api process answers; undefined when there is no such request. */
export async function readRequestNode(
  shard: Pick<Queryable, 'rows'>,
  showId: ShowId,
  requestId: number,
): Promise<{ fanId: string; node: string } | undefined> {
  const [row] = await shard.rows<{ fanId: string; node: string }>(
    'SELECT fan_id AS fanId, node FROM request WHERE show_id = ? AND request_id = ?',
    [showId, requestId],
  );
  return row;
}
