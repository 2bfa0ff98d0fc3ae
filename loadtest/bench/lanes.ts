import type { RowDataPacket } from 'mysql2/promise';
import { openBench } from './lanes-ground.js';
import {
  type LaneRow,
  type LanesSettings,
  laneRows,
  type Measured,
  type Note,
} from './lanes-rows.js';
import {
  type BenchReport,
  type BenchRow,
  describeCommit,
  describeMachine,
  median,
} from './report.js';
import { countExactly, type Exact } from './shows.js';
import type { Stage } from './stage.js';

export const lanesSettings: LanesSettings = {
  rounds: 2,
  requests: 8_000,
  warmUp: 4_000,
  inFlight: 500,
  shows: [1, 20, 200, 2_000],
  processors: [1, 2, 4],
  shards: [1, 2, 4],
  snapshotMs: 10_000,
  decidedBefore: 1_000_000,
  lapsing: 100_000,
  openLoop: [0.25, 0.5, 0.75, 0.9],
};

export const quickLanes: Partial<LanesSettings> = {
  rounds: 1,
  requests: 800,
  warmUp: 400,
  shows: [1, 20],
  processors: [1, 2],
  shards: [1, 2],
  snapshotMs: 2_000,
  decidedBefore: 20_000,
  lapsing: 5_000,
  openLoop: [0.5],
};

export const laneRowNames = Object.keys(laneRows) as LaneRow[];

/** Which row is the measure of the others in its scenario; else the first one. */
const comparedWith: Partial<Record<LaneRow, 'highest'>> = { shows: 'highest' };

/**
 * Deciding over many shows, processors and shards, beside what disturbs it, and by schedule: the
 * rows named, or all of them.
 */
export async function benchLanes(
  settings: LanesSettings,
  only: LaneRow[],
  say: (text: string) => void,
): Promise<BenchReport> {
  const chosen = only.length > 0 ? only : laneRowNames;
  const bench = await openBench(settings, chosen.includes('shards'));
  const figures = new Map<string, Measured[]>();
  try {
    for (let round = 1; round <= settings.rounds; round += 1) {
      say(`round ${round} of ${settings.rounds}`);
      for (const row of chosen) await laneRows[row](bench, noteOf(row, figures, say));
    }
    return {
      name: 'lanes',
      commit: describeCommit(),
      machine: describeMachine(),
      settings: {
        ...settings,
        seats_per_request: 2,
        ratio_of: 'the first row of its scenario; among shows the highest',
      },
      rows: toRows(figures),
      exact: await countAll(bench),
    };
  } finally {
    await bench.stage.close();
  }
}

function noteOf(row: LaneRow, figures: Map<string, Measured[]>, say: (text: string) => void): Note {
  return (variant, measured) => {
    const key = `${row}|${variant}`;
    figures.set(key, [...(figures.get(key) ?? []), measured]);
    const { per_second, p99_ms } = measured;
    say(`${row}, ${variant}: ${Math.round(per_second)}/s, p99 ${Math.round(p99_ms)} ms`);
  };
}

async function countAll({ stage }: { stage: Stage }): Promise<Exact> {
  const exact: Exact = { seats_sold: 0, seats_sold_twice: 0, undecided: 0, granted: 0 };
  for (const shard of stage.shards) {
    const one = await countExactly(shard);
    // Holds that were made to lapse were never asked for.
    const [rows] = await shard.query<RowDataPacket[]>(
      "SELECT COUNT(*) AS n FROM request WHERE state = 'GRANTED'",
    );
    one.granted = Number(rows[0]?.n);
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
      ...middleCost(list),
    };
  });
  for (const row of rows) {
    const ofScenario = rows.filter((one) => one.scenario === row.scenario);
    const rates = ofScenario.map((one) => one.per_second);
    const isHighest = comparedWith[row.scenario as LaneRow] === 'highest';
    row.ratio = row.per_second / (isHighest ? Math.max(...rates) : (rates[0] ?? row.per_second));
  }
  return rows;
}

function middleCost(list: Measured[]): Record<string, number | null> {
  const names = Object.keys(list[0]?.cost ?? {});
  const middle = (name: string) => {
    const known = list.flatMap((one) => one.cost?.[name] ?? []);
    return known.length > 0 ? median(known) : null;
  };
  return Object.fromEntries(names.map((name) => [name, middle(name)]));
}
