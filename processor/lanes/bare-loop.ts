import { readFileSync } from 'node:fs';
import { readConfig } from '../../core/runtime/config.js';
import { tellMeasured } from '../../core/runtime/measured.js';
import { type Database, lanesLimits, openDatabase, type Tx } from '../../core/store/database.js';
import {
  addQuotas,
  holdSeats,
  insertReservations,
  lockFreeSeats,
  lockQuotas,
  moveHeads,
  recordVerdicts,
} from '../../core/store/shard/decisions.js';
import { insertRequests, readByKeys } from '../../core/store/shard/journal.js';
import {
  type Head,
  insertOutbox,
  lockHeads,
  outboxRow,
} from '../../core/store/shard/show-change.js';
import { chainLog, insertLog } from '../../core/store/shard/show-log.js';

/**
 * Measures what a bare loop commits with the multi-row statements of Usher's batches and nothing
 * around them: no accepting, waking, looking, deciding or telling. `usher bench lanes` starts it
 * as a program of its own; standard input is the plan.
 */
type Plan = {
  showId: number;
  saleId: string;
  seats: string[];
  /** So many of the requests come first and are not in the figures, as with Usher. */
  warmUp: number;
  requests: number;
};

const batchRequests = 100;
const seatsEach = 2;
const writers = 2;
const holdMs = 3_600_000;
const anySeat = {
  rowNo: 0,
  x: 0,
  zone: 'all',
  kind: 'standard',
  price: 100,
  state: 'FREE',
} as const;

const plan = JSON.parse(readFileSync(0, 'utf8')) as Plan;
const [url = ''] = readConfig(process.env).shardUrls;
const shard = openDatabase(url, lanesLimits);
await write(0, plan.warmUp);
const startedMs = performance.now();
const took = await write(plan.warmUp, plan.warmUp + plan.requests);
const seconds = (performance.now() - startedMs) / 1_000;
tellMeasured(plan.requests, seconds, { tookMs: took, unknown: 0 });
await shard.close();

/** Writes requests from one number to before another; returns how long each batch took. */
async function write(from: number, to: number): Promise<number[]> {
  const batchMs: number[] = [];
  let next = from;
  const writer = async (): Promise<void> => {
    while (next < to) {
      const first = next;
      next = Math.min(to, next + batchRequests);
      const beganMs = performance.now();
      await writeBatch(shard, fansOf(first, next));
      batchMs.push(performance.now() - beganMs);
    }
  };
  await Promise.all(Array.from({ length: writers }, writer));
  return batchMs;
}

type Fan = { fanId: string; passId: string; seatNos: number[] };

function fansOf(first: number, end: number): Fan[] {
  return Array.from({ length: end - first }, (_, index) => {
    const no = first + index;
    return {
      fanId: `b${String(no).padStart(11, '0')}`,
      passId: `b${String(no).padStart(15, '0')}`,
      seatNos: Array.from({ length: seatsEach }, (_, seat) => no * seatsEach + seat),
    };
  });
}

/** Journals the requests as an api does; returns their numbers in the order of the fans. */
async function journal(db: Database, fans: Fan[]): Promise<number[]> {
  const { showId, saleId, seats } = plan;
  const entries = fans.map(({ fanId, passId, seatNos }) => ({
    ...{ showId, fanId, passId, saleId, node: 'bench000', idemKey: passId },
    ...{ bodyHash: '-', wish: { seats: seatNos.map((no) => seats[no] ?? '') } },
  }));
  await insertRequests(db, entries);
  const rows = await readByKeys(db, entries);
  const noOf = new Map(rows.map((row) => [row.fanId, row.requestId]));
  return fans.map(({ fanId }) => noOf.get(fanId) ?? 0);
}

async function writeBatch(db: Database, fans: Fan[]): Promise<void> {
  const { showId } = plan;
  const nos = await journal(db, fans);
  await db.transaction(async (tx) => {
    const [head] = await lockHeads(tx, [showId]);
    if (!head) throw new Error('the show of the bare loop is gone');
    const pairs = fans.map(({ fanId }) => ({ showId, fanId }));
    await lockQuotas(tx, pairs);
    const now = new Date();
    await writeGrants(tx, { head, fans, nos, now });
    await writeAround(tx, { head, fans, nos, now });
  });
}

type Write = { head: Head; fans: Fan[]; nos: number[]; now: Date };

/** Seats, reservations and quotas. */
async function writeGrants(tx: Tx, { head, fans, nos, now }: Write): Promise<void> {
  const { showId } = head;
  const untilMs = now.getTime() + holdMs;
  const grants = fans.map(({ fanId, passId, seatNos }, index) => ({
    head,
    grant: {
      kind: 'GRANTED' as const,
      request: { requestId: nos[index] ?? 0, fanId, passId, wish: { seats: [] }, acceptedAtMs: 0 },
      seats: seatNos.map((seatNo) => ({ ...anySeat, seatNo, seat: plan.seats[seatNo] ?? '' })),
      ...{ adjacent: true, amount: 200, fee: 0, expiresAtMs: untilMs, limitAtMs: untilMs },
    },
  }));
  const claims = grants.flatMap(({ grant: { request, seats } }) =>
    seats.map(({ seatNo }) => ({ showId, seatNo, reservationId: request.requestId })),
  );
  const free = await lockFreeSeats(tx, claims);
  if (free !== claims.length) throw new Error('a seat of the bare loop is not free');
  await holdSeats(tx, claims);
  await insertReservations(tx, grants, now);
  await addQuotas(tx, grants);
}

/** Verdicts, log, outbox and head. */
async function writeAround(tx: Tx, { head, fans, nos, now }: Write): Promise<void> {
  const { showId } = head;
  const verdict = { showId, state: 'GRANTED' as const, reason: null, alternatives: [] };
  const verdicts = nos.map((requestId) => ({ ...verdict, requestId }));
  await recordVerdicts(tx, verdicts, now);
  const entries = fans.map(({ seatNos }, index) => ({
    ...{ kind: 'GRANTED', subjectId: nos[index] ?? 0, detail: { seats: seatNos } },
  }));
  const log = chainLog(showId, { end: head, at: now }, entries);
  await insertLog(tx, log.rows);
  const grants = fans.map(({ fanId, passId }) => [fanId, passId]);
  const subjectId = nos[0] ?? 0;
  const nowMs = now.getTime();
  const posts = [
    outboxRow(showId, { kind: 'granted', subjectId, payload: { grants } }, nowMs),
    outboxRow(showId, { kind: 'reserved', subjectId, payload: { nos } }, nowMs),
  ];
  await insertOutbox(tx, posts);
  const floorId = (nos.at(-1) ?? 0) + 1;
  await moveHeads(tx, [{ showId, version: head.version + 1, floorId, ...log.end }]);
}
