import type { Queryable, Tx } from '../database.js';

/** Somebody who gave up a place while waiting, or who may not come back to a sale. */
export type RoomExit = {
  saleId: string;
  fanId: string;
  /** Of the place that was given up; null when there was none. */
  score: number | null;
  state: 'LEFT' | 'REVOKED';
};

/**
 * Writes that a place was given up, so that its receipt brings it back to no room that is built
 * anew. Who was barred stays so.
 */
export async function writeExit(tx: Tx, exit: RoomExit): Promise<void> {
  await tx.change(
    `INSERT INTO room_exits (sale_id, fan_id, score, state, left_at) VALUES (?, ?, ?, ?, NOW(3))
     ON DUPLICATE KEY UPDATE
       state = IF(state = 'REVOKED', 'REVOKED', VALUES(state)),
       score = COALESCE(GREATEST(score, VALUES(score)), VALUES(score), score), left_at = NOW(3)`,
    [exit.saleId, exit.fanId, exit.score, exit.state],
  );
}

/** Forgets an exit, for a place that was given up and taken again. */
export async function strikeExit(
  db: Queryable,
  { saleId, fanId }: Pick<RoomExit, 'saleId' | 'fanId'>,
): Promise<void> {
  await db.change("DELETE FROM room_exits WHERE sale_id = ? AND fan_id = ? AND state = 'LEFT'", [
    saleId,
    fanId,
  ]);
}

/** Exits of a sale by fan; `after` is the last fan of the page before. */
export async function listExits(
  db: Queryable,
  saleId: string,
  page: { after: string; limit: number },
): Promise<RoomExit[]> {
  const rows = await db.rows<Omit<RoomExit, 'score'> & { score: string | number | null }>(
    `SELECT sale_id AS saleId, fan_id AS fanId, score, state FROM room_exits
     WHERE sale_id = ? AND fan_id > ? ORDER BY fan_id LIMIT ?`,
    [saleId, page.after, page.limit],
  );
  return rows.map((row) => ({ ...row, score: row.score === null ? null : Number(row.score) }));
}
