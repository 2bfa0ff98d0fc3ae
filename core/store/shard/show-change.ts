import { showMoving, UsherError } from '../../domain/errors.js';
import { formatShowId, type ShowId } from '../../domain/ids.js';
import type { PriceRules } from '../../domain/price-rules.js';
import type { OrphanRule } from '../../domain/single-seats.js';
import type { SeatState } from '../../domain/states.js';
import { type Database, readNowMs, type SqlValue, type Tx } from '../database.js';
import { type BookedMove, insertMoves, type LedgerMove } from './ledger.js';
import { offerFreedSeats } from './offers.js';
import { chainLog, insertLog, type LogEntry } from './show-log.js';

/** The lock, version and log end of a show. Whoever holds its row may change the show. */
export type Head = {
  showId: ShowId;
  version: number;
  lsn: number;
  /** The hash of the log's last entry; empty while there is none. */
  chain: string;
  floorId: number;
  startsAtMs: number;
  currency: string;
  seatCap: number;
  orphanRule: OrphanRule;
  bookingFee: number;
  priceRules: PriceRules | null;
  /** What the rules make of the zones' own prices, and how often that has changed. */
  pricePercent: number;
  priceVersion: number;
  taxRateBp: number;
  /** Its seats also count in claims of the catalog, which hear of seats that are freed. */
  capped: boolean;
  /** Its payments are authorised first, since cards are counted. */
  countsCards: boolean;
  holdSeconds: number;
  holdLimitSeconds: number;
  /** Time to pay that each attempt gets, however short the hold has become. */
  paymentSeconds: number;
  /** How long an offer to the waitlist holds its seats; 0 for a show without one. */
  offerSeconds: number;
  /** No offer is made this long before the start. */
  offersStopSeconds: number;
  /** Entries of the waitlist that wait: where it is 0, the line costs nothing. */
  waiting: number;
  /** The last place in the line that was given. */
  lineEnd: number;
  /** Until then a booking is cancelled for all of its money; null: by the sale's rules. */
  freeRefundUntilMs: number | null;
};

export type OutboxEntry = {
  kind: string;
  subjectId: number;
  payload: Record<string, unknown>;
  /** Milliseconds since 1970 before which the relay leaves it alone. */
  notBeforeMs?: number;
};
export type SeatChange = { seatNo: number; seat: string; state: SeatState };

/** An open change of one show: its head is locked and `nowMs` was read after the lock. */
export type ShowChange = {
  tx: Tx;
  head: Head;
  nowMs: number;
  /** Appends to the show's log and returns the entry's lsn. */
  log(entry: LogEntry): number;
  outbox(entry: OutboxEntry): void;
  /** Books a move of money under the log entry written last; a move of nothing is left out. */
  book(move: LedgerMove): void;
  /** Notes seats whose row this change has written, for the version and for the push. */
  seats(changes: SeatChange[]): void;
  /** Fans whose offer lapsed or was declined in this change: what it frees isn't for them. */
  passedOver: Set<string>;
  /** Has the line asked at the end although nothing came free: what fits may have changed. */
  askLine(): void;
};

/** What to tell after the commit. */
export type ShowNews = {
  showId: ShowId;
  version: number;
  seats: SeatChange[];
  /** Present when the rules have moved prices. */
  pricePercent?: number;
  priceVersion?: number;
};

type HeadRow = {
  show_id: number;
  version: number;
  lsn: number;
  chain: string;
  floor_id: number;
  starts_at: Date;
  currency: string;
  seat_cap: number;
  orphan_rule: OrphanRule;
  booking_fee: number;
  price_rules: string | null;
  price_percent: number;
  price_version: number;
  tax_rate_bp: number;
  capped: number;
  counts_cards: number;
  hold_seconds: number;
  hold_limit_seconds: number;
  payment_seconds: number;
  offer_seconds: number;
  offers_stop_seconds: number;
  waiting: number;
  line_end: number;
  free_refund_until: Date | null;
};

const headColumns = `show_id, version, lsn, chain, floor_id, starts_at, currency, seat_cap,
  orphan_rule, capped, counts_cards, booking_fee, price_rules, price_percent, price_version,
  tax_rate_bp, hold_seconds, hold_limit_seconds, payment_seconds, offer_seconds,
  offers_stop_seconds, waiting, line_end, free_refund_until`;

/** The lane of a head that no shard serves: its show is on its way to or from another shard. */
export const awayLane = 255;

/**
 * Locks the heads of shows in ascending order: the first lock of every change. `free` takes only
 * those that nobody else holds.
 */
export async function lockHeads(
  tx: Tx,
  showIds: ShowId[],
  which: 'all' | 'free' = 'all',
): Promise<Head[]> {
  const rows = await tx.rows<HeadRow>(
    `SELECT ${headColumns} FROM show_head
     WHERE show_id IN (?) AND lane <> ${awayLane} ORDER BY show_id
     FOR UPDATE ${which === 'free' ? 'SKIP LOCKED' : ''}`,
    [showIds],
  );
  return rows.map((row) => ({
    showId: row.show_id,
    version: row.version,
    lsn: row.lsn,
    chain: row.chain,
    floorId: row.floor_id,
    startsAtMs: row.starts_at.getTime(),
    currency: row.currency,
    seatCap: row.seat_cap,
    orphanRule: row.orphan_rule,
    bookingFee: row.booking_fee,
    priceRules: row.price_rules === null ? null : (JSON.parse(row.price_rules) as PriceRules),
    pricePercent: row.price_percent,
    priceVersion: row.price_version,
    taxRateBp: row.tax_rate_bp,
    capped: row.capped === 1,
    countsCards: row.counts_cards === 1,
    holdSeconds: row.hold_seconds,
    holdLimitSeconds: row.hold_limit_seconds,
    paymentSeconds: row.payment_seconds,
    offerSeconds: row.offer_seconds,
    offersStopSeconds: row.offers_stop_seconds,
    waiting: row.waiting,
    lineEnd: Number(row.line_end),
    freeRefundUntilMs: row.free_refund_until?.getTime() ?? null,
  }));
}

/**
 * Changes one show in one transaction: locks its head, reads the time, runs `work`, and writes
 * the log, the outbox and the head's new version with it. Retries are the database's; `work` may
 * therefore run again and keeps no state outside. Returns what to tell after the commit.
 */
export async function changeShow<T>(
  shard: Database,
  showId: ShowId,
  work: (change: ShowChange) => Promise<T>,
): Promise<{ result: T; news: ShowNews }> {
  return shard.transaction(async (tx) => {
    const [head] = await lockHeads(tx, [showId]);
    if (!head) throw await missingHead(tx, showId);
    const nowMs = await readNowMs(tx);
    const collected = collectChange(tx, head, nowMs);
    const result = await work(collected.change);
    // Whatever freed the seats: those who wait are asked before anybody can see them free.
    if (collected.asksLine() || collected.seats.some((seat) => seat.state === 'FREE')) {
      await offerFreedSeats(collected.change);
    }
    const news = await collected.write();
    return { result, news };
  });
}

/** What a change has noted so far. */
export type Collected = {
  change: ShowChange;
  logs: LogEntry[];
  posts: OutboxEntry[];
  seats: SeatChange[];
  asksLine: () => boolean;
};

/** A show that was just moved is elsewhere, which whoever repeats the call will know. */
async function missingHead(tx: Tx, showId: ShowId): Promise<UsherError> {
  const rows = await tx.rows('SELECT lane FROM show_head WHERE show_id = ?', [showId]);
  if (rows.length > 0) return showMoving();
  return new UsherError('not_found', `There is no show ${formatShowId(showId)}.`);
}

/** A change that collects log, outbox and seats, and writes them with the head at its end. */
export function collectChange(
  tx: Tx,
  head: Head,
  nowMs: number,
): Collected & { write: () => Promise<ShowNews> } {
  const logs: LogEntry[] = [];
  const posts: OutboxEntry[] = [];
  const moves: BookedMove[] = [];
  const seats: SeatChange[] = [];
  let asksLine = false;
  const change: ShowChange = {
    tx,
    head,
    nowMs,
    log: (entry) => head.lsn + logs.push(entry),
    outbox: (entry) => {
      posts.push(entry);
    },
    book: (move) => {
      moves.push({ ...move, lsn: head.lsn + logs.length });
    },
    seats: (changes) => {
      seats.push(...changes);
    },
    passedOver: new Set(),
    askLine: () => {
      asksLine = true;
    },
  };
  const write = async (): Promise<ShowNews> => {
    const at = new Date(nowMs);
    const version = head.version + (seats.length > 0 ? 1 : 0);
    const log = chainLog(head.showId, { end: head, at }, logs);
    await insertLog(tx, log.rows);
    await insertMoves(tx, { showId: head.showId, at }, moves);
    await insertOutbox(
      tx,
      posts.map((entry) => outboxRow(head.showId, entry, nowMs)),
    );
    if (logs.length > 0 || seats.length > 0) {
      await tx.change('UPDATE show_head SET version = ?, lsn = ?, chain = ? WHERE show_id = ?', [
        version,
        log.end.lsn,
        log.end.chain,
        head.showId,
      ]);
    }
    return { showId: head.showId, version, seats: lastOfEach(seats) };
  };
  return { change, logs, posts, seats, asksLine: () => asksLine, write };
}

/** Each seat once, in the state it ends in: one that was freed and offered was never free. */
function lastOfEach(seats: SeatChange[]): SeatChange[] {
  return [...new Map(seats.map((seat) => [seat.seatNo, seat])).values()];
}

export function outboxRow(showId: ShowId, entry: OutboxEntry, nowMs: number): SqlValue[] {
  return [
    showId,
    entry.kind,
    entry.subjectId,
    JSON.stringify(entry.payload),
    new Date(nowMs),
    new Date(entry.notBeforeMs ?? nowMs),
  ];
}

/** Rows: as made by `outboxRow`. */
export async function insertOutbox(tx: Tx, rows: SqlValue[][]): Promise<void> {
  if (rows.length === 0) return;
  await tx.change(
    'INSERT INTO outbox (show_id, kind, subject_id, payload, created_at, due_at) VALUES ?',
    [rows],
  );
}
