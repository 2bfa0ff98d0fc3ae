// The designs that people build first beside Usher, through HTTP, on the same engines in one run.
import { join } from 'node:path';
import type { RowDataPacket } from 'mysql2/promise';
import { sleep } from '../stage/programs.js';
import { openSigners } from '../stage/tokens.js';
import { type Call, fire } from './fire.js';
import { type BenchReport, describeCommit, describeMachine, median } from './report.js';
import { type BenchShow, benchSale, countExactly, makeSale, makeShow } from './shows.js';
import { openStage, type Running, type Stage } from './stage.js';

export type CompareSettings = {
  rounds: number;
  connections: number;
  /** Calls per measurement; each wants two seats of its own. */
  requests: number;
  warmUp: number;
  /** Calls answered just before everything is killed, to see what was promised and is gone. */
  killedAfter: number;
  scenarios: { name: string; shows: number }[];
};

export const compareSettings: CompareSettings = {
  rounds: 3,
  connections: 256,
  requests: 8_000,
  // As in the other benches: the programs, ours most of all, are still compiling themselves before.
  warmUp: 6_000,
  killedAfter: 600,
  scenarios: [
    { name: 'hot show', shows: 1 },
    { name: 'wide sale, 20 shows', shows: 20 },
  ],
};

const seatsPerCall = 2;
const variants = [
  'plain handler',
  'one job, concurrency 1',
  'one job, concurrency 20',
  'Redis counter',
  'Usher',
] as const;
const queueOfOne = 'one job, concurrency 1';
type Variant = (typeof variants)[number];
/** The slow ones get fewer calls: their figure is a rate all the same. */
const share: Partial<Record<Variant, number>> = {
  [queueOfOne]: 0.2,
  'one job, concurrency 20': 0.5,
};
const durableMsMax = 60_000;

type Figure = {
  durable_seats_per_second: number;
  last_fan_knows_ms: number;
  p50_ms: number;
  p99_ms: number;
  promised_and_lost: number;
};
type Counter = { showId: number; fan: number };
type Wish = { show: BenchShow; seats: string[]; fanId: string; passId: string; no: number };

export async function benchCompare(
  settings: CompareSettings,
  say: (text: string) => void,
): Promise<BenchReport> {
  const stage = await openStage(false);
  try {
    await makeSale(stage.catalog);
    const counter: Counter = { showId: 0, fan: 0 };
    const figures = new Map<string, Figure[]>();
    for (let round = 1; round <= settings.rounds; round += 1) {
      for (const scenario of settings.scenarios) {
        for (const variant of variants) {
          const figure = await measure(stage, { ...settings, ...scenario, variant }, counter);
          const key = `${scenario.name}|${variant}`;
          figures.set(key, [...(figures.get(key) ?? []), figure]);
          say(
            `round ${round}: ${scenario.name}, ${variant}: ${Math.round(figure.durable_seats_per_second)} seats/s held durably, the last fan knows after ${Math.round(figure.last_fan_knows_ms)} ms, ${figure.promised_and_lost} seats promised and lost`,
          );
        }
      }
    }
    return {
      name: 'compare',
      commit: describeCommit(),
      machine: describeMachine(),
      settings: {
        ...settings,
        seats_per_call: seatsPerCall,
        per_second: 'seats held durably',
        ratio_of: 'plain handler (same scenario)',
        times_one_job_of: `${queueOfOne} (same scenario)`,
        durable: 'flush at commit; Redis syncs each second',
      },
      rows: toRows(figures),
      exact: await countExactly(stage.shard),
    };
  } finally {
    await stage.close();
  }
}

type Setting = CompareSettings & { shows: number; variant: Variant };

async function measure(stage: Stage, setting: Setting, counter: Counter): Promise<Figure> {
  const factor = share[setting.variant] ?? 1;
  const requests = Math.round(setting.requests * factor);
  const warmUp = Math.round(setting.warmUp * factor);
  const wishes = await makeWishes(
    stage,
    setting.shows,
    requests + warmUp + setting.killedAfter,
    counter,
  );
  const calls = callsOf(stage, setting.variant, wishes.slice(0, requests + warmUp));
  const server = await startVariant(stage, setting.variant, counter);
  const path = setting.variant === 'Usher' ? '/api/v1/reserve' : '/book';
  const port = Number(server[0]?.ready.port);
  const showIds = [...new Set(wishes.map((wish) => wish.show.showId))];
  const { connections } = setting;
  try {
    const measured = await fire(port, path, calls, { connections, warmUp });
    if (measured.failed > 0)
      throw new Error(`${measured.failed} calls of ${setting.variant} failed`);
    const knowsMs = (requests / measured.per_second) * 1_000;
    const lateMs = await untilHeld(stage, showIds, calls.length * seatsPerCall);
    const last = callsOf(stage, setting.variant, wishes.slice(requests + warmUp));
    const told = await fire(port, path, last, { connections, warmUp: 0 });
    await Promise.all(server.map((running) => running.kill()));
    const promised = (calls.length + last.length - told.failed) * seatsPerCall;
    return {
      durable_seats_per_second: (requests * seatsPerCall * 1_000) / (knowsMs + lateMs),
      last_fan_knows_ms: knowsMs,
      p50_ms: measured.p50_ms,
      p99_ms: measured.p99_ms,
      promised_and_lost: promised - (await countHeld(stage, showIds)),
    };
  } finally {
    await Promise.all(server.map((running) => running.stop()));
  }
}

/** How long after the last answer the last seat is in SQL, milliseconds. */
async function untilHeld(stage: Stage, showIds: number[], seats: number): Promise<number> {
  const startMs = performance.now();
  while ((await countHeld(stage, showIds)) < seats) {
    if (performance.now() - startMs > durableMsMax) throw new Error('seats never became durable');
    await sleep(10);
  }
  return performance.now() - startMs;
}

async function countHeld(stage: Stage, showIds: number[]): Promise<number> {
  const [rows] = await stage.shard.query<RowDataPacket[]>(
    "SELECT COUNT(*) AS n FROM show_seat WHERE show_id IN (?) AND state = 'HELD'",
    [showIds],
  );
  return Number(rows[0]?.n ?? 0);
}

async function startVariant(stage: Stage, variant: Variant, counter: Counter): Promise<Running[]> {
  if (variant === 'Usher') {
    return [await stage.start('api/main.js'), await stage.start('processor/main.js')];
  }
  const env = {
    BASELINE_SHARD_URL: stage.shardUrl,
    BASELINE_REDIS_URL: stage.engines.redisUrl,
    BASELINE_PREFIX: `compare${counter.fan}`,
    BASELINE_PORT: '0',
    BASELINE_CONCURRENCY: variant.split(' ').at(-1) ?? '1',
  };
  if (variant === 'plain handler')
    return [await stage.start('loadtest/baselines/plain-handler.js', env)];
  if (variant === 'Redis counter')
    return [await stage.start('loadtest/baselines/redis-counter.js', env)];
  return [
    await stage.start('loadtest/baselines/one-job-handler.js', env),
    await stage.start('loadtest/baselines/one-job-worker.js', env),
  ];
}

async function makeWishes(
  stage: Stage,
  shows: number,
  calls: number,
  counter: Counter,
): Promise<Wish[]> {
  const made: BenchShow[] = [];
  for (let no = 0; no < shows; no += 1) {
    counter.showId += 1;
    made.push(
      await makeShow(stage, counter.showId, { seats: Math.ceil(calls / shows) * seatsPerCall }),
    );
  }
  return Array.from({ length: calls }, (_, index) => {
    const show = made[index % made.length];
    if (!show) throw new Error('a comparison needs at least one show');
    const first = Math.floor(index / made.length) * seatsPerCall;
    counter.fan += 1;
    return {
      show,
      seats: show.seats.slice(first, first + seatsPerCall),
      fanId: `f${String(counter.fan).padStart(11, '0')}`,
      passId: `p${String(counter.fan).padStart(15, '0')}`,
      no: counter.fan,
    };
  });
}

function callsOf(stage: Stage, variant: Variant, wishes: Wish[]): Call[] {
  if (variant !== 'Usher') {
    return wishes.map(({ show, seats, fanId, no }) => ({
      headers: {},
      body: JSON.stringify({ show_id: show.showId, fan_id: fanId, request_no: no, seats }),
    }));
  }
  const sign = openSigners(join(stage.dataDir, 'data', 'secrets.json'));
  return wishes.map(({ show, seats, fanId, passId }) => ({
    headers: {
      authorization: `Bearer ${sign.session(fanId)}`,
      'usher-pass': sign.pass(fanId, passId, benchSale),
      'idempotency-key': passId,
    },
    body: JSON.stringify({ show_id: String(show.showId), seats }),
  }));
}

function toRows(figures: Map<string, Figure[]>): BenchReport['rows'] {
  const rows = [...figures].map(([key, list]) => {
    const [scenario = '', variant = ''] = key.split('|');
    const middle = (name: keyof Figure) => median(list.map((figure) => figure[name]));
    return {
      scenario,
      variant,
      per_second: middle('durable_seats_per_second'),
      p50_ms: middle('p50_ms'),
      p99_ms: middle('p99_ms'),
      ratio: null as number | null,
      times_one_job: null as number | null,
      last_fan_knows_ms: middle('last_fan_knows_ms'),
      promised_and_lost: Math.max(...list.map((figure) => figure.promised_and_lost)),
    };
  });
  for (const row of rows) {
    const over = (variant: Variant) => {
      const base = rows.find((one) => one.scenario === row.scenario && one.variant === variant);
      return base ? row.per_second / base.per_second : null;
    };
    row.ratio = over('plain handler');
    row.times_one_job = over(queueOfOne);
  }
  return rows;
}
