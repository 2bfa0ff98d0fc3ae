import type { ShowId } from '../../domain/ids.js';
import type { Queryable } from '../database.js';
import type { ShowChange } from './show-change.js';

export type RefundState = 'CREATED' | 'PENDING' | 'SUCCEEDED' | 'FAILED';

export type Refund = {
  showId: ShowId;
  reservationId: number;
  refundNo: number;
  attempt: number;
  amount: number;
  currency: string;
  reason: string;
  state: RefundState;
  providerId: string | null;
};

type Row = {
  reservation_id: number;
  refund_no: number;
  attempt: number;
  amount: number;
  currency: string;
  reason: string;
  state: RefundState;
  provider_id: string | null;
};

const columns = 'reservation_id, refund_no, attempt, amount, currency, reason, state, provider_id';

export async function readRefunds(
  shard: Pick<Queryable, 'rows'>,
  showId: ShowId,
  reservationId: number,
): Promise<Refund[]> {
  const rows = await shard.rows<Row>(
    `SELECT ${columns} FROM refund WHERE show_id = ? AND reservation_id = ? ORDER BY refund_no`,
    [showId, reservationId],
  );
  return rows.map((row) => fromRow(showId, row));
}

/** Locks all refunds of a reservation, after its payments. */
export async function lockRefunds(
  { tx, head }: ShowChange,
  reservationId: number,
): Promise<Refund[]> {
  const rows = await tx.rows<Row>(
    `SELECT ${columns} FROM refund WHERE show_id = ? AND reservation_id = ? ORDER BY refund_no
     FOR UPDATE`,
    [head.showId, reservationId],
  );
  return rows.map((row) => fromRow(head.showId, row));
}

/** Writes a refund that is to be made; the outbox makes it after the commit. */
export async function insertRefund(
  { tx, head, nowMs }: ShowChange,
  refund: Pick<Refund, 'reservationId' | 'refundNo' | 'attempt' | 'amount' | 'currency' | 'reason'>,
): Promise<void> {
  const now = new Date(nowMs);
  await tx.change(
    `INSERT INTO refund (show_id, reservation_id, refund_no, attempt, amount, currency, reason,
       state, created_at, updated_at) VALUES (?, ?, ?, ?, ?, ?, ?, 'CREATED', ?, ?)`,
    [
      head.showId,
      refund.reservationId,
      refund.refundNo,
      refund.attempt,
      refund.amount,
      refund.currency,
      refund.reason,
      now,
      now,
    ],
  );
}

/** Moves a locked refund forward. */
export async function moveRefund(
  { tx, head, nowMs }: ShowChange,
  refund: Refund,
  to: RefundState,
  providerId: string | null,
): Promise<void> {
  await tx.change(
    `UPDATE refund SET state = ?, provider_id = COALESCE(?, provider_id), updated_at = ?
     WHERE show_id = ? AND reservation_id = ? AND refund_no = ? AND state = ?`,
    [
      to,
      providerId,
      new Date(nowMs),
      head.showId,
      refund.reservationId,
      refund.refundNo,
      refund.state,
    ],
  );
  refund.state = to;
}

function fromRow(showId: ShowId, row: Row): Refund {
  return {
    showId,
    reservationId: row.reservation_id,
    refundNo: row.refund_no,
    attempt: row.attempt,
    amount: row.amount,
    currency: row.currency,
    reason: row.reason,
    state: row.state,
    providerId: row.provider_id,
  };
}
