import { z } from 'zod';
import { readGate } from '../../core/store/shard/gates.js';
import type { OutboxHandler } from './deps.js';

const payloadSchema = z.object({ grants: z.array(z.tuple([z.string(), z.string()])) });

/**
 * A granted request has spent its pass, whose slot in the room is for the next fan. One message
 * tells of all grants of a show in a batch, and ending a pass again changes nothing.
 */
export const grantedHandler: OutboxHandler = async ({ shards, gate }, row) => {
  const { grants } = payloadSchema.parse(row.payload);
  const showGate = await readGate(await shards.forShow(row.showId), row.showId);
  if (!showGate) return;
  const { saleId } = showGate;
  const passes = grants.map(([fanId, passId]) => ({ fanId, passId }));
  await gate.finishAll({ saleId, passes });
};
