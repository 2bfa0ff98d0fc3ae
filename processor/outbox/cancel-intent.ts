import { z } from 'zod';
import { factOf, settleFact } from '../../core/payments/settling.js';
import { readPayments } from '../../core/store/shard/payments.js';
import type { OutboxHandler } from './deps.js';

const payloadSchema = z.object({ attempt: z.int() });

/**
 * Closes the intent of a refused attempt, which could otherwise still be paid. If it was paid just
 * before, that is late money and settled as such.
 */
export const cancelIntentHandler: OutboxHandler = async (deps, row) => {
  const { attempt } = payloadSchema.parse(row.payload);
  const shard = await deps.shards.forShow(row.showId);
  const payments = await readPayments(shard, row.showId, row.subjectId);
  const payment = payments.find((entry) => entry.attempt === attempt);
  if (!payment?.intentId) return;
  const outcome = await deps.payments.cancelIntent(payment.intentId);
  const fact = factOf(outcome);
  if (!fact) throw new Error(`the intent is not closed yet: ${outcome.kind}`);
  await settleFact(deps, payment, fact);
};
