import { runBareLoop } from './bare-loop.js';
import {
  type BenchReport,
  type BenchRow,
  describeCommit,
  describeMachine,
  median,
} from './report.js';
import {
  type BenchShow,
  benchSale,
  countExactly,
  type Exact,
  makeSale,
  makeShow,
} from './shows.js';
import { openStage, run, type Stage } from './stage.js';

export type LanesSettings = {
  rounds: number;
  requests: number;
  inFlight: number;
  shows: number[];
  processors: number[];
  shards: number[];
  /** Decided requests that lie in the journal before the drain is measured again. */
  decidedBefore: number;
  /** Shares of the maximum rate at which fans arrive by schedule. */
  openLoop: number[];
};

export const lanesSettings: LanesSettings = {
  rounds: 3,
  requests: 8_000,
  inFlight: 500,
  shows: [1, 20, 200, 2_000],
  processors: [1, 2, 4],
  shards: [1, 2, 4],
  decidedBefore: 1_000_000,
  openLoop: [0.25, 0.5, 0.75, 0.9],
};

export const quickLanes: Partial<LanesSettings> = {
  rounds: 1,
  requests: 800,
  shows: [1, 20],
  processors: [1, 2],
  shards: [1, 2],
  decidedBefore: 4_000,
  openLoop: [0.5],
};

type Measured = { per_second: number; p50_ms: number; p99_ms: number; unknown: number };
type Note = (scenario: string, variant: string, measured: Measured) => void;
type Bench = { stage: Stage; settings: LanesSettings; counter: { showId: number; fan: number } };
type Setting = { shows: number; processors?: number; shards?: number; perSecond?: number };

const usualShows = 20;

/** Deciding over many shows, processors and shards, beside what disturbs it, and by schedule. */
export async function benchLanes(
  settings: LanesSettings,
  say: (text: string) => void,
): Promise<BenchReport> {
  const stage = await openStage(false, Math.max(...settings.shards));
  const figures = new Map<string, Measured[]>();
  const note: Note = (scenario, variant, measured) => {
    const key = `${scenario}|${variant}`;
    figures.set(key, [...(figures.get(key) ?? []), measured]);
    say(`${scenario}, ${variant}: ${Math.round(measured.per_second)}/s`);
  };
  try {
    await makeSale(stage.catalog);
    const bench: Bench = { stage, settings, counter: { showId: 0, fan: 0 } };
    for (let round = 1; round <= settings.rounds; round += 1) {
      say(`round ${round} of ${settings.rounds}`);
      await measureSpread(bench, note);
      await measureDisturbed(bench, note);
      await measureBySchedule(bench, note);
    }
    return {
      name: 'lanes',
      commit: describeCommit(),
      machine: describeMachine(),
      settings: { ...settings, ratio_of: 'the first row of its scenario', seats_per_request: 2 },
      rows: toRows(figures),
      exact: await countAll(stage),
    };
  } finally {
    await stage.close();
  }
}

/** The same load over more shows, processors and shards, and the bare loop beside. */
async function measureSpread(bench: Bench, note: Note): Promise<void> {
  const { settings } = bench;
  for (const shows of settings.shows) note('shows', `${shows}`, await decide(bench, { shows }));
  for (const processors of settings.processors) {
    note('processors', `${processors}`, await decide(bench, { shows: usualShows, processors }));
  }
  for (const shards of settings.shards) {
    note('shards', `${shards}`, await decide(bench, { shows: usualShows, shards }));
  }
  for (const isolation of ['READ COMMITTED', 'SERIALIZABLE'] as const) {
    note('every request wins', `bare mysql2 loop, ${isolation}`, await bareLoop(bench, isolation));
  }
  note('every request wins', 'Usher', await decide(bench, { shows: usualShows }));
}

/** With an old snapshot open, and with a long journal behind. */
async function measureDisturbed(bench: Bench, note: Note): Promise<void> {
  const { shard } = bench.stage;
  note('drain', 'clean', await decide(bench, { shows: 1 }));
  await shard.query('SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ');
  await shard.query('START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY');
  const watcher = await bench.stage.another();
  try {
    const shown = await decide(bench, { shows: 1 }, { shard: watcher });
    note('drain', 'with an open snapshot', shown);
  } finally {
    await shard.query('COMMIT');
    await watcher.end();
  }
  const long = await decide(bench, { shows: 1 }, { decidedBefore: bench.settings.decidedBefore });
  note('drain', `after ${bench.settings.decidedBefore} decided requests`, long);
}

/** Fans come by schedule, however long the others take: waiting is measured from their time. */
async function measureBySchedule(bench: Bench, note: Note): Promise<void> {
  const most = await decide(bench, { shows: usualShows });
  note('by schedule', 'as fast as it goes', most);
  for (const share of bench.settings.openLoop) {
    const perSecond = most.per_second * share;
    const measured = await decide(bench, { shows: usualShows, perSecond });
    note('by schedule', `${Math.round(share * 100)} % of that`, measured);
  }
}

type Ground = { shard?: Stage['shard']; decidedBefore?: number };

/** One measurement: fresh shows, so many processors, every request wins two seats. */
async function decide(bench: Bench, setting: Setting, ground: Ground = {}): Promise<Measured> {
  const { stage, settings } = bench;
  const requests = await plan(bench, setting, ground);
  const processors = [];
  try {
    for (let count = 0; count < (setting.processors ?? 1); count += 1) {
      processors.push(await stage.start('processor/main.js'));
    }
    const input = JSON.stringify({
      inFlight: settings.inFlight,
      requests,
      ...(setting.perSecond === undefined ? {} : { perSecond: setting.perSecond }),
    });
    return readMeasured(await run('api/accept/bench.js', [], stage.env, input));
  } finally {
    for (const processor of processors) await processor.stop();
  }
}

async function plan(
  { stage, settings, counter }: Bench,
  { shows, shards = 1 }: Setting,
  { shard, decidedBefore = 0 }: Ground,
) {
  const used = shard ? { ...stage, shards: [shard, ...stage.shards.slice(1)] } : stage;
  const seats = Math.ceil(settings.requests / shows) * 2;
  const made: BenchShow[] = [];
  for (let index = 0; index < shows; index += 1) {
    counter.showId += 1;
    made.push(await makeShow(used, counter.showId, { seats, shardNo: index % shards }));
  }
  if (decidedBefore > 0) await fillJournal(stage, counter.showId, decidedBefore);
  return Array.from({ length: settings.requests }, (_, index) => {
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
}

const journalRows = 5_000;

async function fillJournal({ shard }: Stage, showId: number, count: number): Promise<void> {
  for (let start = 0; start < count; start += journalRows) {
    const rows = Array.from({ length: Math.min(journalRows, count - start) }, (_, index) => {
      const id = String(start + index).padStart(11, '0');
      return [showId, `d${id}`, `d${id}`, '-', `p${id}`, 'bench000', '{}', 'REFUSED', 'sold_out'];
    });
    await shard.query(
      `INSERT INTO request (show_id, fan_id, idem_key, body_hash, pass_id, node, wish, state, reason,
         decided_at) VALUES ${rows.map(() => '(?, NOW(3))').join(', ')}`,
      rows,
    );
  }
}

async function bareLoop(
  { stage, settings, counter }: Bench,
  isolation: 'READ COMMITTED' | 'SERIALIZABLE',
): Promise<Measured> {
  counter.showId += 1;
  const seats = settings.requests * 2;
  const show = await makeShow(stage, counter.showId, { seats });
  return runBareLoop(stage, { ...show, requests: settings.requests, isolation });
}

function readMeasured(text: string): Measured {
  const line = text.split('\n').find((entry) => entry.includes('"measured"'));
  if (!line) throw new Error(`no figure was printed: ${text.slice(-300)}`);
  const measured = JSON.parse(line) as Measured;
  if (measured.unknown > 0) throw new Error(`${measured.unknown} requests got no answer`);
  return measured;
}

async function countAll(stage: Stage): Promise<Exact> {
  const exact: Exact = { seats_sold: 0, seats_sold_twice: 0, undecided: 0, granted: 0 };
  for (const shard of stage.shards) {
    const one = await countExactly(shard);
    for (const name of Object.keys(exact) as (keyof Exact)[]) exact[name] += one[name];
  }
  return exact;
}

function toRows(figures: Map<string, Measured[]>): BenchRow[] {
  const rows = [...figures].map(([key, list]): BenchRow => {
    const [scenario = '', variant = ''] = key.split('|');
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
    const base = rows.find((one) => one.scenario === row.scenario);
    if (base) row.ratio = row.per_second / base.per_second;
  }
  return rows;
}
