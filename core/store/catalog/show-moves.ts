import type { ShowId } from '../../domain/ids.js';
import type { Queryable } from '../database.js';

export type MoveState = 'PLANNED' | 'COPYING' | 'CLOSED' | 'SWITCHED' | 'OPENED' | 'DONE';

/** One step of a move, as processes hear of it. */
export type MoveNews = {
  showId: ShowId;
  toShard: number;
  state: MoveState;
  changedAt: string;
  /** Nobody may use the show now: it is between two shards. */
  isBetween: boolean;
};

/** Steps are told for this long; a process that was away for longer forgets all it knew. */
const newsSeconds = 10;

/** Shows that are between two shards, and the steps of the last seconds. */
export async function readMoveNews(catalog: Pick<Queryable, 'rows'>): Promise<MoveNews[]> {
  const rows = await catalog.rows<Omit<MoveNews, 'isBetween'>>(
    `SELECT show_id AS showId, to_shard AS toShard, state, CAST(changed_at AS CHAR) AS changedAt
     FROM show_moves WHERE state IN ('CLOSED', 'SWITCHED')
     UNION SELECT show_id, to_shard, state, CAST(changed_at AS CHAR)
     FROM show_moves WHERE changed_at >= NOW(3) - INTERVAL ? SECOND`,
    [newsSeconds],
  );
  return rows.map((row) => ({
    ...row,
    isBetween: row.state === 'CLOSED' || row.state === 'SWITCHED',
  }));
}

/** The shard of a show by the directory. */
export async function showPlace(
  catalog: Pick<Queryable, 'rows'>,
  showId: ShowId,
): Promise<number | undefined> {
  const [row] = await catalog.rows<{ shardId: number }>(
    'SELECT shard_id AS shardId FROM shows WHERE show_id = ?',
    [showId],
  );
  return row?.shardId;
}
