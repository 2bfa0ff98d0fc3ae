import type { ShowId } from '../../domain/ids.js';
import type { Queryable } from '../database.js';

// The work list of a shard's money: staff ask for all shows at once, by indexes that hold what
// isn't done.

type Reader = Pick<Queryable, 'rows'>;

export type UnsettledPayment = {
  showId: ShowId;
  reservationId: number;
  attempt: number;
  state: string;
  reservation: string;
  amount: number;
  currency: string;
  intentId: string | null;
  createdAt: Date;
};

/** Open payment attempts, oldest first. */
export async function listOpenPayments(
  shard: Reader,
  rowsMax: number,
): Promise<UnsettledPayment[]> {
  return shard.rows(
    `SELECT p.show_id AS showId, p.reservation_id AS reservationId, p.attempt, p.state,
       r.state AS reservation, p.amount, p.currency, p.intent_id AS intentId,
       p.created_at AS createdAt
     FROM payment p
     JOIN reservation r ON r.show_id = p.show_id AND r.reservation_id = p.reservation_id
     WHERE p.check_at IS NOT NULL AND p.open_attempt = 1
     ORDER BY p.check_at LIMIT ?`,
    [rowsMax],
  );
}

export type UnsettledRefund = {
  showId: ShowId;
  reservationId: number;
  refundNo: number;
  state: string;
  amount: number;
  currency: string;
  reason: string;
  failCode: string | null;
  createdAt: Date;
};

/** Refunds that aren't with their fans yet: due, pending, or failed and not made good since. */
export async function listOwedRefunds(shard: Reader, rowsMax: number): Promise<UnsettledRefund[]> {
  return shard.rows(
    `SELECT f.show_id AS showId, f.reservation_id AS reservationId, f.refund_no AS refundNo, f.state,
       f.amount, f.currency, f.reason, f.fail_code AS failCode, f.created_at AS createdAt
     FROM refund f
     WHERE f.state IN ('CREATED', 'PENDING', 'FAILED') AND NOT EXISTS (
       SELECT 1 FROM refund r WHERE r.show_id = f.show_id
         AND r.reservation_id = f.reservation_id AND r.retry_of = f.refund_no)
     ORDER BY f.created_at LIMIT ?`,
    [rowsMax],
  );
}

/** Reservations whose money moved at the provider in a span, by our books. */
export async function listMovedMoney(
  shard: Reader,
  span: { from: Date; to: Date },
): Promise<{ showId: ShowId; reservationId: number }[]> {
  return shard.rows(
    `SELECT DISTINCT show_id AS showId, reservation_id AS reservationId FROM ledger
     WHERE at >= ? AND at < ? AND (debit = 'provider' OR credit = 'provider')
     ORDER BY show_id, reservation_id`,
    [span.from, span.to],
  );
}

export type AccountMove = { debit: string; credit: string; currency: string; amount: number };

/** What moved between the accounts of a shard in a span, summed by accounts and currency. */
export async function sumMoves(
  shard: Reader,
  span: { from: Date; to: Date },
): Promise<AccountMove[]> {
  const rows = await shard.rows<AccountMove & { amount: string | number }>(
    `SELECT debit, credit, currency, SUM(amount) AS amount FROM ledger
     WHERE at >= ? AND at < ? GROUP BY debit, credit, currency ORDER BY debit, credit, currency`,
    [span.from, span.to],
  );
  return rows.map((row) => ({ ...row, amount: Number(row.amount) }));
}
