import { groupBy } from '../../domain/group-by.js';
import type { StoredSaleState } from '../../domain/sale-state.js';
import type { GateState } from '../../domain/states.js';
import type { Database } from '../database.js';
import { changeGates } from '../shard/gates.js';
import { openGates } from '../shard/open-gates.js';
import type { ShowNews } from '../shard/show-change.js';
import type { Shards } from '../shards.js';
import { listSaleShows, lockSale } from './staff-views.js';

export const gateOf: Record<StoredSaleState, GateState> = {
  ACTIVE: 'OPEN',
  PAUSED: 'PAUSED',
  CLOSED: 'CLOSED',
};

/**
 * Brings the gates of all shows of a sale in line with it. The sale's row stays locked meanwhile,
 * so of two commands at once the later one's state is what the gates end at. When this returns,
 * no request is being accepted under the old state. Repeating it finishes what was cut short.
 * Returns what to tell of seats that were offered meanwhile.
 */
export async function carryToGates(
  { catalog, shards }: { catalog: Database; shards: Shards },
  saleId: string,
): Promise<ShowNews[]> {
  return catalog.transaction(async (tx) => {
    const sale = await lockSale(tx, saleId);
    if (!sale) return [];
    const shows = await listSaleShows(tx, saleId);
    const to = { state: gateOf[sale.state], opensAt: sale.opensAt };
    const done = await Promise.allSettled(
      [...groupBy(shows, (show) => show.shardId)].map(async ([shardId, group]) => {
        const showIds = group.map((show) => show.showId).sort((a, b) => a - b);
        const shard = shards.byId(shardId);
        if (to.state === 'OPEN') return openGates(shard, showIds, to.opensAt);
        await changeGates(shard, showIds, to);
        return [];
      }),
    );
    // A shard that is away keeps no other from its change; the caller is told to repeat.
    return done.flatMap((one) => {
      if (one.status === 'rejected') throw one.reason;
      return one.value;
    });
  });
}
