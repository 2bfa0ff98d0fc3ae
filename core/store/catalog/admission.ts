import type { Queryable, Tx } from '../database.js';

export type AdmissionState = 'LIVE' | 'SPENT' | 'LEFT' | 'REVOKED';

/** One admission to be written: who gets which pass, by the score of the place. */
export type Admission = {
  passId: string;
  fanId: string;
  score: number | null;
  /** Let in by staff, beside the rate. */
  byStaff?: boolean;
};

/** A pass as SQL knows it. */
export type PassRow = { passId: string; fanId: string; expiresAtMs: number; live: boolean };

/**
 * Writes admissions before anybody can fetch their passes; writing them again changes nothing.
 * The share lock on the sale orders this against a restoring, which moves the epoch before it
 * reads the admissions: each is either seen by it or refused here.
 * @returns false, with nothing written, when the epoch is over.
 */
export async function writeAdmissions(
  tx: Tx,
  sale: { saleId: string; epoch: number; passSeconds: number },
  admissions: Admission[],
): Promise<boolean> {
  const [row] = await tx.rows<{ epoch: number }>(
    'SELECT epoch FROM sales WHERE sale_id = ? LOCK IN SHARE MODE',
    [sale.saleId],
  );
  if (row?.epoch !== sale.epoch) return false;
  const value = "(?, ?, ?, ?, ?, NOW(3), NOW(3) + INTERVAL ? SECOND, 'LIVE', ?)";
  await tx.change(
    `INSERT INTO admission
       (pass_id, sale_id, fan_id, epoch, score, admitted_at, expires_at, state, by_staff)
     VALUES ${admissions.map(() => value).join(', ')}
     ON DUPLICATE KEY UPDATE pass_id = admission.pass_id`,
    admissions.flatMap(({ passId, fanId, score, byStaff }) => [
      passId,
      sale.saleId,
      fanId,
      sale.epoch,
      score,
      sale.passSeconds,
      byStaff ? 1 : 0,
    ]),
  );
  return true;
}

const passColumns = `pass_id AS passId, fan_id AS fanId,
  ROUND(UNIX_TIMESTAMP(expires_at) * 1000) AS expiresAtMs,
  (state = 'LIVE' AND expires_at > NOW(3)) AS live`;

type RawPass = { passId: string; fanId: string; expiresAtMs: string | number; live: number };

function passOf(row: RawPass): PassRow {
  return { ...row, expiresAtMs: Number(row.expiresAtMs), live: Number(row.live) === 1 };
}

export async function readPasses(db: Queryable, passIds: string[]): Promise<PassRow[]> {
  if (passIds.length === 0) return [];
  const rows = await db.rows<RawPass>(`SELECT ${passColumns} FROM admission WHERE pass_id IN (?)`, [
    passIds,
  ]);
  return rows.map(passOf);
}

/** The fan's last admission to a sale, live or not. */
export async function readLastPass(
  db: Queryable,
  { saleId, fanId }: { saleId: string; fanId: string },
): Promise<PassRow | undefined> {
  const [row] = await db.rows<RawPass>(
    `SELECT ${passColumns} FROM admission WHERE fan_id = ? AND sale_id = ?
     ORDER BY (state = 'LIVE') DESC, expires_at DESC LIMIT 1`,
    [fanId, saleId],
  );
  return row && passOf(row);
}

/**
 * Locks a fan against other admissions of the same fan.
 * @returns the account's state; undefined for an unknown fan.
 */
export async function lockFan(tx: Tx, fanId: string): Promise<string | undefined> {
  const [row] = await tx.rows<{ state: string }>(
    'SELECT state FROM fans WHERE fan_id = ? FOR UPDATE',
    [fanId],
  );
  return row?.state;
}

/** What an ending says of a pass, and which passes it is about. */
export type Ending = {
  saleId: string;
  fanId: string;
  state: Exclude<AdmissionState, 'LIVE'>;
  /** Only this pass; undefined: every live pass of the fan in the sale. */
  passId?: string;
};

/**
 * Ends live passes. One that was not spent goes on the list of revoked passes in the same
 * transaction; a spent one is refused by the grant that spent it.
 * @returns the passes that were ended now.
 */
export async function endPasses(tx: Tx, ending: Ending): Promise<string[]> {
  const rows = await tx.rows<{ passId: string }>(
    `SELECT pass_id AS passId FROM admission
     WHERE fan_id = ? AND sale_id = ? AND state = 'LIVE' AND (? IS NULL OR pass_id = ?)
     FOR UPDATE`,
    [ending.fanId, ending.saleId, ending.passId ?? null, ending.passId ?? null],
  );
  const passIds = rows.map((row) => row.passId);
  if (passIds.length > 0) await endById(tx, passIds, ending.state);
  return passIds;
}

/** Sales in which a fan has a live pass. */
export async function listLiveSales(db: Queryable, fanId: string): Promise<string[]> {
  const rows = await db.rows<{ saleId: string }>(
    `SELECT DISTINCT sale_id AS saleId FROM admission
     WHERE fan_id = ? AND state = 'LIVE' AND expires_at > NOW(3)`,
    [fanId],
  );
  return rows.map((row) => row.saleId);
}

/** Marks live passes as spent; those that ended otherwise stay as they are. */
export async function spendPasses(tx: Tx, saleId: string, passIds: string[]): Promise<void> {
  await tx.change(
    `UPDATE admission SET state = 'SPENT', ended_at = NOW(3)
     WHERE pass_id IN (?) AND sale_id = ? AND state = 'LIVE'`,
    [[...passIds].sort(), saleId],
  );
}

/** Ends passes that were written for fans who had gone by then. */
export async function endOrphans(tx: Tx, passIds: string[]): Promise<void> {
  const rows = await tx.rows<{ passId: string }>(
    `SELECT pass_id AS passId FROM admission WHERE pass_id IN (?) AND state = 'LIVE' FOR UPDATE`,
    [passIds],
  );
  if (rows.length > 0) {
    await endById(
      tx,
      rows.map((row) => row.passId),
      'LEFT',
    );
  }
}

async function endById(
  tx: Tx,
  passIds: string[],
  state: Exclude<AdmissionState, 'LIVE'>,
): Promise<void> {
  await tx.change('UPDATE admission SET state = ?, ended_at = NOW(3) WHERE pass_id IN (?)', [
    state,
    passIds,
  ]);
  if (state === 'SPENT') return;
  await tx.change(
    `INSERT INTO revoked (pass_id, revoked_at, expires_at)
     SELECT pass_id, NOW(3), expires_at FROM admission WHERE pass_id IN (?)
     ON DUPLICATE KEY UPDATE revoked_at = NOW(3)`,
    [passIds],
  );
}

/** Passes revoked since a moment of the database's clock, with that clock for the next question. */
export async function readRevoked(
  db: Queryable,
  since: Date,
): Promise<{ passId: string; revokedAt: Date; expiresAt: Date }[]> {
  return db.rows(
    `SELECT pass_id AS passId, revoked_at AS revokedAt, expires_at AS expiresAt FROM revoked
     WHERE revoked_at >= ? AND expires_at > NOW(3) - INTERVAL 1 MINUTE`,
    [since],
  );
}

export type StoredAdmission = {
  passId: string;
  fanId: string;
  score: number | null;
  state: AdmissionState;
  admittedAt: Date;
  expiresAtMs: number;
};

/** Admissions of a sale, oldest first; `after` is the last one of the page before. */
export async function listAdmissions(
  db: Queryable,
  saleId: string,
  page: { after: Pick<StoredAdmission, 'admittedAt' | 'passId'> | undefined; limit: number },
): Promise<StoredAdmission[]> {
  const after = page.after;
  const rows = await db.rows<
    Omit<StoredAdmission, 'score' | 'expiresAtMs'> & {
      score: string | number | null;
      expiresAtMs: string | number;
    }
  >(
    `SELECT pass_id AS passId, fan_id AS fanId, score, state, admitted_at AS admittedAt,
       ROUND(UNIX_TIMESTAMP(expires_at) * 1000) AS expiresAtMs
     FROM admission
     WHERE sale_id = ?${after ? ' AND admitted_at >= ? AND (admitted_at > ? OR pass_id > ?)' : ''}
     ORDER BY admitted_at, pass_id LIMIT ?`,
    after
      ? [saleId, after.admittedAt, after.admittedAt, after.passId, page.limit]
      : [saleId, page.limit],
  );
  return rows.map((row) => ({
    ...row,
    score: row.score === null ? null : Number(row.score),
    expiresAtMs: Number(row.expiresAtMs),
  }));
}

/** How many the rate admitted to a sale over the last minute, by their age in ms, oldest first. */
export async function countRecentAdmissions(
  db: Queryable,
  saleId: string,
): Promise<{ ageMs: number; count: number }[]> {
  const rows = await db.rows<{ ageMs: string | number; count: number }>(
    `SELECT GREATEST(0, TIMESTAMPDIFF(MICROSECOND, admitted_at, NOW(3)) DIV 1000) AS ageMs,
       COUNT(*) AS count
     FROM admission
     WHERE sale_id = ? AND by_staff = 0 AND admitted_at > NOW(3) - INTERVAL 60 SECOND
     GROUP BY admitted_at ORDER BY admitted_at`,
    [saleId],
  );
  return rows.map((row) => ({ ageMs: Number(row.ageMs), count: Number(row.count) }));
}
