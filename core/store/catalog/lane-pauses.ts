import type { Queryable } from '../database.js';

export type LanePause = {
  shardId: number;
  lane: number;
  actor: string;
  reason: string;
  pausedAt: Date;
};
type LaneName = { shardId: number; lane: number };

/** Lanes in which nothing is decided until staff resume them. */
export async function readLanePauses(catalog: Pick<Queryable, 'rows'>): Promise<LanePause[]> {
  return catalog.rows(
    `SELECT shard_id AS shardId, lane, actor, reason, paused_at AS pausedAt FROM lane_pauses
     ORDER BY shard_id, lane`,
  );
}

/** False when it is paused already. */
export async function pauseLane(
  db: Pick<Queryable, 'change'>,
  { shardId, lane, actor, reason }: LaneName & { actor: string; reason: string },
): Promise<boolean> {
  const { matched } = await db.change(
    `INSERT IGNORE INTO lane_pauses (shard_id, lane, actor, reason, paused_at)
     VALUES (?, ?, ?, ?, NOW(3))`,
    [shardId, lane, actor.slice(0, 80), reason],
  );
  return matched === 1;
}

/** False when it isn't paused. */
export async function resumeLane(
  db: Pick<Queryable, 'change'>,
  { shardId, lane }: LaneName,
): Promise<boolean> {
  const { matched } = await db.change('DELETE FROM lane_pauses WHERE shard_id = ? AND lane = ?', [
    shardId,
    lane,
  ]);
  return matched === 1;
}
