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
  /** What else a bench has measured, each with its unit in its name. */
  [more: string]: string | number | null;
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

const usual = ['scenario', 'variant', 'per_second', 'p50_ms', 'p99_ms', 'ratio'];

/** A report's table, its head first: people and pages are shown the same. */
export function tableOf({ rows }: BenchReport): string[][] {
  const names = new Set([...usual, ...rows.flatMap((row) => Object.keys(row))]);
  const titleOf = (name: string) =>
    name.replace('per_second', 'a_second').replace(/_/g, ' ').replace(/ us$/, ' µs');
  const head = [...names].map(titleOf);
  return [head, ...rows.map((row) => [...names].map((name) => cellOf(name, row[name])))];
}

function cellOf(name: string, value: string | number | null | undefined): string {
  if (typeof value === 'string') return value;
  if (value === null || value === undefined) return '';
  if (name === 'ratio') return value.toFixed(2);
  return value.toLocaleString('en', { maximumFractionDigits: value < 100 ? 1 : 0 });
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
