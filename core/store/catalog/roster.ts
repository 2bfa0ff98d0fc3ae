import type { Queryable, Tx } from '../database.js';

/**
 * Notes the digest of a sale's roster, once.
 * @returns false when one was there.
 */
export async function recordRosterDigest(
  db: Queryable,
  { saleId, digest, count }: { saleId: string; digest: string; count: number },
): Promise<boolean> {
  const { matched } = await db.change(
    `UPDATE sales SET roster_digest = ?, roster_count = ?, roster_at = NOW(3)
     WHERE sale_id = ? AND roster_digest IS NULL`,
    [digest, count, saleId],
  );
  return matched === 1;
}

/** Writes pages of the roster; those that are there stay as they are. */
export async function writeRosterPages(
  db: Queryable,
  saleId: string,
  pages: { page: number; entries: Buffer }[],
): Promise<void> {
  await db.change('INSERT IGNORE INTO sale_roster (sale_id, page, entries) VALUES ?', [
    pages.map(({ page, entries }) => [saleId, page, entries]),
  ]);
}

export async function countRosterPages(db: Queryable, saleId: string): Promise<number> {
  const [row] = await db.rows<{ pages: number }>(
    'SELECT COUNT(*) AS pages FROM sale_roster WHERE sale_id = ?',
    [saleId],
  );
  return Number(row?.pages ?? 0);
}

export async function readRosterPage(
  db: Queryable,
  saleId: string,
  page: number,
): Promise<Buffer | undefined> {
  const [row] = await db.rows<{ entries: Buffer }>(
    'SELECT entries FROM sale_roster WHERE sale_id = ? AND page = ?',
    [saleId, page],
  );
  return row?.entries;
}

/** One admission as the proof tells it. */
export type ProvenAdmission = {
  fanId: string;
  score: number | null;
  admittedAt: Date;
  /** The fan was served with a share of the rate, by a code. */
  priority: boolean;
  /** Staff let the fan in beside the rate. */
  byStaff: boolean;
};

/** Everybody who was ever admitted to a sale, in the order of admission. */
export async function listProvenAdmissions(tx: Tx, saleId: string): Promise<ProvenAdmission[]> {
  const rows = await tx.rows<{
    fanId: string;
    score: string | number | null;
    admittedAt: Date;
    priority: number;
    byStaff: number;
  }>(
    `SELECT a.fan_id AS fanId, a.score, a.admitted_at AS admittedAt, a.by_staff AS byStaff,
       (c.kind IS NOT NULL AND c.kind <> 'presale') AS priority
     FROM admission a
     LEFT JOIN sale_code_use u ON u.sale_id = a.sale_id AND u.fan_id = a.fan_id
     LEFT JOIN sale_code c ON c.code_id = u.code_id
     WHERE a.sale_id = ? ORDER BY a.admitted_at, a.score, a.pass_id`,
    [saleId],
  );
  return rows.map((row) => ({
    fanId: row.fanId,
    score: row.score === null ? null : Number(row.score),
    admittedAt: row.admittedAt,
    priority: Number(row.priority) === 1,
    byStaff: Number(row.byStaff) === 1,
  }));
}
