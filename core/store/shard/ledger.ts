import type { ShowId } from '../../domain/ids.js';
import type { Tx } from '../database.js';

/**
 * One move of money between two accounts, so debits always equal credits: `provider` and `till` hold
 * it, `sales` is earned, `owed` belongs to fans and must go back, `discount` is what codes took off
 * prices, `disputed` is with a bank that decides, `chargeback` is what banks took for good. Amounts
 * are minor units.
 */
export type LedgerMove = {
  reservationId: number;
  debit: Account;
  credit: Account;
  amount: number;
  currency: string;
};
export type Account =
  | 'provider'
  | 'till'
  | 'sales'
  | 'owed'
  | 'discount'
  | 'disputed'
  | 'chargeback';

/** A move under the log entry that explains it. */
export type BookedMove = LedgerMove & { lsn: number };

/** Writes what one change has moved; moves of nothing are left out. */
export async function insertMoves(
  tx: Tx,
  { showId, at }: { showId: ShowId; at: Date },
  moves: BookedMove[],
): Promise<void> {
  const rows = moves
    .filter((move) => move.amount > 0)
    .map(({ lsn, reservationId, debit, credit, amount, currency }, index) => [
      showId,
      lsn,
      index + 1,
      reservationId,
      at,
      debit,
      credit,
      amount,
      currency,
    ]);
  if (rows.length === 0) return;
  await tx.change(
    `INSERT INTO ledger (show_id, lsn, part, reservation_id, at, debit, credit, amount, currency)
     VALUES ?`,
    [rows],
  );
}
