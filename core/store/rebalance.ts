import type { ShowId } from '../domain/ids.js';
import { writeAudit } from './catalog/audit.js';
import { planMove } from './catalog/show-moves.js';
import type { Database } from './database.js';
import { placeShow } from './shards.js';

/** Shows that began longer ago than this stay where they are. */
const pastHours = 24;

/**
 * Plans a move for every show that consistent hashing puts on another shard than the one it is on:
 * after a shard was added that is about 1/N of them. Returns the shows that will move.
 */
export async function planRebalance(
  catalog: Database,
  { shardIds, evenSelling, actor }: { shardIds: number[]; evenSelling: boolean; actor: string },
): Promise<ShowId[]> {
  const shows = await catalog.rows<{ showId: number; showKey: string; shardId: number }>(
    `SELECT show_id AS showId, show_key AS showKey, shard_id AS shardId FROM shows
     WHERE state <> 'PLANNED' AND starts_at > NOW(3) - INTERVAL ? HOUR ORDER BY show_id`,
    [pastHours],
  );
  const planned: ShowId[] = [];
  for (const { showId, showKey, shardId } of shows) {
    const toShard = placeShow(showKey, shardIds);
    if (toShard === shardId) continue;
    const plan = { showId, toShard, evenSelling, actor };
    if (await catalog.transaction((tx) => planMove(tx, plan))) planned.push(showId);
  }
  await catalog.transaction((tx) =>
    writeAudit(tx, {
      actor,
      action: 'shard.rebalance',
      subject: 'shards',
      after: { shards: shardIds, shows: planned.length },
    }),
  );
  return planned;
}
