import type { Connection, RowDataPacket } from 'mysql2/promise';
import { readMeasured } from '../../core/runtime/measured.js';
import { processorTimeUs } from '../stage/processor-time.js';
import type { LanesSettings, Measured } from './lanes-rows.js';
import { type BenchShow, benchSale, makeSale, makeShows } from './shows.js';
import { openStage, type Running, run, type Stage } from './stage.js';

export type Bench = {
  stage: Stage;
  settings: LanesSettings;
  counter: { showId: number; fan: number };
};

export type Setting = {
  shows: number;
  processors?: number;
  shards?: number;
  /** Fans arrive by schedule; else the next comes when one has been answered. */
  perSecond?: number;
  requests?: number;
  env?: NodeJS.ProcessEnv;
  /** What is done to the last show before it sells. */
  before?: (showId: number) => Promise<void>;
};

export async function openBench(settings: LanesSettings, hasShards: boolean): Promise<Bench> {
  const stage = await openStage(false, hasShards ? Math.max(...settings.shards) : 1);
  await makeSale(stage.catalog);
  return { stage, settings, counter: { showId: 0, fan: 0 } };
}

/**
 * One measurement: fresh shows, so many processors, every request wins two seats. `decided` is the
 * time from the commit of the journal to the decision, by the database's clock; `cost` says what
 * one request has cost whom, those before the measured ones among them.
 */
export async function decide(
  bench: Bench,
  setting: Setting,
): Promise<Measured & { decided: Measured }> {
  const { stage, settings } = bench;
  await clearAway(stage);
  const { requests, shows } = await plan(bench, setting);
  const processors: Running[] = [];
  try {
    for (let count = 0; count < (setting.processors ?? 1); count += 1) {
      processors.push(await stage.start('processor/main.js', setting.env));
    }
    const { perSecond } = setting;
    const { inFlight, warmUp } = settings;
    const input = { inFlight, warmUp, requests, ...(perSecond ? { perSecond } : {}) };
    const before = timesOf(stage, processors);
    const text = await run('api/accept/bench.js', [], stage.env, JSON.stringify(input));
    const after = timesOf(stage, processors);
    const { per_second, p50_ms, p99_ms, cpu_us } = readMeasured(text);
    const { batches, ...decided } = await readDecided(stage, shows, requests[warmUp]?.fanId ?? '');
    const each = (from?: number, to?: number) =>
      from === undefined || to === undefined ? null : Math.round((to - from) / requests.length);
    return {
      per_second,
      p50_ms,
      p99_ms,
      decided: { per_second, ...decided },
      cost: {
        in_a_batch: (requests.length - warmUp) / batches,
        api_us: each(0, cpu_us),
        processors_us: each(before.processors, after.processors),
        sql_us: each(before.sql, after.sql),
        redis_us: each(before.redis, after.redis),
      },
    };
  } finally {
    for (const processor of processors) await processor.stop();
  }
}

/** Shows that were measured before are over, and what they left to be told is not told any more. */
async function clearAway({ shards, catalog }: Stage): Promise<void> {
  for (const shard of shards) {
    await shard.query('UPDATE show_head SET starts_at = NOW(3) - INTERVAL 2 DAY');
    await shard.query('DELETE FROM outbox');
  }
  await catalog.query('DELETE FROM message');
}

function timesOf({ engines }: Stage, processors: Running[]) {
  return {
    processors: processorTimeUs(processors.map(({ pid }) => pid)),
    sql: processorTimeUs([engines.pids.mysql]),
    redis: processorTimeUs([engines.pids.redis]),
  };
}

async function plan(bench: Bench, { shows, shards = 1, ...setting }: Setting) {
  const { stage, settings, counter } = bench;
  const { requests: measured = settings.requests } = setting;
  const requests = settings.warmUp + measured;
  const made = await makeShows(stage, {
    firstId: counter.showId + 1,
    count: shows,
    seats: Math.ceil(requests / shows) * 2,
    shards,
  });
  counter.showId += shows;
  await setting.before?.(counter.showId);
  const list = Array.from({ length: requests }, (_, index) => {
    const show = made[index % shows];
    const first = Math.floor(index / shows) * 2;
    counter.fan += 1;
    return {
      showId: show?.showId ?? 0,
      saleId: benchSale,
      seats: show?.seats.slice(first, first + 2) ?? [],
      fanId: `f${String(counter.fan).padStart(11, '0')}`,
      passId: `p${String(counter.fan).padStart(15, '0')}`,
    };
  });
  return { requests: list, shows: made };
}

/** The statements of the lanes without the lanes, on a show of their own. */
export async function runBareLoop({ stage, settings, counter }: Bench): Promise<Measured> {
  const { requests, warmUp } = settings;
  counter.showId += 1;
  const seats = (warmUp + requests) * 2;
  const plan = { firstId: counter.showId, count: 1, seats, shards: 1 };
  const [show] = await makeShows(stage, plan);
  const input = JSON.stringify({ ...show, saleId: benchSale, warmUp, requests });
  const text = await run('processor/lanes/bare-loop.js', [], stage.env, input);
  const { per_second, p50_ms, p99_ms } = readMeasured(text);
  return { per_second, p50_ms, p99_ms };
}

const journalRows = 50_000;

/** Decided requests of a show, made in the database itself. */
export async function fillJournal(shard: Connection, showId: number, count: number) {
  for (let start = 0; start < count; start += journalRows) {
    const rows = Math.min(journalRows, count - start);
    await shard.query(
      `INSERT INTO request (show_id, fan_id, idem_key, body_hash, pass_id, node, wish, state,
         reason, decided_at)
       ${numbers(rows)} SELECT ${showId}, CONCAT('d', LPAD(${start} + no, 11, '0')),
         CONCAT('d', LPAD(${start} + no, 15, '0')), '-', CONCAT('p', LPAD(${start} + no, 15, '0')),
         'bench000', '{}', 'REFUSED', 'sold_out', NOW(3) FROM n`,
    );
  }
}

const holdsPerShow = 500;

/** Shows beside the sale whose every seat is in a hold that has run out. */
export async function fillLapsing(bench: Bench): Promise<void> {
  const { stage, settings, counter } = bench;
  const count = Math.ceil(settings.lapsing / holdsPerShow);
  const firstId = counter.showId + 1;
  counter.showId += count;
  await makeShows(stage, { firstId, count, seats: holdsPerShow, shards: 1 });
  const range = `show_id BETWEEN ${firstId} AND ${counter.showId}`;
  const { shard } = stage;
  await shard.query(
    `INSERT INTO reservation (show_id, reservation_id, fan_id, pass_id, state, seats, adjacent,
       amount, currency, created_at, expires_at, limit_at, due_at)
     SELECT show_id, 1 + seat_no, CONCAT('l', LPAD(seat_no, 11, '0')),
       CONCAT('l', LPAD(seat_no, 15, '0')), 'HELD', CONCAT('[[', seat_no, ',"', seat, '",100]]'), 1,
       100, 'INR', NOW(3), NOW(3), NOW(3), NOW(3) FROM show_seat WHERE ${range}`,
  );
  await shard.query(
    `INSERT INTO quota (show_id, fan_id, taken)
     SELECT show_id, fan_id, 1 FROM reservation WHERE ${range}`,
  );
  await shard.query(
    `UPDATE show_seat SET state = 'HELD', reservation_id = 1 + seat_no WHERE ${range}`,
  );
}

function numbers(count: number): string {
  return `WITH RECURSIVE d AS (SELECT 0 AS x UNION ALL SELECT x + 1 FROM d WHERE x < 249),
    n AS (SELECT a.x * 250 + b.x AS no FROM d a, d b WHERE a.x * 250 + b.x < ${count})`;
}

async function readDecided(
  { shards }: Stage,
  shows: BenchShow[],
  firstFan: string,
): Promise<{ p50_ms: number; p99_ms: number; batches: number }> {
  const took: number[] = [];
  let batches = 0;
  for (const shard of shards) {
    const [rows] = await shard.query<RowDataPacket[]>(
      `SELECT TIMESTAMPDIFF(MICROSECOND, accepted_at, decided_at) DIV 1000 AS ms,
         UNIX_TIMESTAMP(decided_at) AS decided FROM request
       WHERE show_id BETWEEN ? AND ? AND fan_id >= ? AND node <> 'bench000'`,
      [shows[0]?.showId ?? 0, shows.at(-1)?.showId ?? 0, firstFan],
    );
    took.push(...rows.map((row) => Number(row.ms)));
    // A batch has one time of its own, to the millisecond.
    batches += new Set(rows.map((row) => String(row.decided))).size;
  }
  took.sort((a, b) => a - b);
  const at = (share: number) => took[Math.floor((took.length - 1) * share)] ?? 0;
  return { p50_ms: at(0.5), p99_ms: at(0.99), batches };
}
