import type { Connection } from 'mysql2/promise';
import { type Queryable, type SqlValue, type Tx, toChange } from '../../core/store/database.js';
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
import { benchSale } from './shows.js';
import type { Stage } from './stage.js';

export type BareLoop = {
  showId: number;
  seats: string[];
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

/**
 * What mysql2 commits with the multi-row statements of Usher's batches and nothing around them: no
 * accepting, waking, looking, deciding or telling. Two connections write the journal, lock head,
 * quotas and seats, and write seats, reservations, quotas, verdicts, log, outbox and head.
 */
export async function runBareLoop(stage: Stage, loop: BareLoop) {
  const connections = await Promise.all(Array.from({ length: writers }, () => stage.another()));
  const took: number[] = [];
  const startedMs = performance.now();
  try {
    let next = 0;
    const write = async (connection: Connection) => {
      await connection.query('SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED');
      while (next < loop.requests) {
        const first = next;
        next += batchRequests;
        const beganMs = performance.now();
        await again(connection, () => writeBatch(connection, loop, first));
        took.push(performance.now() - beganMs);
      }
    };
    await Promise.all(connections.map(write));
  } finally {
    await Promise.all(connections.map((connection) => connection.end()));
  }
  const seconds = (performance.now() - startedMs) / 1_000;
  took.sort((a, b) => a - b);
  const at = (share: number) => took[Math.floor((took.length - 1) * share)] ?? 0;
  return { per_second: loop.requests / seconds, p50_ms: at(0.5), p99_ms: at(0.99) };
}

const triesMax = 50;

async function again(connection: Connection, work: () => Promise<void>): Promise<void> {
  for (let tried = 1; ; tried += 1) {
    try {
      return await work();
    } catch (error) {
      await connection.query('ROLLBACK');
      const isVictim = [1213, 1205].includes((error as { errno?: number }).errno ?? 0);
      if (!isVictim || tried >= triesMax) throw error;
    }
  }
}

/** A connection as the statements want it, one trip each. */
function plain(connection: Connection): Tx {
  const ask = async (sql: string, params: SqlValue[] = []) =>
    (await connection.query(sql, params))[0] as unknown;
  const queryable: Queryable = {
    rows: async <T>(sql: string, params?: SqlValue[]) => (await ask(sql, params)) as T[],
    change: async (sql, params) => toChange(await ask(sql, params)),
    say: (statements) => Promise.all(statements.map(({ sql, params }) => ask(sql, params))),
  };
  return queryable as Tx;
}

type Fan = { fanId: string; passId: string; seatNos: number[] };

function fansOf({ requests }: BareLoop, first: number): Fan[] {
  return Array.from({ length: Math.min(batchRequests, requests - first) }, (_, index) => {
    const no = first + index;
    return {
      fanId: `b${String(no).padStart(11, '0')}`,
      passId: `b${String(no).padStart(15, '0')}`,
      seatNos: Array.from({ length: seatsEach }, (_, seat) => no * seatsEach + seat),
    };
  });
}

/** Journals the requests as an api does; returns their numbers in the order of the fans. */
async function journal(say: Tx, { showId, seats }: BareLoop, fans: Fan[]): Promise<number[]> {
  const entries = fans.map(({ fanId, passId, seatNos }) => ({
    ...{ showId, fanId, passId, saleId: benchSale, node: 'bench000', idemKey: passId },
    ...{ bodyHash: '-', wish: { seats: seatNos.map((no) => seats[no] ?? '') } },
  }));
  await insertRequests(say, entries);
  const rows = await readByKeys(say, entries);
  const noOf = new Map(rows.map((row) => [row.fanId, row.requestId]));
  return fans.map(({ fanId }) => noOf.get(fanId) ?? 0);
}

async function writeBatch(connection: Connection, loop: BareLoop, first: number): Promise<void> {
  const { showId } = loop;
  const say = plain(connection);
  const fans = fansOf(loop, first);
  const nos = await journal(say, loop, fans);
  await connection.query('START TRANSACTION');
  const [head] = await lockHeads(say, [showId]);
  if (!head) throw new Error('the show of the bare loop is gone');
  const pairs = fans.map(({ fanId }) => ({ showId, fanId }));
  await lockQuotas(say, pairs);
  const now = new Date();
  await writeGrants(say, { loop, head, fans, nos, now });
  await writeAround(say, { head, fans, nos, now });
  await connection.query('COMMIT');
}

type Write = { head: Head; fans: Fan[]; nos: number[]; now: Date };

/** Seats, reservations and quotas. */
async function writeGrants(
  say: Tx,
  { loop, head, fans, nos, now }: Write & { loop: BareLoop },
): Promise<void> {
  const { showId } = loop;
  const untilMs = now.getTime() + holdMs;
  const grants = fans.map(({ fanId, passId, seatNos }, index) => ({
    head,
    grant: {
      kind: 'GRANTED' as const,
      request: { requestId: nos[index] ?? 0, fanId, passId, wish: { seats: [] }, acceptedAtMs: 0 },
      seats: seatNos.map((seatNo) => ({ ...anySeat, seatNo, seat: loop.seats[seatNo] ?? '' })),
      ...{ adjacent: true, amount: 200, fee: 0, expiresAtMs: untilMs, limitAtMs: untilMs },
    },
  }));
  const claims = grants.flatMap(({ grant: { request, seats } }) =>
    seats.map(({ seatNo }) => ({ showId, seatNo, reservationId: request.requestId })),
  );
  const free = await lockFreeSeats(say, claims);
  if (free !== claims.length) throw new Error('a seat of the bare loop is not free');
  await holdSeats(say, claims);
  await insertReservations(say, grants, now);
  await addQuotas(say, grants);
}

/** Verdicts, log, outbox and head. */
async function writeAround(say: Tx, { head, fans, nos, now }: Write): Promise<void> {
  const { showId } = head;
  const verdict = { showId, state: 'GRANTED' as const, reason: null, alternatives: [] };
  const verdicts = nos.map((requestId) => ({ ...verdict, requestId }));
  await recordVerdicts(say, verdicts, now);
  const entries = fans.map(({ seatNos }, index) => ({
    ...{ kind: 'GRANTED', subjectId: nos[index] ?? 0, detail: { seats: seatNos } },
  }));
  const log = chainLog(showId, { end: head, at: now }, entries);
  await insertLog(say, log.rows);
  const grants = fans.map(({ fanId, passId }) => [fanId, passId]);
  const subjectId = nos[0] ?? 0;
  const nowMs = now.getTime();
  const posts = [
    outboxRow(showId, { kind: 'granted', subjectId, payload: { grants } }, nowMs),
    outboxRow(showId, { kind: 'reserved', subjectId, payload: { nos } }, nowMs),
  ];
  await insertOutbox(say, posts);
  const floorId = (nos.at(-1) ?? 0) + 1;
  await moveHeads(say, [{ showId, version: head.version + 1, floorId, ...log.end }]);
}
