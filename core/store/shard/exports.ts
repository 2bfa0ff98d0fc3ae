import type { ShowId } from '../../domain/ids.js';
import type { Queryable } from '../database.js';
import type { AccountMove } from './unsettled.js';

// What staff carry into spreadsheets: plain reads of one show, page by page.

type Reader = Pick<Queryable, 'rows'>;
type Page = { afterId: number; rowsMax: number };

export type ExportedBooking = {
  bookingId: number;
  fanId: string;
  state: string;
  amount: number;
  currency: string;
  createdAt: Date;
  tickets: number;
  live: number;
  seats: string;
  discount: number;
  discountCode: string | null;
  refunded: number;
  refundPending: number;
  /** What is with a bank that decides, and what it took for good. */
  disputed: number;
  chargedBack: number;
};

export async function listBookingsOf(
  shard: Reader,
  showId: ShowId,
  { afterId, rowsMax }: Page,
): Promise<ExportedBooking[]> {
  const rows = await shard.rows<Record<keyof ExportedBooking, never>>(
    `SELECT b.booking_id AS bookingId, b.fan_id AS fanId, b.state, b.amount, b.currency,
       b.created_at AS createdAt, r.seats,
       r.discount, r.discount_code AS discountCode,
       (SELECT COUNT(*) FROM ticket t WHERE t.show_id = b.show_id
         AND t.booking_id = b.booking_id) AS tickets,
       (SELECT COUNT(*) FROM ticket t WHERE t.show_id = b.show_id
         AND t.booking_id = b.booking_id AND t.state <> 'VOID') AS live,
       (SELECT COALESCE(SUM(f.amount), 0) FROM refund f WHERE f.show_id = b.show_id
         AND f.reservation_id = b.booking_id AND f.attempt = b.attempt
         AND f.state = 'SUCCEEDED') AS refunded,
       (SELECT COALESCE(SUM(f.amount), 0) FROM refund f WHERE f.show_id = b.show_id
         AND f.reservation_id = b.booking_id AND f.attempt = b.attempt
         AND f.state IN ('CREATED', 'PENDING')) AS refundPending,
       (SELECT COALESCE(SUM(d.amount), 0) FROM dispute d WHERE d.show_id = b.show_id
         AND d.reservation_id = b.booking_id AND d.state = 'OPEN') AS disputed,
       (SELECT COALESCE(SUM(d.amount), 0) FROM dispute d WHERE d.show_id = b.show_id
         AND d.reservation_id = b.booking_id AND d.state = 'LOST') AS chargedBack
     FROM booking b
     JOIN reservation r ON r.show_id = b.show_id AND r.reservation_id = b.booking_id
     WHERE b.show_id = ? AND b.booking_id > ? ORDER BY b.booking_id LIMIT ?`,
    [showId, afterId, rowsMax],
  );
  return rows.map((row) => ({
    ...(row as unknown as ExportedBooking),
    refunded: Number(row.refunded),
    refundPending: Number(row.refundPending),
    disputed: Number(row.disputed),
    chargedBack: Number(row.chargedBack),
    seats: (JSON.parse(row.seats) as [number, string, number][]).map(([, seat]) => seat).join(' '),
  }));
}

export type ExportedMove = {
  lsn: number;
  part: number;
  reservationId: number;
  at: Date;
  kind: string;
  debit: string;
  credit: string;
  amount: number;
  currency: string;
};

/** Every move of money of a show, with the log entry that explains it. */
export async function listMovesOf(
  shard: Reader,
  showId: ShowId,
  { afterId, rowsMax }: Page,
): Promise<ExportedMove[]> {
  return shard.rows(
    `SELECT m.lsn, m.part, m.reservation_id AS reservationId, m.at, l.kind, m.debit, m.credit,
       m.amount, m.currency
     FROM ledger m JOIN show_log l ON l.show_id = m.show_id AND l.lsn = m.lsn
     WHERE m.show_id = ? AND m.lsn > ? ORDER BY m.lsn, m.part LIMIT ?`,
    [showId, afterId, rowsMax],
  );
}

/** The moves between accounts of some shows, summed; debits equal credits by their form. */
export async function sumMovesOf(shard: Reader, showIds: ShowId[]): Promise<AccountMove[]> {
  if (showIds.length === 0) return [];
  const rows = await shard.rows<AccountMove & { amount: string | number }>(
    `SELECT debit, credit, currency, SUM(amount) AS amount FROM ledger
     WHERE show_id IN (?) GROUP BY debit, credit, currency ORDER BY debit, credit, currency`,
    [showIds],
  );
  return rows.map((row) => ({ ...row, amount: Number(row.amount) }));
}
