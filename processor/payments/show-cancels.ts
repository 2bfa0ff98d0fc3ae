import type { SettleDeps } from '../../core/payments/settling.js';
import { publishBooking, publishSeats } from '../../core/redis/show-news.js';
import type { Database } from '../../core/store/database.js';
import { readReservation } from '../../core/store/shard/reservations.js';
import {
  endForShowCancel,
  finishShowCancel,
  listRunningCancels,
  listToEnd,
} from '../../core/store/shard/show-cancel.js';
import { changeShow } from '../../core/store/shard/show-change.js';

const showsMax = 20;
const rowsMax = 50;

/**
 * One turn over the cancelled shows of a shard: ends some reservations of each, every one in its own
 * commit. Whoever dies in between has lost nothing: the next turn goes on with what is left. True
 * when there may be more to do at once.
 */
export async function drainShowCancels(deps: SettleDeps, shardId: number): Promise<boolean> {
  const shard = deps.shards.byId(shardId);
  let more = false;
  for (const showId of await listRunningCancels(shard, showsMax)) {
    more = (await cancelSome(deps, shard, showId)) || more;
  }
  return more;
}

async function cancelSome(deps: SettleDeps, shard: Database, showId: number): Promise<boolean> {
  const left = await listToEnd(shard, showId, rowsMax);
  for (const { reservationId: no, state } of left) {
    try {
      const { news } = await changeShow(shard, showId, (change) =>
        endForShowCancel(change, no, 'show'),
      );
      await publishSeats(deps.redis, deps.names, news);
      const moved = await readReservation(shard, showId, no);
      if (moved && state === 'BOOKED') {
        const told = { showId, no, fanId: moved.fanId, state: 'cancelled' } as const;
        await publishBooking(deps.redis, deps.names, told);
      }
    } catch (error) {
      deps.log.warn(
        { err: error, showId, no },
        'a booking of a cancelled show stays for the next turn',
      );
    }
  }
  if (left.length > 0) return left.length === rowsMax;
  await changeShow(shard, showId, finishShowCancel);
  return false;
}
