import { showMoving } from '../../domain/errors.js';
import type { ShowId } from '../../domain/ids.js';
import type { LayoutSeat } from '../../domain/layout.js';
import type { PriceRules } from '../../domain/price-rules.js';
import type { OrphanRule } from '../../domain/single-seats.js';
import type { Database, Queryable, SqlValue, Tx } from '../database.js';
import { laneOf } from '../shards.js';
import { lockHeads } from './show-change.js';

/** What a shard must know of a show; the catalog's row and its sale's rules are the source. */
export type ShowPlan = {
  showId: ShowId;
  saleId: string;
  opensAt: Date;
  startsAt: Date;
  currency: string;
  seatCap: number;
  orphanRule: OrphanRule;
  /** Minor units for each seat. */
  bookingFee: number;
  priceRules: string | null;
  taxRateBp: number;
  capped: boolean;
  countsCards: boolean;
  holdSeconds: number;
  holdLimitSeconds: number;
  paymentSeconds: number;
  /** How long an offer to the waitlist holds its seats; 0: the sale has no waitlist. */
  offerSeconds: number;
  offersStopSeconds: number;
  /** Integer minor units by zone. */
  prices: Record<string, number>;
  seats: readonly LayoutSeat[];
};

const seatColumns =
  'show_id, seat_no, seat, row_label, row_no, x, zone, kind, price, state, reservation_id';

/** Which of these shows the shard has rows of. */
export async function showsPresent(
  shard: Pick<Queryable, 'rows'>,
  showIds: ShowId[],
): Promise<Set<ShowId>> {
  if (showIds.length === 0) return new Set();
  const rows = await shard.rows<{ show_id: number }>(
    'SELECT show_id FROM show_head WHERE show_id IN (?)',
    [showIds],
  );
  return new Set(rows.map((row) => row.show_id));
}

/**
 * Makes gate, head and seats of new shows. Rows that exist stay as they are, so a run that was
 * killed may simply be repeated.
 */
export async function createShowRows(tx: Tx, plans: readonly ShowPlan[]): Promise<void> {
  const heads = plans.map((plan): SqlValue[] => [
    plan.showId,
    laneOf(plan.showId),
    plan.startsAt,
    plan.currency,
    plan.seatCap,
    plan.orphanRule,
    plan.bookingFee,
    plan.priceRules,
    plan.taxRateBp,
    plan.capped ? 1 : 0,
    plan.countsCards ? 1 : 0,
    plan.holdSeconds,
    plan.holdLimitSeconds,
    plan.paymentSeconds,
    plan.offerSeconds,
    plan.offersStopSeconds,
  ]);
  await tx.change(
    `INSERT IGNORE INTO show_head
       (show_id, lane, starts_at, currency, seat_cap, orphan_rule, booking_fee, price_rules,
        tax_rate_bp, capped, counts_cards, hold_seconds, hold_limit_seconds, payment_seconds,
        offer_seconds, offers_stop_seconds) VALUES ?`,
    [heads],
  );
  await tx.change(
    'INSERT IGNORE INTO show_gate (show_id, sale_id, state, opens_at, closes_at) VALUES ?',
    [plans.map((plan) => [plan.showId, plan.saleId, 'OPEN', plan.opensAt, plan.startsAt])],
  );
  await insertSeats(tx, plans, 'INSERT IGNORE');
}

async function insertSeats(
  tx: Tx,
  plans: readonly ShowPlan[],
  verb: 'INSERT' | 'INSERT IGNORE',
): Promise<void> {
  const rows = plans.flatMap((plan) =>
    plan.seats.map((seat): SqlValue[] => [
      plan.showId,
      seat.seat_no,
      seat.seat,
      seat.row,
      seat.row_no,
      seat.x,
      seat.zone,
      seat.kind,
      plan.prices[seat.zone] ?? 0,
      'FREE',
      null,
    ]),
  );
  await tx.change(`${verb} INTO show_seat (${seatColumns}) VALUES ?`, [rows]);
}

export type ShowChanged = {
  /** Whether the show keeps the layout under which it has taken requests. */
  keptLayout: boolean;
  version: number;
  seatsTotal: number;
  seatsFree: number;
  /** Entries of its waitlist that wait. */
  waiting: number;
};

/**
 * Brings a show's rows in line with the catalog: times, rules, prices of seats that nobody has,
 * and the layout while nothing has happened in it. Seats that are held or sold keep everything.
 */
export async function changeShowRows(shard: Database, plan: ShowPlan): Promise<ShowChanged> {
  return shard.transaction(async (tx) => {
    const [head] = await lockHeads(tx, [plan.showId]);
    if (!head) throw showMoving();
    await tx.rows('SELECT state FROM show_gate WHERE show_id = ? FOR UPDATE', [plan.showId]);
    await tx.change('UPDATE show_gate SET opens_at = ?, closes_at = ? WHERE show_id = ?', [
      plan.opensAt,
      plan.startsAt,
      plan.showId,
    ]);
    const differs = await layoutDiffers(tx, plan);
    const relay = differs && head.lsn === 0 && !(await wasAsked(tx, plan.showId));
    const repriced = relay ? await replaceSeats(tx, plan) : await reprice(tx, plan);
    const touched = repriced || plan.priceRules !== textOf(head.priceRules);
    const version = head.version + (touched ? 1 : 0);
    await tx.change(
      `UPDATE show_head SET starts_at = ?, seat_cap = ?, orphan_rule = ?, booking_fee = ?,
         tax_rate_bp = ?, hold_seconds = ?, hold_limit_seconds = ?, payment_seconds = ?, offer_seconds = ?,
         offers_stop_seconds = ?, capped = ?, counts_cards = ?, price_rules = ?, price_version = price_version + ?,
         version = ? WHERE show_id = ?`,
      [
        ...[plan.startsAt, plan.seatCap, plan.orphanRule, plan.bookingFee, plan.taxRateBp],
        ...[plan.holdSeconds, plan.holdLimitSeconds, plan.paymentSeconds],
        ...[plan.offerSeconds, plan.offersStopSeconds],
        ...[
          plan.capped ? 1 : 0,
          plan.countsCards ? 1 : 0,
          plan.priceRules,
          touched ? 1 : 0,
          version,
          plan.showId,
        ],
      ],
    );
    const counts = await countSeats(tx, plan.showId);
    return { keptLayout: differs && !relay, version, waiting: head.waiting, ...counts };
  });
}

function textOf(rules: PriceRules | null): string | null {
  return rules && JSON.stringify(rules);
}

async function layoutDiffers(tx: Tx, plan: ShowPlan): Promise<boolean> {
  const rows = await tx.rows<Record<string, SqlValue>>(
    `SELECT seat_no, seat, row_label, row_no, x, zone, kind FROM show_seat
     WHERE show_id = ? ORDER BY seat_no`,
    [plan.showId],
  );
  return (
    rows.length !== plan.seats.length ||
    rows.some((row, index) => {
      const seat = plan.seats[index];
      return (
        !seat ||
        [seat.seat_no, seat.seat, seat.row, seat.row_no, seat.x, seat.zone, seat.kind].join() !==
          Object.values(row).join()
      );
    })
  );
}

/** Requests and the log name seats by number, so a show that has any keeps its numbering for good. */
async function wasAsked(tx: Tx, showId: ShowId): Promise<boolean> {
  const rows = await tx.rows(
    `SELECT 1 AS hit FROM request WHERE show_id = ?
     UNION ALL SELECT 1 FROM show_seat WHERE show_id = ? AND state IN ('HELD', 'BOOKED') LIMIT 1`,
    [showId, showId],
  );
  return rows.length > 0;
}

async function replaceSeats(tx: Tx, plan: ShowPlan): Promise<boolean> {
  await tx.change('DELETE FROM show_seat WHERE show_id = ?', [plan.showId]);
  await insertSeats(tx, [plan], 'INSERT');
  return true;
}

async function reprice(tx: Tx, plan: ShowPlan): Promise<boolean> {
  let touched = false;
  for (const [zone, price] of Object.entries(plan.prices)) {
    const { matched } = await tx.change(
      `UPDATE show_seat SET price = ? WHERE show_id = ? AND zone = ? AND price <> ?
         AND state IN ('FREE', 'BLOCKED')`,
      [price, plan.showId, zone, price],
    );
    touched ||= matched > 0;
  }
  return touched;
}

async function countSeats(
  tx: Tx,
  showId: ShowId,
): Promise<{ seatsTotal: number; seatsFree: number }> {
  const [row] = await tx.rows<{ total: number; free: string }>(
    `SELECT COUNT(*) AS total, COALESCE(SUM(state = 'FREE'), 0) AS free
     FROM show_seat WHERE show_id = ?`,
    [showId],
  );
  return { seatsTotal: row?.total ?? 0, seatsFree: Number(row?.free ?? 0) };
}

/** Seats of these shows that somebody holds or has paid for. */
export async function readTakenSeats(
  shard: Pick<Queryable, 'rows'>,
  showIds: ShowId[],
): Promise<{ showId: ShowId; seat: string }[]> {
  if (showIds.length === 0) return [];
  const rows = await shard.rows<{ show_id: number; seat: string }>(
    `SELECT show_id, seat FROM show_seat
     WHERE show_id IN (?) AND state IN ('HELD', 'BOOKED') ORDER BY show_id, seat_no`,
    [showIds],
  );
  return rows.map((row) => ({ showId: row.show_id, seat: row.seat }));
}

/** The version of a show's seats; undefined when the shard doesn't have the show. */
export async function readShowVersion(
  shard: Pick<Queryable, 'rows'>,
  showId: ShowId,
): Promise<number | undefined> {
  const [row] = await shard.rows<{ version: number }>(
    'SELECT version FROM show_head WHERE show_id = ?',
    [showId],
  );
  return row?.version;
}
