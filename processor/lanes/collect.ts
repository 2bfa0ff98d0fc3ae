import type { ShowId } from '../../core/domain/ids.js';
import type { Database } from '../../core/store/database.js';
import { findWaiting, type Waiting } from '../../core/store/shard/journal.js';

/** Requests decided in one transaction. */
const batchRowsMax = 500;
/** Of one show, while other shows of the lane wait too: nobody is delayed by more than one batch. */
const showRowsMax = 100;
/** Looks for other waiting shows behind a busy one, at most so often per batch. */
const looksMax = 6;

/**
 * Collects the next batch of a lane, beginning after the show served last, so that busy shows
 * with low numbers don't keep the others waiting.
 */
export async function collectBatch(
  shard: Pick<Database, 'rows'>,
  lane: number,
  lastServed: ShowId,
): Promise<Waiting[]> {
  const byShow = new Map<ShowId, Waiting[]>();
  let after = lastServed;
  let wrapped = lastServed === 0;
  for (let look = 0; look < looksMax; look += 1) {
    const rows = await findWaiting(shard, lane, after, batchRowsMax);
    for (const row of rows) {
      const list = byShow.get(row.showId);
      if (!list) byShow.set(row.showId, [row]);
      else if (list.at(-1) !== undefined && (list.at(-1)?.requestId ?? 0) < row.requestId)
        list.push(row);
    }
    if (countCapped(byShow) >= batchRowsMax) break;
    if (rows.length === batchRowsMax) {
      after = rows.at(-1)?.showId ?? 0;
    } else if (wrapped) {
      break;
    } else {
      wrapped = true;
      after = 0;
    }
  }
  return shareOut(byShow);
}

function countCapped(byShow: Map<ShowId, Waiting[]>): number {
  return [...byShow.values()].reduce((sum, list) => sum + Math.min(list.length, showRowsMax), 0);
}

/** Gives each show its share; what is left of the batch goes to whoever has more waiting. */
function shareOut(byShow: Map<ShowId, Waiting[]>): Waiting[] {
  if (byShow.size <= 1) return [...byShow.values()].flat().slice(0, batchRowsMax);
  const shares: Waiting[] = [];
  for (const list of byShow.values()) {
    if (shares.length >= batchRowsMax) break;
    shares.push(...list.slice(0, Math.min(showRowsMax, batchRowsMax - shares.length)));
  }
  return shares;
}
