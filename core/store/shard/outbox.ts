import type { ShowId } from '../../domain/ids.js';
import type { Database, Queryable } from '../database.js';

/** One message that waits to be acted on; payloads hold ids only. */
export type OutboxRow = {
  showId: ShowId;
  outboxId: number;
  kind: string;
  subjectId: number;
  payload: Record<string, unknown>;
  /** How often it was claimed, this time included. */
  tries: number;
};

export type DeadRow = OutboxRow & { createdAtMs: number; error: string };

type Row = {
  show_id: number;
  outbox_id: number;
  kind: string;
  subject_id: number;
  payload: string;
  tries: number;
};

const columns = 'show_id, outbox_id, kind, subject_id, payload, tries';
const errorCharsMax = 300;

/**
 * Claims due messages for `leaseMs`: until then no other relay sees them, and after it they are due
 * again if whoever claimed them died. One of the few statements over a whole shard: the index holds
 * only what is not done yet.
 */
export async function claimOutbox(
  shard: Database,
  { kinds, rowsMax, leaseMs }: { kinds: string[]; rowsMax: number; leaseMs: number },
): Promise<OutboxRow[]> {
  return shard.transaction(async (tx) => {
    const rows = await tx.rows<Row>(
      `SELECT ${columns} FROM outbox WHERE due_at <= NOW(3) AND kind IN (?)
       ORDER BY due_at, outbox_id LIMIT ? FOR UPDATE SKIP LOCKED`,
      [kinds, rowsMax],
    );
    if (rows.length === 0) return [];
    await tx.change(
      `UPDATE JSON_TABLE(?, '$[*]' COLUMNS (
         show_id INT UNSIGNED PATH '$[0]', outbox_id BIGINT UNSIGNED PATH '$[1]'
       )) AS k
       STRAIGHT_JOIN outbox o FORCE INDEX (PRIMARY)
         ON o.show_id = k.show_id AND o.outbox_id = k.outbox_id
       SET o.tries = o.tries + 1, o.due_at = NOW(3) + INTERVAL ? MICROSECOND`,
      [JSON.stringify(rows.map((row) => [row.show_id, row.outbox_id])), leaseMs * 1000],
    );
    return rows.map((row) => ({ ...fromRow(row), tries: row.tries + 1 }));
  });
}

/** True when some of these kinds are due; asked without locks, so that an idle relay is cheap. */
export async function hasDueOutbox(shard: Database, kinds: string[]): Promise<boolean> {
  const rows = await shard.rows(
    'SELECT outbox_id FROM outbox WHERE due_at <= NOW(3) AND kind IN (?) LIMIT 1',
    [kinds],
  );
  return rows.length > 0;
}

/** Marks messages as acted on. In a transaction, for the sake of its retries. */
export async function markPublished(shard: Database, rows: OutboxRow[]): Promise<void> {
  await shard.transaction((tx) =>
    tx.change(
      `UPDATE JSON_TABLE(?, '$[*]' COLUMNS (
         show_id INT UNSIGNED PATH '$[0]', outbox_id BIGINT UNSIGNED PATH '$[1]'
       )) AS k
       STRAIGHT_JOIN outbox o FORCE INDEX (PRIMARY)
         ON o.show_id = k.show_id AND o.outbox_id = k.outbox_id
       SET o.published_at = NOW(3), o.due_at = NULL, o.error = NULL
       WHERE o.published_at IS NULL`,
      [JSON.stringify(rows.map((row) => [row.showId, row.outboxId]))],
    ),
  );
}

/**
 * Keeps the error of a failed try and when the next one is due; null ends the trying, and the
 * message is dead until staff retry it. Does nothing when another relay has claimed it since.
 */
export async function markFailed(
  shard: Database,
  row: OutboxRow,
  { error, againInMs }: { error: string; againInMs: number | null },
): Promise<void> {
  await shard.transaction((tx) =>
    tx.change(
      `UPDATE outbox SET due_at = NOW(3) + INTERVAL ? MICROSECOND, error = ?
       WHERE show_id = ? AND outbox_id = ? AND tries = ? AND published_at IS NULL`,
      [
        againInMs === null ? null : Math.round(againInMs) * 1000,
        error.slice(0, errorCharsMax),
        row.showId,
        row.outboxId,
        row.tries,
      ],
    ),
  );
}

/** Messages that are tried no more, for staff; over a whole shard, as staff ask for all of them. */
export async function listDeadOutbox(
  shard: Pick<Queryable, 'rows'>,
  rowsMax: number,
): Promise<DeadRow[]> {
  const rows = await shard.rows<Row & { created_at: Date; error: string }>(
    `SELECT ${columns}, created_at, error FROM outbox
     WHERE due_at IS NULL AND published_at IS NULL AND error IS NOT NULL
     ORDER BY outbox_id LIMIT ?`,
    [rowsMax],
  );
  return rows.map((row) => ({
    ...fromRow(row),
    createdAtMs: row.created_at.getTime(),
    error: row.error,
  }));
}

/** Makes a dead message due again; false when it isn't dead. */
export async function retryDeadOutbox(
  shard: Database,
  ref: { showId: ShowId; outboxId: number },
): Promise<boolean> {
  const { matched } = await shard.change(
    `UPDATE outbox SET due_at = NOW(3), tries = 0
     WHERE show_id = ? AND outbox_id = ? AND due_at IS NULL AND published_at IS NULL`,
    [ref.showId, ref.outboxId],
  );
  return matched === 1;
}

/**
 * Forgets messages that were acted on more than `daysKept` days ago. It looks at the `rowsMax` oldest
 * numbers only, so it costs the same however long the table is. Returns how many; over a whole
 * shard, since numbers grow with time and not with shows.
 */
export async function pruneOutbox(
  shard: Pick<Queryable, 'rows' | 'change'>,
  { daysKept, rowsMax }: { daysKept: number; rowsMax: number },
): Promise<number> {
  const oldest = await shard.rows<{ show_id: number; outbox_id: number; old: number | null }>(
    `SELECT show_id, outbox_id, published_at < NOW(3) - INTERVAL ? DAY AS old
     FROM outbox ORDER BY outbox_id LIMIT ?`,
    [daysKept, rowsMax],
  );
  const done = oldest.filter((row) => Number(row.old) === 1);
  if (done.length === 0) return 0;
  const { matched } = await shard.change(
    `DELETE FROM outbox WHERE show_id IN (?) AND outbox_id IN (?) AND published_at IS NOT NULL`,
    [[...new Set(done.map((row) => row.show_id))], done.map((row) => row.outbox_id)],
  );
  return matched;
}

function fromRow(row: Row): OutboxRow {
  return {
    showId: row.show_id,
    outboxId: row.outbox_id,
    kind: row.kind,
    subjectId: row.subject_id,
    payload: JSON.parse(row.payload) as Record<string, unknown>,
    tries: row.tries,
  };
}
