import { UsherError } from '../../domain/errors.js';
import type { ShowId } from '../../domain/ids.js';
import { type Database, isDuplicateKey, type Queryable, type Tx } from '../database.js';
import { writeAudit } from './audit.js';

/** A till with what its entries come to; amounts in minor units. */
export type Till = {
  tillId: number;
  staffName: string;
  currency: string;
  openingAmount: number;
  openedAtMs: number;
  closedAtMs: number | null;
  countedAmount: number | null;
  sales: number;
  salesAmount: number;
  refunds: number;
  refundsAmount: number;
};

/** What should lie in the till. */
export function expectedAmount(till: Till): number {
  return till.openingAmount + till.salesAmount - till.refundsAmount;
}

/** @throws UsherError `already_exists` when this person has an open till. */
export async function openTill(
  catalog: Database,
  { staffName, currency, openingAmount }: Pick<Till, 'staffName' | 'currency' | 'openingAmount'>,
): Promise<number> {
  try {
    return await catalog.transaction(async (tx) => {
      const { insertId } = await tx.change(
        'INSERT INTO till (staff_name, open_of, currency, opening_amount) VALUES (?, ?, ?, ?)',
        [staffName, staffName, currency, openingAmount],
      );
      const after = { currency, opening_amount: openingAmount };
      await writeAudit(tx, {
        ...{ actor: staffName, action: 'till.open', subject: `till ${insertId}`, after },
      });
      return insertId;
    });
  } catch (error) {
    if (!isDuplicateKey(error, 'till_open')) throw error;
    throw new UsherError('already_exists', 'Your till is open already: `usher till show`.');
  }
}

/** Closes the open till of a person with what was counted. @throws UsherError `till_closed`. */
export async function closeTill(
  catalog: Database,
  { staffName, countedAmount }: { staffName: string; countedAmount: number },
): Promise<Till> {
  return catalog.transaction(async (tx) => {
    const tillId = await lockOpenTill(tx, staffName);
    await tx.change(
      'UPDATE till SET open_of = NULL, closed_at = NOW(3), counted_amount = ? WHERE till_id = ?',
      [countedAmount, tillId],
    );
    const till = await readTill(tx, tillId);
    if (!till) throw new Error(`till ${tillId} is gone`);
    const after = { expected: expectedAmount(till), counted: countedAmount };
    await writeAudit(tx, {
      ...{ actor: staffName, action: 'till.close', subject: `till ${tillId}`, after },
    });
    return till;
  });
}

/**
 * Books cash of a booking into the open till of a person, once for each booking and kind (and
 * refund). @throws UsherError `till_closed`, or `not_acceptable` for another currency than the till's.
 */
export async function recordCash(
  catalog: Database,
  entry: {
    staffName: string;
    showId: ShowId;
    bookingId: number;
    amount: number;
    currency: string;
    kind: 'sale' | 'refund';
    refundNo?: number;
  },
): Promise<void> {
  const key = `${entry.showId}-${entry.bookingId}-${entry.kind}-${entry.refundNo ?? 0}`;
  await catalog.transaction(async (tx) => {
    const [known] = await tx.rows('SELECT 1 FROM till_entry WHERE entry_key = ?', [key]);
    if (known) return;
    const tillId = await lockOpenTill(tx, entry.staffName, entry.currency);
    const till = await readTill(tx, tillId);
    if (till?.currency !== entry.currency) throw otherCurrency(entry.currency, till?.currency);
    await tx.change(
      `INSERT IGNORE INTO till_entry (till_id, entry_key, kind, show_id, booking_id, amount)
       VALUES (?, ?, ?, ?, ?, ?)`,
      [tillId, key, entry.kind, entry.showId, entry.bookingId, entry.amount],
    );
  });
}

/**
 * Books cash that has changed hands already: a sale or refund is not undone for want of a till.
 * Returns what is wrong with this person's till, in words for them; null when it counts the cash.
 */
export async function noteCash(
  catalog: Database,
  entry: Parameters<typeof recordCash>[1],
): Promise<string | null> {
  try {
    await recordCash(catalog, entry);
    return null;
  } catch (error) {
    if (error instanceof UsherError) return error.message;
    throw error;
  }
}

async function lockOpenTill(tx: Tx, staffName: string, currency?: string): Promise<number> {
  const [row] = await tx.rows<{ till_id: number }>(
    'SELECT till_id FROM till WHERE open_of = ? FOR UPDATE',
    [staffName],
  );
  if (!row) throw noTill(currency);
  return row.till_id;
}

function noTill(currency?: string): UsherError {
  const of = currency === undefined ? '' : ` --currency ${currency}`;
  return new UsherError(
    'till_closed',
    `You have no open till: \`usher till open --cash AMOUNT${of}\`.`,
  );
}

function otherCurrency(needed: string, held: string | undefined): UsherError {
  return new UsherError(
    'not_acceptable',
    `Your till is in ${held}, and this cash is ${needed}: no till counts it. Before the next, \`usher till close --counted AMOUNT\` and \`usher till open --cash AMOUNT --currency ${needed}\`.`,
  );
}

type Row = {
  till_id: number;
  staff_name: string;
  currency: string;
  opening_amount: number;
  opened_at: Date;
  closed_at: Date | null;
  counted_amount: number | null;
  sales: string;
  sales_amount: string;
  refunds: string;
  refunds_amount: string;
};

const select = `SELECT t.till_id, t.staff_name, t.currency, t.opening_amount, t.opened_at, t.closed_at,
    t.counted_amount, COALESCE(SUM(e.kind = 'sale'), 0) AS sales,
    COALESCE(SUM(IF(e.kind = 'sale', e.amount, 0)), 0) AS sales_amount,
    COALESCE(SUM(e.kind = 'refund'), 0) AS refunds,
    COALESCE(SUM(IF(e.kind = 'refund', e.amount, 0)), 0) AS refunds_amount
  FROM till t LEFT JOIN till_entry e ON e.till_id = t.till_id`;
const grouped = `GROUP BY t.till_id, t.staff_name, t.currency, t.opening_amount, t.opened_at,
    t.closed_at, t.counted_amount`;

export async function readTill(
  catalog: Pick<Queryable, 'rows'>,
  tillId: number,
): Promise<Till | undefined> {
  const [row] = await catalog.rows<Row>(`${select} WHERE t.till_id = ? ${grouped}`, [tillId]);
  return row && fromRow(row);
}

/** Tills, newest first; of one person only, when named. */
export async function listTills(
  catalog: Pick<Queryable, 'rows'>,
  { staffName, rowsMax }: { staffName?: string; rowsMax: number },
): Promise<Till[]> {
  const rows = await catalog.rows<Row>(
    `${select} WHERE (? IS NULL OR t.staff_name = ?) ${grouped} ORDER BY t.till_id DESC LIMIT ?`,
    [staffName ?? null, staffName ?? null, rowsMax],
  );
  return rows.map(fromRow);
}

function fromRow(row: Row): Till {
  return {
    tillId: row.till_id,
    staffName: row.staff_name,
    currency: row.currency,
    openingAmount: row.opening_amount,
    openedAtMs: row.opened_at.getTime(),
    closedAtMs: row.closed_at?.getTime() ?? null,
    countedAmount: row.counted_amount,
    // Sums come back as decimal text.
    sales: Number(row.sales),
    salesAmount: Number(row.sales_amount),
    refunds: Number(row.refunds),
    refundsAmount: Number(row.refunds_amount),
  };
}
