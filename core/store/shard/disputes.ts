import type { ShowId } from '../../domain/ids.js';
import type { states } from '../../domain/states.js';
import type { Database, Queryable } from '../database.js';
import type { ShowChange } from './show-change.js';

export type DisputeState = keyof typeof states.dispute;

export type DisputeRef = { showId: ShowId; reservationId: number; disputeId: string };

/** A cardholder's objection to a charge of ours, by the provider's id; minor units. */
export type Dispute = DisputeRef & {
  attempt: number;
  /** The intent that it is about: a second one of an attempt has disputes of its own. */
  intentId: string;
  state: DisputeState;
  amount: number;
  currency: string;
  reason: string;
  createdAt: Date;
  updatedAt: Date;
};

const columns = `show_id AS showId, reservation_id AS reservationId, dispute_id AS disputeId,
  attempt, intent_id AS intentId, state, amount, currency, reason, created_at AS createdAt,
  updated_at AS updatedAt`;

/** How long one look at an open dispute may take before another processor may look. */
const claimSeconds = 90;

export async function readDisputes(
  shard: Pick<Queryable, 'rows'>,
  showId: ShowId,
  reservationId: number,
): Promise<Dispute[]> {
  return shard.rows(
    `SELECT ${columns} FROM dispute WHERE show_id = ? AND reservation_id = ?
     ORDER BY created_at, dispute_id`,
    [showId, reservationId],
  );
}

/** Locks one dispute, after the refunds of its reservation. */
export async function lockDispute(
  { tx, head }: ShowChange,
  { reservationId, disputeId }: Omit<DisputeRef, 'showId'>,
): Promise<Dispute | undefined> {
  const [row] = await tx.rows<Dispute>(
    `SELECT ${columns} FROM dispute
     WHERE show_id = ? AND reservation_id = ? AND dispute_id = ? FOR UPDATE`,
    [head.showId, reservationId, disputeId],
  );
  return row;
}

/** Writes an open dispute, which is looked at again from now on. */
export async function insertDispute(
  { tx, head, nowMs }: ShowChange,
  dispute: Omit<Dispute, 'showId' | 'state' | 'createdAt' | 'updatedAt'>,
): Promise<Dispute> {
  const now = new Date(nowMs);
  const { reservationId, disputeId, attempt, intentId, amount, currency } = dispute;
  const reason = dispute.reason.slice(0, 60);
  await tx.change(
    `INSERT INTO dispute (show_id, reservation_id, dispute_id, attempt, intent_id, state, amount,
       currency, reason, created_at, updated_at, check_at)
     VALUES (?, ?, ?, ?, ?, 'OPEN', ?, ?, ?, ?, ?, ?)`,
    [
      ...[head.showId, reservationId, disputeId, attempt, intentId, amount, currency, reason],
      ...[now, now, new Date(nowMs + restSeconds * 1_000)],
    ],
  );
  const times = { createdAt: now, updatedAt: now };
  return { ...dispute, ...times, showId: head.showId, reason, state: 'OPEN' };
}

/** Ends a locked open dispute; nothing is left to learn about it. */
export async function endDispute(
  { tx, head, nowMs }: ShowChange,
  dispute: Dispute,
  to: 'WON' | 'LOST',
): Promise<void> {
  const { matched } = await tx.change(
    `UPDATE dispute SET state = ?, updated_at = ?, check_at = NULL
     WHERE show_id = ? AND reservation_id = ? AND dispute_id = ? AND state = 'OPEN'`,
    [to, new Date(nowMs), head.showId, dispute.reservationId, dispute.disputeId],
  );
  if (matched !== 1) throw new Error(`dispute ${dispute.disputeId} left OPEN under lock`);
  dispute.state = to;
}

/** What a bank took for good of a payment's own charge, in minor units: its fan has that. */
export async function lostAmount(
  { tx, head }: ShowChange,
  { reservationId, intentId }: { reservationId: number; intentId: string | null },
): Promise<number> {
  if (intentId === null) return 0;
  const rows = await tx.rows<{ amount: number }>(
    `SELECT amount FROM dispute
     WHERE show_id = ? AND reservation_id = ? AND intent_id = ? AND state = 'LOST'`,
    [head.showId, reservationId, intentId],
  );
  return rows.reduce((sum, row) => sum + row.amount, 0);
}

/** Banks take weeks to decide, so an open dispute is asked for once an hour. */
const restSeconds = 3_600;

/**
 * Open disputes that are due for a look, longest first. One of the few statements over a whole
 * shard: the index holds only those that are open.
 */
export async function listDueDisputes(
  shard: Pick<Queryable, 'rows'>,
  rowsMax: number,
): Promise<DisputeRef[]> {
  return shard.rows(
    `SELECT show_id AS showId, reservation_id AS reservationId, dispute_id AS disputeId
     FROM dispute WHERE check_at <= NOW(3) ORDER BY check_at LIMIT ?`,
    [rowsMax],
  );
}

/** Takes a due dispute for one look; false when another processor was faster. */
export async function claimDispute(shard: Database, ref: DisputeRef): Promise<boolean> {
  const { matched } = await shard.change(
    `UPDATE dispute SET check_at = NOW(3) + INTERVAL ${claimSeconds} SECOND
     WHERE show_id = ? AND reservation_id = ? AND dispute_id = ? AND check_at <= NOW(3)`,
    [ref.showId, ref.reservationId, ref.disputeId],
  );
  return matched === 1;
}

/** Lets a dispute that is still open rest. */
export async function restDispute(shard: Database, ref: DisputeRef): Promise<void> {
  await shard.change(
    `UPDATE dispute SET check_at = NOW(3) + INTERVAL ${restSeconds} SECOND
     WHERE show_id = ? AND reservation_id = ? AND dispute_id = ? AND state = 'OPEN'`,
    [ref.showId, ref.reservationId, ref.disputeId],
  );
}
