import type { Database, Queryable } from '../database.js';

/** What one daily close compared, in minor units by currency. */
export type CloseTotals = {
  currency: string;
  charged_ours: number;
  charged_theirs: number;
  refunded_ours: number;
  refunded_theirs: number;
  /** What disputes took, whatever became of them later. */
  disputed_ours: number;
  disputed_theirs: number;
}[];

export const noTotals = {
  ...{ charged_ours: 0, charged_theirs: 0, refunded_ours: 0, refunded_theirs: 0 },
  ...{ disputed_ours: 0, disputed_theirs: 0 },
};

export type Close = {
  day: string;
  state: 'WAITING' | 'DONE';
  askedAt: Date;
  finishedAt: Date | null;
  charges: number;
  refunds: number;
  differences: number;
  totals: CloseTotals | null;
  error: string | null;
};

/** How long one close may take before another processor may run it. */
const claimSeconds = 600;

/**
 * Asks for the close of a day (`2026-05-09`, UTC), again if it was made before. One that waits
 * already is left as it is.
 */
export async function askClose(catalog: Database, day: string, by: string): Promise<void> {
  await catalog.change(
    `INSERT INTO payment_close (day, state, waiting, asked_by) VALUES (?, 'WAITING', 1, ?)
     ON DUPLICATE KEY UPDATE
       asked_by = IF(waiting IS NULL, VALUES(asked_by), asked_by),
       asked_at = IF(waiting IS NULL, NOW(3), asked_at),
       due_at = IF(waiting IS NULL, NOW(3), due_at), error = NULL,
       state = 'WAITING', waiting = 1`,
    [day, by],
  );
}

/** Asks for the close of the day before today, once: every processor does it by itself. */
export async function askYesterday(catalog: Database): Promise<void> {
  await catalog.change(
    `INSERT IGNORE INTO payment_close (day, state, waiting, asked_by)
     VALUES (DATE(NOW(3) - INTERVAL 1 DAY), 'WAITING', 1, 'usher')`,
  );
}

/** Takes a waiting close for one run; undefined when none is due. */
export async function claimClose(catalog: Database): Promise<string | undefined> {
  const [row] = await catalog.rows<{ day: string }>(
    `SELECT DATE_FORMAT(day, '%Y-%m-%d') AS day FROM payment_close
     WHERE waiting = 1 AND due_at <= NOW(3) ORDER BY due_at LIMIT 1`,
  );
  if (!row) return undefined;
  const { matched } = await catalog.change(
    `UPDATE payment_close SET due_at = NOW(3) + INTERVAL ${claimSeconds} SECOND
     WHERE day = ? AND waiting = 1 AND due_at <= NOW(3)`,
    [row.day],
  );
  return matched === 1 ? row.day : undefined;
}

export async function finishClose(
  catalog: Database,
  day: string,
  found: { charges: number; refunds: number; differences: number; totals: CloseTotals },
): Promise<void> {
  await catalog.change(
    `UPDATE payment_close SET state = 'DONE', waiting = NULL, finished_at = NOW(3), charges = ?,
       refunds = ?, differences = ?, totals = ?, error = NULL WHERE day = ?`,
    [found.charges, found.refunds, found.differences, JSON.stringify(found.totals), day],
  );
}

/** Keeps why a close could not be made now; it is tried again after the pause. */
export async function postponeClose(
  catalog: Database,
  day: string,
  { error, inSeconds }: { error: string; inSeconds: number },
): Promise<void> {
  await catalog.change(
    `UPDATE payment_close SET error = ?, due_at = NOW(3) + INTERVAL ? SECOND
     WHERE day = ? AND waiting = 1`,
    [error.slice(0, 300), inSeconds, day],
  );
}

export async function readClose(
  catalog: Pick<Queryable, 'rows'>,
  day: string,
): Promise<Close | undefined> {
  const [row] = await catalog.rows<Omit<Close, 'totals'> & { totals: string | null }>(
    `SELECT DATE_FORMAT(day, '%Y-%m-%d') AS day, state, asked_at AS askedAt,
       finished_at AS finishedAt, charges, refunds, differences, totals, error
     FROM payment_close WHERE day = ?`,
    [day],
  );
  return row && { ...row, totals: row.totals === null ? null : JSON.parse(row.totals) };
}
