import { showMoving } from '../../domain/errors.js';
import { groupBy } from '../../domain/group-by.js';
import type { ShowId } from '../../domain/ids.js';
import type { LayoutSeat } from '../../domain/layout.js';
import type { OrphanRule } from '../../domain/single-seats.js';
import type { Database, Tx } from '../database.js';
import { changeShow, type ShowNews } from '../shard/show-change.js';
import {
  changeShowRows,
  createShowRows,
  type ShowPlan,
  showsPresent,
} from '../shard/show-seats.js';
import type { Shards } from '../shards.js';
import { readHallSeats } from './import-read.js';

export type ShowStores = { catalog: Database; shards: Shards };

export type SettleReport = {
  showsMade: number;
  showsChanged: number;
  seatsMade: number;
  /** Shows that keep an older layout, because requests were made under it. */
  keptLayout: ShowId[];
  /** What to tell pages of seats that those in line were offered. */
  offered: ShowNews[];
};

type PendingShow = {
  show_id: number;
  shard_id: number;
  state: 'PLANNED' | 'ACTIVE';
  version: number;
  hall_id: string;
  sale_id: string;
  opens_at: Date;
  starts_at: Date;
  currency: string;
  prices: string;
  seat_cap: number;
  orphan_rule: OrphanRule;
  booking_fee: number;
  price_rules: string | null;
  tax_rate_bp: number;
  sale_cap: number | null;
  card_cap: number | null;
  hold_seconds: number;
  hold_limit_seconds: number;
  payment_seconds: number;
  offer_seconds: number | null;
  offers_stop_minutes: number;
};

/** Seat rows that one transaction makes: enough to share a commit, few enough to hold briefly. */
const seatsPerTransaction = 8_000;

/**
 * Carries to the shards what the catalog says of shows: makes the rows of PLANNED ones and brings
 * changed ones in line. The catalog's marks are the work list and each step may be repeated, so
 * after a kill at any point the next call finishes the rest.
 */
export async function settleShows(
  { catalog, shards }: ShowStores,
  onProgress: (done: number, total: number) => void = () => undefined,
): Promise<SettleReport> {
  const pending = await readPending(catalog);
  const seats = await readHallSeats(catalog, [...new Set(pending.map((show) => show.hall_id))]);
  const report: SettleReport = {
    showsMade: 0,
    showsChanged: 0,
    seatsMade: 0,
    keptLayout: [],
    offered: [],
  };
  let done = 0;
  const stepped = (count: number) => {
    done += count;
    onProgress(done, pending.length);
  };
  const byShard = groupBy(pending, (show) => show.shard_id);
  const ended = await Promise.allSettled(
    [...byShard].map(async ([shardId, shows]) => {
      const shard = shards.byId(shardId);
      const present = await showsPresent(
        shard,
        shows.map((show) => show.show_id),
      );
      const absent = shows.filter((show) => !present.has(show.show_id));
      // An active show has rows somewhere: it was moved since the work list was read.
      const fresh = absent.filter((show) => show.state === 'PLANNED');
      for (const batch of inBatches(fresh, seats)) {
        const plans = batch.map((show) => planOf(show, seats));
        await shard.transaction((tx) => createShowRows(tx, plans));
        await markActive(catalog, batch);
        report.showsMade += batch.length;
        report.seatsMade += plans.reduce((sum, plan) => sum + plan.seats.length, 0);
        stepped(batch.length);
      }
      for (const show of shows.filter((one) => present.has(one.show_id))) {
        const changed = await changeShowRows(shard, planOf(show, seats));
        if (changed.waiting > 0) report.offered.push(await askLine(shard, show.show_id));
        await markChanged(catalog, show, changed);
        if (changed.keptLayout) report.keptLayout.push(show.show_id);
        report.showsChanged += 1;
        stepped(1);
      }
      if (fresh.length < absent.length) throw showMoving();
    }),
  );
  // A shard that is away keeps the others' shows from nothing.
  for (const one of ended) if (one.status === 'rejected') throw one.reason;
  return report;
}

/** Another cap, start or setting of the line may make free seats fit somebody in it. */
async function askLine(shard: Database, showId: ShowId): Promise<ShowNews> {
  return (await changeShow(shard, showId, async (change) => change.askLine())).news;
}

async function readPending(catalog: Database): Promise<PendingShow[]> {
  return catalog.rows<PendingShow>(
    `SELECT s.show_id, s.shard_id, s.state, s.version, s.hall_id, s.sale_id, a.opens_at,
       s.starts_at, s.currency, s.prices, a.seat_cap, a.orphan_rule, a.sale_cap, a.card_cap, a.booking_fee, a.price_rules,
       a.tax_rate_bp, a.hold_seconds, a.hold_limit_seconds, a.payment_seconds, a.offer_seconds, a.offers_stop_minutes
     FROM shows AS s JOIN sales AS a ON a.sale_id = s.sale_id
     WHERE s.state = 'PLANNED' OR (s.state = 'ACTIVE' AND s.shard_version < s.version)
     ORDER BY s.show_id`,
  );
}

function planOf(show: PendingShow, seats: Map<string, LayoutSeat[]>): ShowPlan {
  return {
    showId: show.show_id,
    saleId: show.sale_id,
    opensAt: show.opens_at,
    startsAt: show.starts_at,
    currency: show.currency,
    seatCap: show.seat_cap,
    orphanRule: show.orphan_rule,
    bookingFee: show.booking_fee,
    priceRules: show.price_rules,
    taxRateBp: show.tax_rate_bp,
    capped: show.sale_cap !== null || show.card_cap !== null,
    countsCards: show.card_cap !== null,
    holdSeconds: show.hold_seconds,
    holdLimitSeconds: show.hold_limit_seconds,
    paymentSeconds: show.payment_seconds,
    offerSeconds: show.offer_seconds ?? 0,
    offersStopSeconds: show.offers_stop_minutes * 60,
    prices: JSON.parse(show.prices) as Record<string, number>,
    seats: seats.get(show.hall_id) ?? [],
  };
}

function inBatches(shows: PendingShow[], seats: Map<string, LayoutSeat[]>): PendingShow[][] {
  const batches: PendingShow[][] = [];
  let room = 0;
  for (const show of shows) {
    const size = seats.get(show.hall_id)?.length ?? 0;
    const last = batches.at(-1);
    if (last && room >= size) {
      last.push(show);
      room -= size;
    } else {
      batches.push([show]);
      room = seatsPerTransaction - size;
    }
  }
  return batches;
}

/** A show that changed again meanwhile stays marked and is taken up by the next call. */
async function markActive(catalog: Database, shows: PendingShow[]): Promise<void> {
  await catalog.change(
    `UPDATE shows AS s JOIN (${shows.map(() => 'SELECT ? AS show_id, ? AS version').join(' UNION ALL ')}) AS d
       ON d.show_id = s.show_id
     SET s.state = 'ACTIVE', s.shard_version = d.version
     WHERE s.state = 'PLANNED'`,
    shows.flatMap((show) => [show.show_id, show.version]),
  );
}

async function markChanged(
  catalog: Database,
  show: PendingShow,
  seats: { version: number; seatsTotal: number; seatsFree: number },
): Promise<void> {
  await catalog.change(
    `UPDATE shows SET shard_version = ?, seats_total = ?,
       seats_free = IF(seats_version <= ?, ?, seats_free),
       seats_version = GREATEST(seats_version, ?),
       state = IF(state = 'PLANNED', 'ACTIVE', state)
     WHERE show_id = ?`,
    [show.version, seats.seatsTotal, seats.version, seats.seatsFree, seats.version, show.show_id],
  );
}

/**
 * Takes over the numbers of free and held seats from shards, each with the version it belongs to; an older
 * number than the one that is known changes nothing.
 */
export async function updateOpenSeats(
  catalog: Database,
  counts: readonly { showId: ShowId; free: number; held: number; version: number }[],
): Promise<void> {
  if (counts.length === 0) return;
  await catalog.change(
    `UPDATE JSON_TABLE(?, '$[*]' COLUMNS (
       show_id INT UNSIGNED PATH '$[0]', free SMALLINT UNSIGNED PATH '$[1]',
       held SMALLINT UNSIGNED PATH '$[2]', version INT UNSIGNED PATH '$[3]'
     )) AS d
     STRAIGHT_JOIN shows s FORCE INDEX (PRIMARY) ON s.show_id = d.show_id
     SET s.seats_free = d.free, s.seats_held = d.held, s.seats_version = d.version
     WHERE s.seats_version < d.version`,
    [
      JSON.stringify(
        counts.map(({ showId, free, held, version }) => [showId, free, held, version]),
      ),
    ],
  );
}

/** Marks the coming shows of a sale whose rules changed: `settleShows` carries them to the shards. */
export async function markSaleShows(tx: Tx, saleId: string): Promise<void> {
  await tx.change(
    'UPDATE shows SET version = version + 1 WHERE starts_at > NOW(3) AND sale_id = ?',
    [saleId],
  );
}
