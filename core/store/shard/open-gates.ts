import type { ShowId } from '../../domain/ids.js';
import type { Database } from '../database.js';
import { changeGates } from './gates.js';
import { offerFreedSeats } from './offers.js';
import { changeShow, type ShowNews } from './show-change.js';

/**
 * Opens the gates of shows. Nothing is offered while a sale is closed, so seats may have come free
 * over people who wait: those are asked behind a gate that lets nobody in yet. Repeating it
 * finishes what was cut short. Returns what to tell.
 */
export async function openGates(
  shard: Database,
  showIds: ShowId[],
  opensAt: Date,
): Promise<ShowNews[]> {
  const awaited = await findAwaited(shard, showIds);
  await changeGates(shard, awaited, { state: 'PAUSED', opensAt });
  const told: ShowNews[] = [];
  for (const showId of awaited) {
    const { news } = await changeShow(shard, showId, (change) => offerFreedSeats(change));
    told.push(news);
  }
  await changeGates(shard, showIds, { state: 'OPEN', opensAt });
  return told;
}

/** Shows that let nobody in and for whose seats somebody waits. */
async function findAwaited(shard: Database, showIds: ShowId[]): Promise<ShowId[]> {
  if (showIds.length === 0) return [];
  const rows = await shard.rows<{ showId: ShowId }>(
    `SELECT h.show_id AS showId FROM show_head h JOIN show_gate g ON g.show_id = h.show_id
     WHERE h.show_id IN (?) AND h.waiting > 0 AND g.state IN ('PAUSED', 'CLOSED')
     ORDER BY h.show_id`,
    [showIds],
  );
  return rows.map(({ showId }) => showId);
}
