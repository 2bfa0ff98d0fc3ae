import { type Measured, readMeasured } from '../../core/runtime/measured.js';
import {
  type BenchReport,
  type BenchRow,
  describeCommit,
  describeMachine,
  median,
} from './report.js';
import { type BenchShow, benchSale, countExactly, makeSale, makeShow } from './shows.js';
import { openStage, run, type Stage } from './stage.js';

export type LaneSettings = {
  rounds: number;
  requests: number;
  inFlight: number;
  /** Concurrencies tried for the one-job worker; the first is the one compared first. */
  concurrencies: number[];
  binlog: boolean;
};

export const laneSettings: LaneSettings = {
  rounds: 3,
  requests: 8_000,
  inFlight: 500,
  concurrencies: [1, 20, 100],
  binlog: false,
};

type Scenario = 'hot show' | 'every request wins';
const scenarios: Scenario[] = ['hot show', 'every request wins'];
const hotSeats = 200;
/** Requests for a show of their own before those that are measured, by the same programs. */
const warmUpShare = 0.4;
/** The slow baseline gets fewer requests: its figure is a rate all the same. */
const baselineShare: Record<number, number> = { 1: 0.1 };

/** One job and one transaction per request beside Usher's journal and lanes, in turns. */
export async function benchLane(
  settings: LaneSettings,
  say: (text: string) => void,
): Promise<BenchReport> {
  const stage = await openStage(settings.binlog);
  try {
    await makeSale(stage.catalog);
    const figures = new Map<string, Measured[]>();
    const counter = { showId: 0, fan: 0 };
    for (let round = 1; round <= settings.rounds; round += 1) {
      for (const scenario of scenarios) {
        for (const concurrency of settings.concurrencies) {
          say(`round ${round}: ${scenario}, one job per request at concurrency ${concurrency}`);
          const measured = await oneJob(stage, settings, scenario, concurrency, counter);
          note(figures, scenario, `one job, concurrency ${concurrency}`, measured);
        }
        say(`round ${round}: ${scenario}, Usher`);
        note(figures, scenario, 'Usher', await usher(stage, settings, scenario, counter));
      }
    }
    const exact = await countExactly(stage.shard);
    return {
      name: settings.binlog ? 'lane, binary log synced' : 'lane',
      commit: describeCommit(),
      machine: describeMachine(),
      settings: {
        ...settings,
        ratio_of: 'one job, concurrency 1 (same scenario)',
        durable: 'flush at commit',
      },
      rows: toRows(figures),
      exact,
    };
  } finally {
    await stage.close();
  }
}

type Counter = { showId: number; fan: number };

type PlannedRequest = {
  showId: number;
  fanId: string;
  saleId: string;
  passId: string;
  seats: string[];
};

async function plan(
  stage: Stage,
  scenario: Scenario,
  requests: number,
  inFlight: number,
  counter: Counter,
): Promise<string> {
  const warmUp = Math.ceil(requests * warmUpShare);
  const warming = await wantsOf(stage, counter, { requests: warmUp, seats: warmUp * 2 });
  const seats = scenario === 'hot show' ? hotSeats : requests * 2;
  const measured = await wantsOf(stage, counter, { requests, seats });
  return JSON.stringify({ inFlight, warmUp, requests: [...warming, ...measured] });
}

/** Requests for two seats each of a new show. */
async function wantsOf(
  stage: Stage,
  counter: Counter,
  { requests, seats }: { requests: number; seats: number },
): Promise<PlannedRequest[]> {
  counter.showId += 1;
  const show = await makeShow(stage, counter.showId, { seats });
  return Array.from({ length: requests }, (_, index) => ({
    showId: show.showId,
    saleId: benchSale,
    seats: seatPair(show, index),
    ...nextFan(counter),
  }));
}

function seatPair(show: BenchShow, index: number): string[] {
  const first = (index * 2) % show.seats.length;
  return show.seats.slice(first, first + 2);
}

function nextFan(counter: Counter): { fanId: string; passId: string } {
  counter.fan += 1;
  return {
    fanId: `f${String(counter.fan).padStart(11, '0')}`,
    passId: `p${String(counter.fan).padStart(15, '0')}`,
  };
}

async function oneJob(
  stage: Stage,
  settings: LaneSettings,
  scenario: Scenario,
  concurrency: number,
  counter: Counter,
): Promise<Measured> {
  const requests = Math.round(settings.requests * (baselineShare[concurrency] ?? 0.4));
  const input = await plan(stage, scenario, requests, settings.inFlight, counter);
  const env = {
    PATH: process.env.PATH,
    BASELINE_SHARD_URL: stage.shardUrl,
    BASELINE_REDIS_URL: stage.engines.redisUrl,
    BASELINE_PREFIX: `one${counter.showId}`,
    BASELINE_CONCURRENCY: String(concurrency),
  };
  const worker = await stage.start('loadtest/baselines/one-job-worker.js', env);
  try {
    return readMeasured(await run('loadtest/baselines/one-job-producer.js', [], env, input));
  } finally {
    await worker.stop();
  }
}

async function usher(
  stage: Stage,
  settings: LaneSettings,
  scenario: Scenario,
  counter: Counter,
): Promise<Measured> {
  const input = await plan(stage, scenario, settings.requests, settings.inFlight, counter);
  const processor = await stage.start('processor/main.js');
  try {
    return readMeasured(await run('api/accept/bench.js', [], stage.env, input));
  } finally {
    await processor.stop();
  }
}

function note(
  figures: Map<string, Measured[]>,
  scenario: Scenario,
  variant: string,
  measured: Measured,
): void {
  const key = `${scenario}|${variant}`;
  figures.set(key, [...(figures.get(key) ?? []), measured]);
}

function toRows(figures: Map<string, Measured[]>): BenchRow[] {
  const rows = [...figures].map(([key, list]) => {
    const [scenario = '', variant = ''] = key.split('|');
    return {
      scenario,
      variant,
      per_second: median(list.map((one) => one.per_second)),
      p50_ms: median(list.map((one) => one.p50_ms)),
      p99_ms: median(list.map((one) => one.p99_ms)),
      ratio: null as number | null,
    };
  });
  for (const row of rows) {
    const base = rows.find((one) => one.scenario === row.scenario && one.variant.endsWith(' 1'));
    if (base) row.ratio = row.per_second / base.per_second;
  }
  return rows;
}
