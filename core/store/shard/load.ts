import type { Queryable } from '../database.js';

const requestsMax = 200_000;

export type ShardLoad = {
  shows: number;
  /** Rows of all tables as the engine estimates them. */
  rows: number;
  /** Requests accepted within the last minute. */
  requestsPerMinute: number;
};

/** How much lies on a shard and how much it does; over the whole shard, as it is about all of it. */
export async function readShardLoad(shard: Pick<Queryable, 'rows'>): Promise<ShardLoad> {
  const [size] = await shard.rows<{ shows: number; tableRows: string | null }>(
    `SELECT (SELECT COUNT(*) FROM show_head) AS shows,
       (SELECT SUM(TABLE_ROWS) FROM information_schema.TABLES WHERE TABLE_SCHEMA = DATABASE())
         AS tableRows`,
  );
  const [load] = await shard.rows<{ requests: number }>(
    `SELECT COUNT(*) AS requests FROM (
       SELECT accepted_at FROM request ORDER BY request_id DESC LIMIT ${requestsMax}
     ) AS newest WHERE accepted_at > NOW(3) - INTERVAL 1 MINUTE`,
  );
  return {
    shows: size?.shows ?? 0,
    rows: Number(size?.tableRows ?? 0),
    requestsPerMinute: load?.requests ?? 0,
  };
}
