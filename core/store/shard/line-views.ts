import type { ShowId } from '../../domain/ids.js';
import type { LinePace } from '../../domain/waitlist.js';
import type { Queryable } from '../database.js';
import type { ReservedSeat } from './seats.js';

type Reader = Pick<Queryable, 'rows'>;

/** The pace of a line is measured over this long, or since the opening, but no less than a minute. */
const windowMsMax = 15 * 60_000;
const windowMsMin = 60_000;

export type LineSummary = LinePace & { waiting: number; waitingSeats: number };

/** Who waits for a show, and how many seats lapsed or released holds gave back lately. */
export async function readLineSummary(
  shard: Reader,
  showId: ShowId,
): Promise<LineSummary | undefined> {
  const [row] = await shard.rows<{
    waiting: number;
    waitingSeats: string;
    freedSeats: string;
    openMs: string;
  }>(
    `SELECT h.waiting AS waiting,
       (SELECT COALESCE(SUM(w.quantity), 0) FROM waitlist w
        WHERE w.show_id = h.show_id AND w.state = 'WAITING') AS waitingSeats,
       (SELECT COALESCE(SUM(JSON_LENGTH(r.seats)), 0) FROM reservation r
        WHERE r.show_id = h.show_id AND r.state IN ('EXPIRED', 'RELEASED')
          AND r.ended_at > NOW(3) - INTERVAL ? MICROSECOND) AS freedSeats,
       TIMESTAMPDIFF(MICROSECOND, g.opens_at, NOW(3)) DIV 1000 AS openMs
     FROM show_head h JOIN show_gate g ON g.show_id = h.show_id WHERE h.show_id = ?`,
    [windowMsMax * 1000, showId],
  );
  return (
    row && {
      waiting: row.waiting,
      waitingSeats: Number(row.waitingSeats),
      freedSeats: Number(row.freedSeats),
      windowMs: Math.min(windowMsMax, Math.max(windowMsMin, Number(row.openMs))),
    }
  );
}

/** Entries that wait up to a place, that one included, and the seats that they want. */
export async function readAhead(
  shard: Reader,
  showId: ShowId,
  place: number,
): Promise<{ position: number; seats: number }> {
  const [row] = await shard.rows<{ position: number; seats: string }>(
    `SELECT COUNT(*) AS position, COALESCE(SUM(quantity), 0) AS seats FROM waitlist
     WHERE show_id = ? AND state = 'WAITING' AND place <= ?`,
    [showId, place],
  );
  return { position: row?.position ?? 0, seats: Number(row?.seats ?? 0) };
}

export type OpenOffer = {
  reservationId: number;
  fanId: string;
  state: 'HELD' | 'PAYING' | 'ENDING';
  seats: ReservedSeat[];
  amount: number;
  currency: string;
  expiresAt: Date;
};

/**
 * Offers of a show that can be taken or are being paid, those that end first on top; of one fan or
 * of all. One whose time is over is nobody's, whether or not anybody has ended it yet.
 */
export async function readOpenOffers(
  shard: Reader,
  showId: ShowId,
  fanId: string | null,
): Promise<OpenOffer[]> {
  const rows = await shard.rows<Omit<OpenOffer, 'seats'> & { seats: string }>(
    `SELECT reservation_id AS reservationId, fan_id AS fanId, state, seats, amount, currency,
       expires_at AS expiresAt
     FROM reservation WHERE show_id = ? AND offered = 1 AND (state IN ('PAYING', 'ENDING') OR (state = 'HELD' AND due_at > NOW(3)))
       AND (? IS NULL OR fan_id = ?)
     ORDER BY expires_at, reservation_id`,
    [showId, fanId, fanId],
  );
  return rows.map((row) => ({ ...row, seats: JSON.parse(row.seats) as ReservedSeat[] }));
}

/** An offer whose seats count over all shows of its sale, with what names its claim. */
export type CappedOffer = {
  fanId: string;
  idemKey: string;
  bodyHash: string;
  seats: number;
  saleId: string;
};

/** Undefined for what is no offer, and in a sale without a cap over its shows. */
export async function readCappedOffer(
  shard: Reader,
  showId: ShowId,
  reservationId: number,
): Promise<CappedOffer | undefined> {
  const [row] = await shard.rows<CappedOffer>(
    `SELECT q.fan_id AS fanId, q.idem_key AS idemKey, q.body_hash AS bodyHash,
       JSON_LENGTH(r.seats) AS seats, g.sale_id AS saleId
     FROM reservation r
     JOIN request q ON q.show_id = r.show_id AND q.request_id = r.reservation_id
     JOIN show_head h ON h.show_id = r.show_id
     JOIN show_gate g ON g.show_id = r.show_id
     WHERE r.show_id = ? AND r.reservation_id = ? AND r.offered = 1 AND h.capped = 1`,
    [showId, reservationId],
  );
  return row;
}
