import { UsherError } from '../../domain/errors.js';
import { isDuplicateKey, type Queryable, type Tx } from '../database.js';
import { writeAudit } from './audit.js';

/** `presale` lets join before others; the other two are served with a share of the rate. */
export type CodeKind = 'presale' | 'staff' | 'accessibility';

export type SaleCode = {
  codeId: number;
  code: string;
  kind: CodeKind;
  usesMax: number;
  uses: number;
  createdAt: Date;
  endedAt: Date | null;
};

const usualSharePercent = 20;

const columns = `code_id AS codeId, code, kind, uses_max AS usesMax, uses,
  created_at AS createdAt, ended_at AS endedAt`;

/** Codes are typed by people: case, spaces and dashes don't count. */
export function plainCode(text: string): string {
  return text.toUpperCase().replace(/[\s-]/g, '');
}

/**
 * Counts a fan's first use of a code; showing it again counts nothing. The code's row is locked, so
 * parallel joins never use it more often than it may be.
 * @returns the kind; undefined when the code is unknown, over or used up.
 */
export async function useCode(
  tx: Tx,
  { saleId, fanId, code }: { saleId: string; fanId: string; code: string },
): Promise<CodeKind | undefined> {
  const [found] = await tx.rows<SaleCode>(
    `SELECT ${columns} FROM sale_code WHERE sale_id = ? AND code = ? FOR UPDATE`,
    [saleId, plainCode(code)],
  );
  if (!found) return undefined;
  const [used] = await tx.rows<{ codeId: number }>(
    'SELECT code_id AS codeId FROM sale_code_use WHERE sale_id = ? AND fan_id = ? FOR UPDATE',
    [saleId, fanId],
  );
  if (used?.codeId === found.codeId) return found.kind;
  if (used || found.endedAt || found.uses >= found.usesMax) return undefined;
  await tx.change('INSERT INTO sale_code_use (sale_id, fan_id, code_id) VALUES (?, ?, ?)', [
    saleId,
    fanId,
    found.codeId,
  ]);
  await tx.change('UPDATE sale_code SET uses = uses + 1 WHERE code_id = ? AND uses < uses_max', [
    found.codeId,
  ]);
  return found.kind;
}

/** The kind of code that a fan has used in a sale. */
export async function readCodeUse(
  db: Queryable,
  { saleId, fanId }: { saleId: string; fanId: string },
): Promise<CodeKind | undefined> {
  const [row] = await db.rows<{ kind: CodeKind }>(
    `SELECT c.kind FROM sale_code_use u JOIN sale_code c ON c.code_id = u.code_id
     WHERE u.sale_id = ? AND u.fan_id = ?`,
    [saleId, fanId],
  );
  return row?.kind;
}

export async function listCodes(db: Queryable, saleId: string): Promise<SaleCode[]> {
  return db.rows<SaleCode>(`SELECT ${columns} FROM sale_code WHERE sale_id = ? ORDER BY code_id`, [
    saleId,
  ]);
}

/** @throws UsherError `already_exists`. */
export async function createCode(
  tx: Tx,
  wish: { saleId: string; code: string; kind: CodeKind; usesMax: number; actor: string },
): Promise<SaleCode> {
  const code = plainCode(wish.code);
  const { insertId } = await tx
    .change('INSERT INTO sale_code (sale_id, code, kind, uses_max) VALUES (?, ?, ?, ?)', [
      ...[wish.saleId, code, wish.kind, wish.usesMax],
    ])
    .catch((error: unknown) => {
      if (!isDuplicateKey(error)) throw error;
      throw new UsherError('already_exists', 'This sale has that code already.');
    });
  if (wish.kind !== 'presale') {
    // Without any share such a code would open nothing.
    await tx.change(
      `UPDATE sales SET priority_share = ?, version = version + 1
       WHERE sale_id = ? AND priority_share = 0`,
      [usualSharePercent, wish.saleId],
    );
  }
  await writeAudit(tx, {
    actor: wish.actor,
    action: 'sale.code_create',
    subject: wish.saleId,
    after: { code_id: insertId, kind: wish.kind, uses_max: wish.usesMax },
  });
  return readCode(tx, insertId);
}

/**
 * Ends a code for those who have not used it; ending it again changes nothing.
 * @throws UsherError `not_found`.
 */
export async function endCode(
  tx: Tx,
  { saleId, code, actor }: { saleId: string; code: string; actor: string },
): Promise<SaleCode> {
  const [found] = await tx.rows<SaleCode>(
    `SELECT ${columns} FROM sale_code WHERE sale_id = ? AND code = ? FOR UPDATE`,
    [saleId, plainCode(code)],
  );
  if (!found) throw new UsherError('not_found', 'This sale has no such code.');
  if (found.endedAt) return found;
  await tx.change('UPDATE sale_code SET ended_at = NOW(3) WHERE code_id = ?', [found.codeId]);
  await writeAudit(tx, {
    actor,
    action: 'sale.code_end',
    subject: saleId,
    before: { code_id: found.codeId, uses: found.uses, ended_at: null },
    after: { code_id: found.codeId, uses: found.uses, ended_at: 'now' },
  });
  return readCode(tx, found.codeId);
}

async function readCode(tx: Tx, codeId: number): Promise<SaleCode> {
  const [row] = await tx.rows<SaleCode>(`SELECT ${columns} FROM sale_code WHERE code_id = ?`, [
    codeId,
  ]);
  if (!row) throw new Error('a code that was just written is not there');
  return row;
}
