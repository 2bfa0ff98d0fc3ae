import { join } from 'node:path';
import { openSigners } from '../stage/tokens.js';
import { type Call, fire, type Measured } from './fire.js';
import {
  type BenchReport,
  type BenchRow,
  describeCommit,
  describeMachine,
  median,
} from './report.js';
import { type BenchShow, benchSale, countExactly, makeSale, makeShow } from './shows.js';
import { openStage, type Running, type Stage } from './stage.js';

export type ReserveSettings = {
  rounds: number;
  connections: number;
  /** Calls per measurement; each wins two seats. */
  requests: number;
  /** Calls before that, which count for nothing: the programs are still compiling themselves. */
  warmUp: number;
  /** One measurement for each number of shows that the calls are spread over. */
  shows: number[];
};

/** The settings of one measurement. */
type Setting = Omit<ReserveSettings, 'shows'> & { shows: number };

export const reserveSettings: ReserveSettings = {
  rounds: 3,
  connections: 256,
  requests: 16_000,
  warmUp: 6_000,
  shows: [1, 8],
};

type Counter = { showId: number; fan: number };

const halfRateConnections = 64;

type Variant = 'Express echo' | 'plain handler' | 'Usher' | 'Usher at half its rate';

/** Booked seats through HTTP: an echo, the plain locking handler and Usher, in turns. */
export async function benchReserve(
  settings: ReserveSettings,
  say: (text: string) => void,
): Promise<BenchReport> {
  const stage = await openStage(false);
  try {
    await makeSale(stage.catalog);
    const counter: Counter = { showId: 0, fan: 0 };
    const figures = new Map<string, Measured[]>();
    for (let round = 1; round <= settings.rounds; round += 1) {
      for (const shows of settings.shows) {
        const note = (variant: Variant, measured: Measured): Measured => {
          const key = `${scenarioOf(shows)}|${variant}`;
          figures.set(key, [...(figures.get(key) ?? []), measured]);
          say(
            `round ${round}: ${scenarioOf(shows)}, ${variant}: ${Math.round(measured.per_second)}/s`,
          );
          return measured;
        };
        await measureAll(stage, { ...settings, shows }, counter, note);
      }
    }
    return {
      name: 'reserve',
      commit: describeCommit(),
      machine: describeMachine(),
      settings: { ...settings, ratio_of: 'plain handler (same scenario)', seats_per_call: 2 },
      rows: toRows(figures),
      exact: await countExactly(stage.shard),
    };
  } finally {
    await stage.close();
  }
}

function scenarioOf(shows: number): string {
  return shows === 1 ? 'one show' : `${shows} shows of one sale`;
}

async function measureAll(
  stage: Stage,
  settings: Setting,
  counter: Counter,
  note: (variant: Variant, measured: Measured) => Measured,
): Promise<void> {
  note('Express echo', await withBaseline(stage, (port) => echo(port, settings)));
  note('plain handler', await withBaseline(stage, (port) => plain(stage, port, settings, counter)));
  const most = note(
    'Usher',
    await withUsher(stage, (port) => usher(stage, port, settings, counter)),
  );
  const half = { ...settings, connections: halfRateConnections, rate: most.per_second / 2 };
  const measured = await withUsher(stage, (port) => usher(stage, port, half, counter));
  note('Usher at half its rate', measured);
}

async function withBaseline(
  stage: Stage,
  measure: (port: number) => Promise<Measured>,
): Promise<Measured> {
  const running = await stage.start('loadtest/baselines/plain-handler.js', {
    BASELINE_SHARD_URL: stage.shardUrl,
    BASELINE_PORT: '0',
  });
  return measureAndStop(running, [running], measure);
}

async function withUsher(
  stage: Stage,
  measure: (port: number) => Promise<Measured>,
): Promise<Measured> {
  const processor = await stage.start('processor/main.js');
  const api = await stage.start('api/main.js');
  return measureAndStop(api, [api, processor], measure);
}

async function measureAndStop(
  server: Running,
  all: Running[],
  measure: (port: number) => Promise<Measured>,
): Promise<Measured> {
  try {
    return await measure(Number(server.ready.port));
  } finally {
    for (const running of all) await running.stop();
  }
}

function echo(port: number, settings: Setting): Promise<Measured> {
  const call: Call = {
    headers: {},
    body: JSON.stringify({ show_id: '1', seats: ['R0-1', 'R0-2'] }),
  };
  return fire(
    port,
    '/echo',
    Array.from({ length: settings.warmUp + settings.requests }, () => call),
    settings,
  );
}

async function plain(
  stage: Stage,
  port: number,
  settings: Setting,
  counter: Counter,
): Promise<Measured> {
  const wishes = await makeWishes(stage, settings, counter);
  const calls = wishes.map(({ show, seats, fan }) => ({
    headers: {},
    body: JSON.stringify({ show_id: show.showId, fan_id: fan.id, request_no: fan.no, seats }),
  }));
  return fire(port, '/book', calls, settings);
}

async function usher(
  stage: Stage,
  port: number,
  settings: Setting & { rate?: number },
  counter: Counter,
): Promise<Measured> {
  const sign = openSigners(join(stage.dataDir, 'data', 'secrets.json'));
  const wishes = await makeWishes(stage, settings, counter);
  const calls = wishes.map(({ show, seats, fan }) => ({
    headers: {
      authorization: `Bearer ${sign.session(fan.id)}`,
      'usher-pass': sign.pass(fan.id, fan.passId, benchSale),
      'idempotency-key': fan.passId,
    },
    body: JSON.stringify({ show_id: String(show.showId), seats }),
  }));
  return fire(port, '/api/v1/reserve', calls, settings);
}

type Wish = { show: BenchShow; seats: string[]; fan: { id: string; passId: string; no: number } };

/** Two own seats for every call, over all shows in turn. */
async function makeWishes(stage: Stage, settings: Setting, counter: Counter): Promise<Wish[]> {
  const calls = settings.warmUp + settings.requests;
  const perShow = Math.ceil(calls / settings.shows) * 2;
  const shows: BenchShow[] = [];
  for (let index = 0; index < settings.shows; index += 1) {
    counter.showId += 1;
    shows.push(await makeShow(stage, counter.showId, { seats: perShow }));
  }
  return Array.from({ length: calls }, (_, index) => {
    const show = shows[index % shows.length];
    if (!show) throw new Error('a bench needs at least one show');
    const first = Math.floor(index / shows.length) * 2;
    counter.fan += 1;
    const id = `f${String(counter.fan).padStart(11, '0')}`;
    const passId = `p${String(counter.fan).padStart(15, '0')}`;
    return {
      show,
      seats: show.seats.slice(first, first + 2),
      fan: { id, passId, no: counter.fan },
    };
  });
}

function toRows(figures: Map<string, Measured[]>): BenchRow[] {
  const rows = [...figures].map(([key, list]): BenchRow => {
    const [scenario = '', variant = ''] = key.split('|');
    const failed = list.reduce((sum, one) => sum + one.failed, 0);
    if (failed > 0)
      throw new Error(`${failed} calls of ${key} failed, so its figure means nothing`);
    return {
      scenario,
      variant,
      per_second: median(list.map((one) => one.per_second)),
      p50_ms: median(list.map((one) => one.p50_ms)),
      p99_ms: median(list.map((one) => one.p99_ms)),
      ratio: null,
    };
  });
  for (const row of rows) {
    const base = rows.find(
      (one) => one.scenario === row.scenario && one.variant === 'plain handler',
    );
    if (base) row.ratio = row.per_second / base.per_second;
  }
  return rows;
}
