import { z } from 'zod';
import { groupBy } from '../../core/domain/group-by.js';
import { readSaleIds } from '../../core/store/shard/gates.js';
import type { OutboxRow } from '../../core/store/shard/outbox.js';
import type { Shards } from '../../core/store/shards.js';
import type { OutboxHandlerOfMany } from './deps.js';

const payloadSchema = z.object({ grants: z.array(z.tuple([z.string(), z.string()])) });

/**
 * A granted request has spent its pass, whose slot in the room is for the next fan. A batch of the
 * lanes leaves one message per show; all that are due end their passes with one statement per
 * sale, and ending a pass again changes nothing.
 */
export const grantedHandler: OutboxHandlerOfMany = async ({ shards, gate }, rows) => {
  const saleOf = await salesOf(shards, rows);
  const known = rows.filter((row) => saleOf.has(row.showId));
  for (const [saleId, ofSale] of groupBy(known, (row) => saleOf.get(row.showId) ?? '')) {
    const grants = ofSale.flatMap((row) => payloadSchema.parse(row.payload).grants);
    const passes = grants.map(([fanId, passId]) => ({ fanId, passId }));
    await gate.finishAll({ saleId, passes });
  }
};

/** Asks the shards that the shows are on now. */
async function salesOf(shards: Shards, rows: OutboxRow[]): Promise<Map<number, string>> {
  const sales = new Map<number, string>();
  const showIds = [...new Set(rows.map((row) => row.showId))];
  const placed = await Promise.all(
    showIds.map(async (showId) => ({ showId, shardId: await shards.idOf(showId) })),
  );
  for (const [shardId, here] of groupBy(placed, (one) => one.shardId)) {
    if (shardId === undefined) continue;
    const ids = here.map((one) => one.showId);
    for (const [showId, saleId] of await readSaleIds(shards.byId(shardId), ids)) {
      sales.set(showId, saleId);
    }
  }
  return sales;
}
