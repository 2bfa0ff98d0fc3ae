import type { ShowId } from '../../domain/ids.js';
import type { Database, Queryable } from '../database.js';
import type { ShowChange } from './show-change.js';

export type RefundState = 'CREATED' | 'PENDING' | 'SUCCEEDED' | 'FAILED';

export type RefundRef = { showId: ShowId; reservationId: number; refundNo: number };

export type Refund = RefundRef & {
  attempt: number;
  amount: number;
  currency: string;
  reason: string;
  state: RefundState;
  providerId: string | null;
  /** The intent to refund when it is another than the attempt's. */
  intentId: string | null;
  /** The failed refund that this one makes good for. */
  retryOf: number | null;
  failCode: string | null;
  createdAtMs: number;
};

type Row = Omit<Refund, 'showId' | 'createdAtMs'> & { createdAt: Date };

const columns = `reservation_id AS reservationId, refund_no AS refundNo, attempt, amount, currency,
  reason, state, provider_id AS providerId, intent_id AS intentId, retry_of AS retryOf,
  fail_code AS failCode, created_at AS createdAt`;

/** How long one try at a refund may take before another processor may try too. */
const claimSeconds = 90;

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

/** Why a refund waits whose money was taken at the desk. */
export const payAtDesk = 'pay_at_desk';
const deskIdPrefix = 'desk_';

/** Stands for the provider's own id of a refund that was given at the desk. */
export function deskRefundId({ showId, reservationId, refundNo }: RefundRef): string {
  return `${deskIdPrefix}${showId}_${reservationId}_${refundNo}`;
}

/** True for a refund that no provider makes: it waits at the desk, or was given there. */
export function isDeskRefund({ failCode, providerId }: Refund): boolean {
  return failCode === payAtDesk || providerId?.startsWith(deskIdPrefix) === true;
}

/**
 * Writes a refund that is to be made; the processor makes it after the commit. One of money that
 * was taken at the desk waits there for its fan.
 */
export async function insertRefund(
  { tx, head, nowMs }: ShowChange,
  refund: Pick<
    Refund,
    'reservationId' | 'refundNo' | 'attempt' | 'amount' | 'currency' | 'reason'
  > &
    Partial<Pick<Refund, 'intentId' | 'retryOf'>> & { atDesk?: boolean },
): Promise<void> {
  const now = new Date(nowMs);
  await tx.change(
    `INSERT INTO refund (show_id, reservation_id, refund_no, attempt, amount, currency, reason,
       state, intent_id, retry_of, fail_code, created_at, updated_at, check_at)
     VALUES (?, ?, ?, ?, ?, ?, ?, 'CREATED', ?, ?, ?, ?, ?, ?)`,
    [
      head.showId,
      refund.reservationId,
      refund.refundNo,
      refund.attempt,
      refund.amount,
      refund.currency,
      refund.reason,
      refund.intentId ?? null,
      refund.retryOf ?? null,
      refund.atDesk ? payAtDesk : null,
      now,
      now,
      refund.atDesk ? null : now,
    ],
  );
}

/** Moves a locked refund forward; `checkAtMs` is null when nothing is left to learn. */
export async function moveRefund(
  { tx, head, nowMs }: ShowChange,
  refund: Refund,
  to: RefundState,
  notes: { providerId: string | null; failCode?: string | undefined; checkAtMs: number | null },
): Promise<void> {
  const { matched } = await tx.change(
    `UPDATE refund SET state = ?, provider_id = COALESCE(?, provider_id), fail_code = ?,
       updated_at = ?, check_at = ?
     WHERE show_id = ? AND reservation_id = ? AND refund_no = ? AND state = ?`,
    [
      to,
      notes.providerId,
      notes.failCode ?? null,
      new Date(nowMs),
      notes.checkAtMs === null ? null : new Date(notes.checkAtMs),
      head.showId,
      refund.reservationId,
      refund.refundNo,
      refund.state,
    ],
  );
  if (matched !== 1) throw new Error(`refund ${refund.refundNo} left ${refund.state} under lock`);
  refund.state = to;
}

/**
 * Refunds that are due for a try or a look, oldest first. One of the few statements over a whole
 * shard: the index holds only refunds that aren't done.
 */
export async function listDueRefunds(
  shard: Pick<Queryable, 'rows'>,
  rowsMax: number,
): Promise<RefundRef[]> {
  return shard.rows(
    `SELECT show_id AS showId, reservation_id AS reservationId, refund_no AS refundNo FROM refund
     WHERE check_at <= NOW(3) ORDER BY check_at LIMIT ?`,
    [rowsMax],
  );
}

/** Takes a due refund for one try; false when another processor was faster. */
export async function claimRefund(shard: Database, ref: RefundRef): Promise<boolean> {
  const { matched } = await shard.change(
    `UPDATE refund SET check_at = NOW(3) + INTERVAL ${claimSeconds} SECOND
     WHERE show_id = ? AND reservation_id = ? AND refund_no = ? AND check_at <= NOW(3)`,
    [ref.showId, ref.reservationId, ref.refundNo],
  );
  return matched === 1;
}

/** Sets when a refund that isn't done is looked at again. */
export async function scheduleRefund(shard: Database, ref: RefundRef, inMs: number): Promise<void> {
  await shard.change(
    `UPDATE refund SET check_at = NOW(3) + INTERVAL ? MICROSECOND
     WHERE show_id = ? AND reservation_id = ? AND refund_no = ?
       AND state IN ('CREATED', 'PENDING')`,
    [Math.round(inMs) * 1000, ref.showId, ref.reservationId, ref.refundNo],
  );
}

/** Refunds that count against a payment: a failed one left its money with us. */
export function refundedAmount(refunds: Refund[], attempt: number): number {
  return refunds
    .filter((refund) => refund.attempt === attempt && refund.intentId === null)
    .filter((refund) => refund.state !== 'FAILED')
    .reduce((sum, refund) => sum + refund.amount, 0);
}

export function nextRefundNo(refunds: Refund[]): number {
  return 1 + Math.max(0, ...refunds.map((refund) => refund.refundNo));
}

function fromRow(showId: ShowId, { createdAt, ...row }: Row): Refund {
  return { showId, ...row, createdAtMs: createdAt.getTime() };
}
