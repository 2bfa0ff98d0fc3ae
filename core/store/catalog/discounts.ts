import { UsherError } from '../../domain/errors.js';
import type { ShowId } from '../../domain/ids.js';
import type { Queryable, Tx } from '../database.js';
import { writeAudit } from './audit.js';
import type { Quota } from './cap-claims.js';

/** A discount code. Its value, uses, dates and shows never change; it can only be ended. */
export type DiscountRule = {
  code: string;
  /** Minor units of `currency` off a reservation, or a share of its prices. */
  amount: number | null;
  currency: string | null;
  percent: number | null;
  /** Reservations that may have it at one time, held or booked. */
  usesMax: number;
  startsAt: Date | null;
  endsAt: Date | null;
  /** Only for this sale, only for these shows; null: for all. */
  saleId: string | null;
  shows: ShowId[] | null;
};
export type StoredDiscount = DiscountRule & {
  createdBy: string;
  createdAt: Date;
  /** When staff ended it. */
  endedAt: Date | null;
  uses: number;
};

type Row = Omit<StoredDiscount, 'shows'> & { shows: string | null };

/** The quota that counts the uses of a code over all shows and shards. */
export function usesOf(code: string): Quota {
  return { scope: 'discount', kind: 'code', holder: code };
}

const selected = `SELECT d.code, d.amount, d.currency, d.percent, d.uses_max AS usesMax,
    d.starts_at AS startsAt, d.ends_at AS endsAt, d.sale_id AS saleId, d.shows,
    d.created_by AS createdBy, d.created_at AS createdAt, d.ended_at AS endedAt,
    COALESCE(q.taken, 0) AS uses
  FROM discount d LEFT JOIN cap_quota q
    ON q.scope = 'discount' AND q.kind = 'code' AND q.holder = d.code`;

export async function readDiscount(
  db: Pick<Queryable, 'rows'>,
  code: string,
): Promise<StoredDiscount | undefined> {
  const [row] = await db.rows<Row>(`${selected} WHERE d.code = ?`, [code]);
  return row && fromRow(row);
}

/** Codes by name, a page at a time. */
export async function listDiscounts(
  db: Pick<Queryable, 'rows'>,
  { afterCode, rowsMax }: { afterCode: string; rowsMax: number },
): Promise<StoredDiscount[]> {
  const sql = `${selected} WHERE d.code > ? ORDER BY d.code LIMIT ?`;
  return (await db.rows<Row>(sql, [afterCode, rowsMax])).map(fromRow);
}

/** @throws UsherError `already_exists`, also for a code that has ended. */
export async function createDiscount(
  tx: Tx,
  rule: DiscountRule & { actor: string },
): Promise<StoredDiscount> {
  const { actor, shows, ...values } = rule;
  const { matched } = await tx.change(
    `INSERT IGNORE INTO discount (code, amount, currency, percent, uses_max, starts_at, ends_at,
       sale_id, shows, created_by) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    [
      ...[values.code, values.amount, values.currency, values.percent, values.usesMax],
      ...[values.startsAt, values.endsAt, values.saleId, shows && JSON.stringify(shows), actor],
    ],
  );
  if (matched === 0) throw new UsherError('already_exists', 'There is such a code already.');
  const subject = values.code;
  await writeAudit(tx, { actor, action: 'discount.create', subject, after: { ...values, shows } });
  return mustRead(tx, subject);
}

/**
 * Ends a code: reservations that have it keep it. Again changes nothing.
 * @throws UsherError `not_found`.
 */
export async function endDiscount(
  tx: Tx,
  { code, actor }: { code: string; actor: string },
): Promise<StoredDiscount> {
  const [found] = await tx.rows<{ endedAt: Date | null }>(
    'SELECT ended_at AS endedAt FROM discount WHERE code = ? FOR UPDATE',
    [code],
  );
  if (!found) throw new UsherError('not_found', 'There is no such code.');
  if (found.endedAt === null) {
    await tx.change('UPDATE discount SET ended_at = NOW(3) WHERE code = ?', [code]);
    const ended = await mustRead(tx, code);
    const [before, after] = [{ ended_at: null }, { ended_at: ended.endedAt, uses: ended.uses }];
    await writeAudit(tx, { actor, action: 'discount.end', subject: code, before, after });
  }
  return mustRead(tx, code);
}

async function mustRead(tx: Tx, code: string): Promise<StoredDiscount> {
  const found = await readDiscount(tx, code);
  if (!found) throw new Error('a code that was just written is not there');
  return found;
}

function fromRow({ shows, uses, ...row }: Row): StoredDiscount {
  const list = shows === null ? null : (JSON.parse(shows) as ShowId[]);
  return { ...row, uses: Number(uses), shows: list };
}
