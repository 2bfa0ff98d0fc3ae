import { UsherError } from '../../domain/errors.js';
import type { OrphanRule } from '../../domain/single-seats.js';
import type { Queryable, SqlValue, Tx } from '../database.js';
import { writeAudit } from './audit.js';

export type SaleState = 'ACTIVE' | 'PAUSED' | 'CLOSED';
export type Lobby = 'arrival' | 'draw';

/** A sale as the catalog has it. */
export type Sale = {
  saleId: string;
  name: string;
  state: SaleState;
  lobby: Lobby;
  standing: boolean;
  /** Null: the lobby is there as soon as the sale is. */
  lobbyOpensAt: Date | null;
  opensAt: Date;
  ratePerMinute: number;
  passCap: number;
  passSeconds: number;
  seatCap: number;
  saleCap: number | null;
  cardCap: number | null;
  orphanRule: OrphanRule;
  /** The rules on prices as text; null: none. */
  priceRules: string | null;
  holdSeconds: number;
  holdLimitSeconds: number;
  /** Until when before a show fans may give tickets back; null: never. */
  refundUntilHours: number | null;
  /** What is kept of the price then, in percent. */
  refundFeePercent: number | null;
  /** How long an offer to the waitlist holds its seats; null for a sale without one. */
  offerSeconds: number | null;
  offersStopMinutes: number;
  message: string;
  /** The largest number that the work of joining may hide; 0: none is asked. */
  powDifficulty: number;
  /** Percent of the rate for fans with priority. */
  priorityShare: number;
  /** Until then only fans with a code may join. */
  presaleUntil: Date | null;
  /** Nobody new gets a place; those who have one are served. */
  draining: boolean;
  /** How far above the rate it may go for fans who are let in and don't turn up (percent). */
  noShowPercent: number;
  epoch: number;
  /** Sequence numbers up to this one may have been given out by the room. */
  seqReserved: number;
  seedSealed: Buffer;
  seedHash: string;
  /** SHA-256 of the roster, from the opening on. */
  rosterDigest: string | null;
  rosterCount: number | null;
  /** The sale is long over, and its room is thrown away. */
  roomPruned: boolean;
  version: number;
};

type Flags = 'standing' | 'draining' | 'roomPruned';
type Row = Omit<Sale, Flags | 'refundFeePercent'> &
  Record<Flags, number> & { refundFeePercent: string | null };

const columns = `sale_id AS saleId, name, state, lobby, standing, lobby_opens_at AS lobbyOpensAt,
  opens_at AS opensAt, rate_per_minute AS ratePerMinute, pass_cap AS passCap,
  pass_seconds AS passSeconds, seat_cap AS seatCap, sale_cap AS saleCap, card_cap AS cardCap, orphan_rule AS orphanRule,
  price_rules AS priceRules,
  hold_seconds AS holdSeconds, hold_limit_seconds AS holdLimitSeconds,
  refund_until_hours AS refundUntilHours, refund_fee_percent AS refundFeePercent,
  offer_seconds AS offerSeconds, offers_stop_minutes AS offersStopMinutes, message, draining,
  no_show_percent AS noShowPercent, pow_difficulty AS powDifficulty,
  priority_share AS priorityShare, presale_until AS presaleUntil, epoch,
  seq_reserved AS seqReserved, seed_sealed AS seedSealed, seed_hash AS seedHash,
  roster_digest AS rosterDigest, roster_count AS rosterCount,
  (room_pruned_at IS NOT NULL) AS roomPruned, version`;

function saleOf(row: Row): Sale {
  const standing = row.standing === 1;
  const draining = row.draining === 1;
  const roomPruned = Number(row.roomPruned) === 1;
  const refundFeePercent = row.refundFeePercent === null ? null : Number(row.refundFeePercent);
  const seqReserved = Number(row.seqReserved);
  return { ...row, standing, draining, roomPruned, refundFeePercent, seqReserved };
}

export async function readSale(db: Queryable, saleId: string): Promise<Sale | undefined> {
  const [row] = await db.rows<Row>(`SELECT ${columns} FROM sales WHERE sale_id = ?`, [saleId]);
  return row && saleOf(row);
}

/** Sales by id; `after` is the last id of the page before. */
export async function listSales(
  db: Queryable,
  page: { after?: string; limit: number },
): Promise<Sale[]> {
  const rows = await db.rows<Row>(
    `SELECT ${columns} FROM sales WHERE sale_id > ? ORDER BY sale_id LIMIT ?`,
    [page.after ?? '', page.limit],
  );
  return rows.map(saleOf);
}

const pumpedSalesMax = 500;

/** Sales whose rooms need a pump: not standing, not closed, not long over. */
export async function listPumpedSales(db: Queryable): Promise<Sale[]> {
  const rows = await db.rows<Row>(
    `SELECT ${columns} FROM sales
     WHERE standing = 0 AND state <> 'CLOSED'
       AND (NOT EXISTS (SELECT 1 FROM shows WHERE shows.sale_id = sales.sale_id)
         OR EXISTS (SELECT 1 FROM shows WHERE shows.sale_id = sales.sale_id
                    AND shows.starts_at > NOW(3) - INTERVAL 6 HOUR))
     ORDER BY opens_at LIMIT ?`,
    [pumpedSalesMax],
  );
  return rows.map(saleOf);
}

/** What a sale has left to sell, and what may come back. */
export type Stock = { free: number; held: number };

/** Seats over all shows on sale; null for a sale without any show. */
export async function readStock(db: Queryable, saleId: string): Promise<Stock | null> {
  const [row] = await db.rows<{ free: string | null; held: string | null }>(
    `SELECT SUM(IF(state = 'ACTIVE' AND starts_at > NOW(3), seats_free, 0)) AS free,
       SUM(IF(state = 'ACTIVE' AND starts_at > NOW(3), seats_held, 0)) AS held
     FROM shows WHERE sale_id = ?`,
    [saleId],
  );
  if (row?.free == null) return null;
  return { free: Number(row.free), held: Number(row.held) };
}

/**
 * Moves a sale to its next epoch and reserves a block of sequence numbers for it. The first room
 * of a sale keeps the epoch that it was made with.
 * @returns false when somebody else moved it since it was read.
 */
export async function moveEpoch(
  db: Queryable,
  { saleId, epoch, seqReserved }: Pick<Sale, 'saleId' | 'epoch' | 'seqReserved'>,
  block: number,
): Promise<boolean> {
  const { matched } = await db.change(
    `UPDATE sales SET epoch = epoch + IF(seq_reserved > 0, 1, 0), seq_reserved = seq_reserved + ?
     WHERE sale_id = ? AND epoch = ? AND (seq_reserved > 0) = ?`,
    [block, saleId, epoch, seqReserved > 0 ? 1 : 0],
  );
  return matched === 1;
}

/**
 * Reserves the next block of sequence numbers within an epoch.
 * @returns the last number reserved, or undefined when the epoch is over.
 */
export async function reserveSequence(
  tx: Tx,
  { saleId, epoch }: Pick<Sale, 'saleId' | 'epoch'>,
  block: number,
): Promise<number | undefined> {
  const { matched } = await tx.change(
    'UPDATE sales SET seq_reserved = seq_reserved + ? WHERE sale_id = ? AND epoch = ?',
    [block, saleId, epoch],
  );
  if (matched === 0) return undefined;
  const [row] = await tx.rows<{ reserved: number }>(
    'SELECT seq_reserved AS reserved FROM sales WHERE sale_id = ?',
    [saleId],
  );
  return row && Number(row.reserved);
}

/** Notes the last tick of a room, in ms of Redis's clock: a room without it is an older copy. */
export async function recordTick(db: Queryable, saleId: string, tickMs: number): Promise<void> {
  await db.change(
    `INSERT INTO room_witness (sale_id, tick_ms) VALUES (?, ?)
     ON DUPLICATE KEY UPDATE tick_ms = ?`,
    [saleId, tickMs, tickMs],
  );
}

export async function readTickOnRecord(db: Queryable, saleId: string): Promise<number | undefined> {
  const [row] = await db.rows<{ tickMs: number }>(
    'SELECT tick_ms AS tickMs FROM room_witness WHERE sale_id = ?',
    [saleId],
  );
  return row && Number(row.tickMs);
}

/** What staff may change of a sale, with the column of each. */
const changeable = {
  name: 'name',
  state: 'state',
  lobbyOpensAt: 'lobby_opens_at',
  opensAt: 'opens_at',
  ratePerMinute: 'rate_per_minute',
  passCap: 'pass_cap',
  passSeconds: 'pass_seconds',
  standing: 'standing',
  message: 'message',
  offerSeconds: 'offer_seconds',
  offersStopMinutes: 'offers_stop_minutes',
  powDifficulty: 'pow_difficulty',
  priorityShare: 'priority_share',
  presaleUntil: 'presale_until',
  draining: 'draining',
  noShowPercent: 'no_show_percent',
  seatCap: 'seat_cap',
  saleCap: 'sale_cap',
  cardCap: 'card_cap',
  orphanRule: 'orphan_rule',
  priceRules: 'price_rules',
  refundUntilHours: 'refund_until_hours',
  refundFeePercent: 'refund_fee_percent',
} as const satisfies Partial<Record<keyof Sale, string>>;

export type SaleSettings = Pick<Sale, keyof typeof changeable>;

export type SaleChange = {
  saleId: string;
  /** Who, for the audit. */
  actor: string;
  /** For the audit, such as `sale.pause`. */
  action: string;
  set: Partial<SaleSettings>;
  /** Of `If-Match`; undefined: whatever the version is. */
  version?: number;
};

/**
 * Changes a sale and writes who did it, with the values before and after. What is already so
 * changes nothing. Tell the room afterwards with `gate.changed`.
 * @returns the sale as it is now.
 * @throws UsherError `not_found`, `stale` when the version differs, `conflict` for an opening that
 *   would be moved after it has happened.
 */
export async function changeSale(tx: Tx, change: SaleChange): Promise<Sale> {
  const [row] = await tx.rows<Row & { now: Date }>(
    `SELECT ${columns}, NOW(3) AS now FROM sales WHERE sale_id = ? FOR UPDATE`,
    [change.saleId],
  );
  if (!row) throw new UsherError('not_found', `There is no sale ${change.saleId}.`);
  const { now, ...stored } = row;
  const sale = saleOf(stored);
  if (change.version !== undefined && change.version !== sale.version) {
    throw new UsherError('stale', 'The sale was changed meanwhile. Read it again, then repeat.', {
      extra: { version: sale.version },
    });
  }
  const fields = (Object.keys(changeable) as (keyof SaleSettings)[]).filter(
    (field) => change.set[field] !== undefined && !isSame(change.set[field], sale[field]),
  );
  if (fields.length === 0) return sale;
  const moved = change.set.opensAt;
  if (moved && fields.includes('opensAt') && sale.opensAt <= now && moved > now) {
    throw new UsherError('conflict', 'The sale has opened already; pause it instead.');
  }
  await tx.change(
    `UPDATE sales SET ${fields.map((field) => `${changeable[field]} = ?`).join(', ')},
       version = version + 1 WHERE sale_id = ?`,
    [...fields.map((field) => sqlValue(change.set[field])), change.saleId],
  );
  await writeAudit(tx, {
    actor: change.actor,
    action: change.action,
    subject: change.saleId,
    before: Object.fromEntries(fields.map((field) => [changeable[field], sale[field]])),
    after: Object.fromEntries(fields.map((field) => [changeable[field], change.set[field]])),
  });
  return { ...sale, ...change.set, version: sale.version + 1 };
}

function isSame(left: unknown, right: unknown): boolean {
  return left instanceof Date && right instanceof Date ? +left === +right : left === right;
}

function sqlValue(value: SaleSettings[keyof SaleSettings] | undefined): SqlValue {
  return typeof value === 'boolean' ? Number(value) : (value ?? null);
}
