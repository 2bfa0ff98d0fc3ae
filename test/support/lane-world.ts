import { randomInt } from 'node:crypto';
import { type Accepting, openAccepting } from '../../api/accept/accepting.js';
import type { Wish } from '../../core/domain/decide.js';
import type { Seat } from '../../core/domain/seat-map.js';
import type { OrphanRule } from '../../core/domain/single-seats.js';
import { openLog } from '../../core/runtime/log.js';
import { type Database, lanesLimits } from '../../core/store/database.js';
import { insertRequests, type JournalEntry } from '../../core/store/shard/journal.js';
import { laneOf, lanesPerShard, openShards } from '../../core/store/shards.js';
import type { DecidedShow } from '../../processor/lanes/batch.js';
import { type Lanes, openLanes } from '../../processor/lanes/lanes.js';
import { openTestStores, type TestStores } from './stores.js';

export const laneRules = { seatCap: 6, bookingFee: 150, holdSeconds: 300, holdLimitSeconds: 900 };

type ShowOptions = {
  lane?: number;
  seatCap?: number;
  orphanRule?: OrphanRule;
  offerSeconds?: number;
};

/** One shard with the accepting of an api and the lanes of a processor, and no programs. */
export type LaneWorld = {
  stores: TestStores;
  shardId: number;
  shard: Database;
  saleId: string;
  /** Makes a show of a lane, with these seats. */
  addShow(seats: Seat[], options?: ShowOptions): Promise<number>;
  /** The accepting of one more api process. */
  openAccepting(): Accepting;
  /** The lanes of one more processor, and what they told, batch by batch. */
  openLanes(isPaused?: () => boolean): { lanes: Lanes; batches: DecidedShow[][] };
  entry(showId: number, wish: Wish, more?: Partial<JournalEntry>): JournalEntry;
  drain(lanes: Lanes, showId: number): Promise<void>;
  close(): Promise<void>;
};

export async function openLaneWorld(): Promise<LaneWorld> {
  const stores = await openTestStores(1);
  const [shardId = 1] = stores.shards.ids();
  const shard = stores.shards.byId(shardId);
  const laneShards = await openShards(stores.catalog, stores.shardUrls, {
    limits: lanesLimits,
  });
  const saleId = 'lane-sale';
  let nextRound = 1;
  return {
    stores,
    shardId,
    shard,
    saleId,
    addShow: async (seats, options = {}) => {
      const { lane = 3, seatCap = laneRules.seatCap, orphanRule = 'off' } = options;
      const showId = nextRound * lanesPerShard + lane;
      nextRound += 1;
      const { offerSeconds = 0 } = options;
      await writeShow(shard, { showId, saleId, seats, seatCap, orphanRule, offerSeconds });
      return showId;
    },
    openAccepting: () => openAccepting(stores.shards, () => undefined),
    openLanes: (isPaused = () => false) => {
      const batches: DecidedShow[][] = [];
      const lanes = openLanes({
        shards: laneShards,
        log: openLog('test', 'silent'),
        isPaused,
        onDecided: (_shardId, shows) => batches.push(shows),
      });
      return { lanes, batches };
    },
    entry: (showId, wish, more) => ({
      showId,
      fanId: randomText(12),
      idemKey: randomText(16),
      bodyHash: 'h'.repeat(22),
      passId: randomText(16),
      saleId,
      node: 'test0000',
      wish,
      ...more,
    }),
    drain: (lanes, showId) => lanes.drain({ shardId, lane: laneOf(showId) }),
    close: async () => {
      await laneShards.close();
      await stores.close();
    },
  };
}

const chars = '0123456789abcdefghijklmnopqrstuvwxyz';

export function randomText(length: number): string {
  return Array.from({ length }, () => chars[randomInt(chars.length)]).join('');
}

async function writeShow(
  shard: Database,
  show: { showId: number; saleId: string; seats: Seat[] } & Required<Omit<ShowOptions, 'lane'>>,
): Promise<void> {
  const { showId, saleId, seats, seatCap, orphanRule, offerSeconds } = show;
  await shard.change(
    `INSERT INTO show_gate (show_id, sale_id, state, opens_at, closes_at)
     VALUES (?, ?, 'OPEN', NOW(3) - INTERVAL 1 HOUR, NOW(3) + INTERVAL 1 DAY)`,
    [showId, saleId],
  );
  await shard.change(
    `INSERT INTO show_head (show_id, lane, starts_at, currency, seat_cap, orphan_rule,
       booking_fee, hold_seconds, hold_limit_seconds, offer_seconds, offers_stop_seconds)
     VALUES (?, ?, NOW(3) + INTERVAL 1 DAY, 'EUR', ?, ?, ?, ?, ?, ?, 900)`,
    [
      ...[showId, laneOf(showId), seatCap, orphanRule, laneRules.bookingFee],
      ...[laneRules.holdSeconds, laneRules.holdLimitSeconds, offerSeconds],
    ],
  );
  // Only a reservation may own a seat, so what a plan begins with as taken is blocked here.
  await shard.change(
    `INSERT INTO show_seat (show_id, seat_no, seat, row_label, row_no, x, zone, kind, price, state)
     VALUES ?`,
    [
      seats.map((seat) => [
        showId,
        seat.seatNo,
        seat.seat,
        seat.seat.split('-')[0] ?? '',
        seat.rowNo,
        seat.x,
        seat.zone,
        seat.kind,
        seat.price,
        seat.state === 'FREE' ? 'FREE' : 'BLOCKED',
      ]),
    ],
  );
}

export type DecidedRow = { requestId: number; fanId: string; state: string; reason: string | null };

/** What the journal says of a show's requests, in their order. */
export async function decidedRows(shard: Database, showId: number): Promise<DecidedRow[]> {
  return shard.rows(
    `SELECT request_id AS requestId, fan_id AS fanId, state, reason FROM request
     WHERE show_id = ? ORDER BY request_id`,
    [showId],
  );
}

/**
 * What is wrong with a show's rows, whatever happened: seats against reservations, quotas against
 * seats, the log against the journal. Empty when nothing is.
 */
export async function brokenRows(shard: Database, showId: number): Promise<string[]> {
  const checks: Record<string, string> = {
    'a seat whose owner does not hold it': `SELECT s.seat FROM show_seat s
      LEFT JOIN reservation r ON r.show_id = s.show_id AND r.reservation_id = s.reservation_id
      WHERE s.show_id = ? AND s.state = 'HELD'
        AND (r.state IS NULL OR r.state NOT IN ('HELD', 'PAYING', 'ENDING')
          OR JSON_SEARCH(r.seats, 'one', s.seat) IS NULL)`,
    'a reservation without all of its seats': `SELECT r.reservation_id FROM reservation r
      WHERE r.show_id = ? AND r.state IN ('HELD', 'PAYING', 'ENDING') AND JSON_LENGTH(r.seats) <> (
        SELECT COUNT(*) FROM show_seat s
        WHERE s.show_id = r.show_id AND s.reservation_id = r.reservation_id)`,
    'a quota that is not the sum of its seats': `SELECT q.fan_id FROM quota q
      WHERE q.show_id = ? AND q.taken <> (
        SELECT COUNT(*) FROM show_seat s JOIN reservation r
          ON r.show_id = s.show_id AND r.reservation_id = s.reservation_id
        WHERE s.show_id = q.show_id AND r.fan_id = q.fan_id)`,
    'a decided request without exactly one log entry': `SELECT r.request_id FROM request r
      WHERE r.show_id = ? AND r.state <> 'ACCEPTED' AND 1 <> (
        SELECT COUNT(*) FROM show_log l WHERE l.show_id = r.show_id
          AND l.subject_id = r.request_id AND l.kind = r.state)`,
    'a count of waiting entries that is wrong': `SELECT h.waiting FROM show_head h
      WHERE h.show_id = ? AND h.waiting <> (
        SELECT COUNT(*) FROM waitlist w WHERE w.show_id = h.show_id AND w.state = 'WAITING')`,
    'an entry whose offers are not out': `SELECT w.fan_id FROM waitlist w
      WHERE w.show_id = ? AND w.offered <> (
        SELECT COALESCE(SUM(JSON_LENGTH(r.seats)), 0) FROM reservation r
        WHERE r.show_id = w.show_id AND r.fan_id = w.fan_id AND r.offered = 1
          AND r.state IN ('HELD', 'PAYING', 'ENDING'))`,
    'a log with gaps': `SELECT h.lsn FROM show_head h
      WHERE h.show_id = ? AND h.lsn <> (
        SELECT COUNT(*) FROM show_log l WHERE l.show_id = h.show_id AND l.lsn <= h.lsn)`,
  };
  const broken: string[] = [];
  for (const [name, sql] of Object.entries(checks)) {
    const rows = await shard.rows(sql, [showId]);
    if (rows.length > 0) broken.push(`${name}: ${JSON.stringify(rows.slice(0, 5))}`);
  }
  return broken;
}

/** So many requests for one seat each, in one statement. */
export function askIn({ shard, entry }: LaneWorld, showId: number, count: number, more = {}) {
  const entries = Array.from({ length: count }, () => entry(showId, { quantity: 1 }, more));
  return insertRequests(shard, entries);
}

/** How many requests of a show there are of each state, refused ones by their reason. */
export async function statesIn({ shard }: LaneWorld, showId: number) {
  const counts: Record<string, number> = {};
  for (const row of await decidedRows(shard, showId)) {
    const name = row.reason ?? row.state;
    counts[name] = (counts[name] ?? 0) + 1;
  }
  return counts;
}
