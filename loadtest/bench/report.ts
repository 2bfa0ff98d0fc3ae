import { execFileSync } from 'node:child_process';
import { cpus, totalmem } from 'node:os';
import Table from 'cli-table3';
import { packageRoot } from '../../core/runtime/paths.js';
import type { Exact } from './shows.js';

export type BenchRow = {
  scenario: string;
  variant: string;
  per_second: number;
  p50_ms: number;
  p99_ms: number;
  /** This row over the row that `settings.ratio_of` names, in the same run. */
  ratio: number | null;
  /** Where designs are compared: this row over one job per request, decided one after another. */
  times_one_job?: number | null;
  last_fan_knows_ms?: number;
  /** Seats that were promised to fans and are not in SQL after everything was killed. */
  promised_and_lost?: number;
};

export type BenchReport = {
  name: string;
  commit: string;
  machine: string;
  settings: Record<string, unknown>;
  rows: BenchRow[];
  /** What isn't a rate, each with its unit in its name. */
  figures?: Record<string, number>;
  exact: Partial<Exact> & Record<string, number>;
};

export function describeMachine(): string {
  const list = cpus();
  const gib = Math.round(totalmem() / 2 ** 30);
  return `${list.length} x ${list[0]?.model.trim() ?? 'unknown'}, ${gib} GiB, Node ${process.version}`;
}

/** The commit that was measured; a tree with changes, but for its pages, says so. */
export function describeCommit(): string {
  try {
    const git = (...args: string[]) =>
      execFileSync('git', args, { cwd: packageRoot, encoding: 'utf8' }).trim();
    const dirty =
      git('status', '--porcelain', '--untracked-files=no', '--', '.', ':!docs') === ''
        ? ''
        : ' with changes';
    return `${git('rev-parse', '--short', 'HEAD')}${dirty}`;
  } catch {
    return 'not a git checkout';
  }
}

/** The middle of several measurements of one thing. */
export function median(values: number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor((sorted.length - 1) / 2)] ?? 0;
}

/** A report's table, its head first: people and pages are shown the same. */
export function tableOf({ rows }: BenchReport): string[][] {
  const compares = rows.some((row) => row.last_fan_knows_ms !== undefined);
  const more = compares ? ['times one job', 'last fan knows, ms', 'promised and lost'] : [];
  return [
    ['scenario', 'variant', 'a second', 'p50 ms', 'p99 ms', 'ratio', ...more],
    ...rows.map((row) => [
      row.scenario,
      row.variant,
      whole(row.per_second),
      whole(row.p50_ms),
      whole(row.p99_ms),
      row.ratio?.toFixed(2) ?? '',
      ...(compares
        ? [
            row.times_one_job?.toFixed(1) ?? '',
            whole(row.last_fan_knows_ms ?? 0),
            whole(row.promised_and_lost ?? 0),
          ]
        : []),
    ]),
  ];
}

function whole(value: number): string {
  return Math.round(value).toLocaleString('en');
}

export function printReport(report: BenchReport, json: boolean): void {
  if (json) {
    console.log(JSON.stringify(report, null, 2));
    return;
  }
  const [head = [], ...rows] = tableOf(report);
  const table = new Table({ head, style: { head: [], border: [], compact: true } });
  table.push(...rows);
  console.log(`${report.name} at ${report.commit} on ${report.machine}`);
  for (const [name, value] of Object.entries(report.settings)) {
    console.log(`  ${name}: ${typeof value === 'object' ? JSON.stringify(value) : String(value)}`);
  }
  console.log(table.toString());
  for (const [name, value] of Object.entries(report.figures ?? {})) {
    console.log(`  ${name.replace(/_/g, ' ')}: ${value.toLocaleString('en')}`);
  }
  const counted = Object.entries(report.exact).map(
    ([name, value]) => `${value} ${name.replace(/_/g, ' ')}`,
  );
  console.log(`Counted from outside: ${counted.join(', ')}.`);
}
