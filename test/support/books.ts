import type { Database } from '../../core/store/database.js';
import type { TestHold } from './fixtures.js';

/** The accounts of one reservation that aren't even: debits less credits, in minor units. */
export async function balances(
  shard: Database,
  { showId, reservationId }: Pick<TestHold, 'showId' | 'reservationId'>,
): Promise<Record<string, number>> {
  const rows = await shard.rows<{ debit: string; credit: string; amount: number }>(
    'SELECT debit, credit, amount FROM ledger WHERE show_id = ? AND reservation_id = ?',
    [showId, reservationId],
  );
  const sums: Record<string, number> = {};
  for (const { debit, credit, amount } of rows) {
    sums[debit] = (sums[debit] ?? 0) + amount;
    sums[credit] = (sums[credit] ?? 0) - amount;
  }
  return Object.fromEntries(Object.entries(sums).filter(([, sum]) => sum !== 0));
}
