// The order of the snapshots matters: shards first, then the catalog, then the provider, since a
// pass is written before its request and money is taken before its booking.
import type { ClientEntry } from '../crowd/client-log.js';
import { checkChain } from './chain.js';
import { openSnapshot, type Snapshot } from './connect.js';
import { checkDisputes, checkProviderDisputes } from './disputes.js';
import { checkEffects } from './effects.js';
import { type Findings, gatherFindings, type Violation } from './findings.js';
import { checkInventory } from './inventory.js';
import { checkLedger } from './ledger.js';
import { checkLine } from './line.js';
import { checkMails, readMails, readReachable } from './mail.js';
import { checkMoney } from './money.js';
import { checkLeftRows, checkMotion, readMotion } from './moves.js';
import { checkOrder } from './order.js';
import { checkAdmissions, checkPasses, type PassUse } from './passes.js';
import { checkPlaces } from './places.js';
import { checkOpenColumns, checkSealed } from './privacy.js';
import { checkProvider, readProviderBooks } from './provider.js';
import { checkProviderSettled } from './provider-events.js';
import { checkReplay } from './replay.js';
import { checkHolds, checkRequests } from './requests.js';
import { checkCounters, checkRouting, readDirectory, type ShardOfShow } from './routing.js';
import {
  type DisputeRow,
  type GateRow,
  groupBy,
  type HeadRow,
  liveTickets,
  type PaymentRow,
  type RefundRow,
  readShow,
  type ShowRows,
} from './rows.js';
import { checkSchema } from './schema.js';
import { checkCatalogSettled, checkShardSettled, checkShowSettled } from './settled.js';
import { checkTold, toldOf } from './told.js';

export type AuditOptions = {
  catalogUrl: string;
  shardUrls: string[];
  /** Only the shows of this sale; all when left out. */
  saleId?: string | undefined;
  /** No call is under way and every bound has passed: nothing may be half done. */
  settled?: boolean;
  /** Where the payment provider is, to read its books when it is the sandbox. */
  providerUrl?: string | undefined;
  /** Where the local mailbox is, to compare its mails with the bookings. */
  mailboxUrl?: string | undefined;
  /** What a crowd's fans saw. */
  clientLog?: ClientEntry[] | undefined;
  /** Milliseconds by which the clocks of fans, programs and stores may have differed. */
  clockMsMax?: number | undefined;
};

export type AuditReport = {
  clean: boolean;
  sale_id: string | null;
  settled: boolean;
  at: string;
  /** Whether the provider's own books were compared. */
  provider: boolean;
  /** Whether the mailbox was compared, and how many entries of a client log. */
  mailbox: boolean;
  client_entries: number;
  exact: {
    shows: number;
    seats: number;
    seats_free: number;
    seats_held: number;
    seats_sold: number;
    seats_sold_twice: number;
    requests: number;
    undecided: number;
    log_entries: number;
  };
  rules: { rule: string; title: string; checked: number; violations: number }[];
  violations: Violation[];
};

type Collected = {
  exact: AuditReport['exact'];
  uses: PassUse[];
  payments: PaymentRow[];
  refunds: RefundRow[];
  disputes: DisputeRow[];
  counted: Map<number, { total: number; free: number }>;
  /** Kept only for what is compared with other books. */
  shows: ShowRows[];
};

/** Judges all rows of an Usher, or of one sale. @throws Error when the sale is not there. */
export async function audit(options: AuditOptions): Promise<AuditReport> {
  const findings = gatherFindings();
  const snapshots: Snapshot[] = [];
  const open = async (url: string) => {
    const snapshot = await openSnapshot(url);
    snapshots.push(snapshot);
    return snapshot;
  };
  try {
    const shards: Snapshot[] = [];
    for (const url of options.shardUrls) shards.push(await open(url));
    return await judge(options, shards, await open(options.catalogUrl), findings);
  } finally {
    await Promise.all(snapshots.map((snapshot) => snapshot.close()));
  }
}

async function judge(
  options: AuditOptions,
  shards: Snapshot[],
  catalog: Snapshot,
  findings: Findings,
): Promise<AuditReport> {
  const { saleId, settled = false, clockMsMax = 0 } = options;
  const complete = saleId === undefined;
  const directory = await readDirectory(catalog, saleId);
  if (saleId !== undefined && !(await saleExists(catalog, saleId))) {
    throw new Error(`There is no sale ${saleId}.`);
  }
  const wanted = complete ? undefined : new Set(directory.map((show) => show.show_id));
  const motion = await readMotion(catalog);
  const placeOf = new Map(directory.map((show) => [show.show_id, show.shard_id]));
  const collected = newCollected();
  const keeps = options.clientLog !== undefined || options.mailboxUrl !== undefined;
  const places: ShardOfShow[] = [];
  for (const shard of shards) {
    const place = await readPlace(shard);
    const heads = new Set(place.heads.map((head) => head.show_id));
    await checkLeftRows(shard, { where: place.where, heads, motion }, findings);
    // Of a show on its way the directory's shard has the true rows.
    const isTrue = ({ show_id }: { show_id: number }) =>
      !motion.shows.has(show_id) || placeOf.get(show_id) === place.shardId;
    place.heads = place.heads.filter(isTrue);
    place.gates = place.gates.filter(isTrue);
    places.push(place);
    await checkSchema(shard, 'shard', place.where, findings);
    await checkOpenColumns(shard, 'shard', place.where, findings);
    if (settled) await checkShardSettled(shard, place.where, findings);
    const gates = new Map(place.gates.map((gate) => [gate.show_id, gate]));
    for (const head of place.heads) {
      if (wanted && !wanted.has(head.show_id)) continue;
      const show = await readShow(shard, head, gates.get(head.show_id));
      checkShow(show, { settled, clockMsMax }, findings);
      collect(show, collected);
      if (keeps) collected.shows.push(show);
    }
  }
  await checkSchema(catalog, 'catalog', 'catalog', findings);
  await checkOpenColumns(catalog, 'catalog', 'catalog', findings);
  await checkSealed(catalog, findings);
  checkRouting(directory, places, { settled, complete, moving: motion.shows }, findings);
  checkMotion(motion, settled, findings);
  checkCounters(directory, collected.counted, settled, findings);
  const { uses } = collected;
  await checkPasses(catalog, { uses, clockMsMax }, findings);
  await checkAdmissions(catalog, saleId, findings);
  if (settled) await checkCatalogSettled(catalog, findings);
  const compared = await compareOtherBooks(options, catalog, collected, findings);
  return report(options, { nowMs: catalog.nowMs, ...compared }, collected, findings);
}

/** What others wrote down: the provider, the mail server and the fans themselves. */
async function compareOtherBooks(
  options: AuditOptions,
  catalog: Snapshot,
  collected: Collected,
  findings: Findings,
): Promise<{ provider: boolean; mailbox: boolean }> {
  const { settled = false, saleId, clientLog } = options;
  const scope = { settled, complete: saleId === undefined };
  const books = options.providerUrl ? await readProviderBooks(options.providerUrl) : undefined;
  if (books) {
    checkProvider(books, collected.payments, collected.refunds, scope, findings);
    checkProviderDisputes(books, collected, settled, findings);
    if (settled && scope.complete) await checkProviderSettled(books, collected, catalog, findings);
  }
  const mails = options.mailboxUrl ? await readMails(options.mailboxUrl) : undefined;
  if (mails) {
    const reachable = await readReachable(catalog);
    checkMails(collected.shows, { mails, reachable }, scope, findings);
  }
  if (clientLog) {
    const told = toldOf(clientLog, options.clockMsMax ?? 0);
    checkTold(told, collected.shows, findings);
    await checkPlaces(told.calls, catalog, findings);
  }
  return { provider: books !== undefined, mailbox: mails !== undefined };
}

async function saleExists(catalog: Snapshot, saleId: string): Promise<boolean> {
  const rows = await catalog.rows('SELECT sale_id FROM sales WHERE sale_id = ?', [saleId]);
  return rows.length > 0;
}

async function readPlace(shard: Snapshot): Promise<ShardOfShow> {
  const [identity] = await shard.rows<{ shard_id: number }>('SELECT shard_id FROM shard_identity');
  const shardId = identity?.shard_id ?? 0;
  return {
    shardId,
    where: `shard ${shardId}`,
    heads: await shard.rows<HeadRow>(
      `SELECT show_id, lsn, chain, seat_cap, starts_at, offer_seconds, offers_stop_seconds, waiting
       FROM show_head ORDER BY show_id`,
    ),
    gates: await shard.rows<GateRow>(
      'SELECT show_id, sale_id, state, opens_at FROM show_gate ORDER BY show_id',
    ),
  };
}

function checkShow(
  show: ShowRows,
  { settled, clockMsMax }: { settled: boolean; clockMsMax: number },
  findings: Findings,
): void {
  checkInventory(show, findings);
  checkReplay(show, clockMsMax, findings);
  checkChain(show, findings);
  checkRequests(show, findings);
  checkHolds(show, findings);
  checkOrder(show, clockMsMax, findings);
  checkEffects(show, settled, findings);
  checkMoney(show, settled, findings);
  checkLedger(show, findings);
  checkDisputes(show, findings);
  checkLine(show, findings);
  if (settled) checkShowSettled(show, findings);
}

function newCollected(): Collected {
  return {
    exact: {
      shows: 0,
      seats: 0,
      seats_free: 0,
      seats_held: 0,
      seats_sold: 0,
      seats_sold_twice: 0,
      requests: 0,
      undecided: 0,
      log_entries: 0,
    },
    uses: [],
    payments: [],
    refunds: [],
    disputes: [],
    counted: new Map(),
    shows: [],
  };
}

function collect(
  show: ShowRows,
  { exact, uses, payments, refunds, disputes, counted }: Collected,
): void {
  const count = (state: string) => show.seats.filter((seat) => seat.state === state).length;
  const live = show.tickets.filter((row) => liveTickets.includes(row.state));
  const twice = [...groupBy(live, (row) => row.seat_no).values()].filter((rows) => rows.length > 1);
  exact.shows += 1;
  exact.seats += show.seats.length;
  exact.seats_free += count('FREE');
  exact.seats_held += count('HELD');
  exact.seats_sold += count('BOOKED');
  exact.seats_sold_twice += twice.length;
  exact.requests += show.requests.length;
  exact.undecided += show.requests.filter((row) => row.state === 'ACCEPTED').length;
  exact.log_entries += show.log.length;
  counted.set(show.showId, { total: show.seats.length, free: count('FREE') });
  for (const request of show.requests) {
    if (request.state !== 'GRANTED') continue;
    uses.push({ where: show.where, saleId: show.gate?.sale_id, request });
  }
  payments.push(...show.payments);
  refunds.push(...show.refunds);
  disputes.push(...show.disputes);
}

function report(
  options: AuditOptions,
  { nowMs, ...compared }: { nowMs: number; provider: boolean; mailbox: boolean },
  { exact }: Collected,
  findings: Findings,
): AuditReport {
  const counts = findings.counts();
  return {
    clean: counts.every((count) => count.violations === 0),
    sale_id: options.saleId ?? null,
    settled: options.settled ?? false,
    at: new Date(nowMs).toISOString(),
    ...compared,
    client_entries: options.clientLog?.length ?? 0,
    exact,
    rules: counts,
    violations: findings.list(),
  };
}
