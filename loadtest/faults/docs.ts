import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { packageRoot } from '../../core/runtime/paths.js';
import { describeCommit, describeMachine } from '../bench/report.js';
import { replaceBetween } from '../report/markers.js';
import { cells } from './all.js';
import { writeRecovery } from './recovery.js';
import type { CellResult } from './run-cell.js';

const path = join(packageRoot, 'docs/faults.md');
const head = [
  'cell',
  'part',
  'what befalls it',
  'last result',
  'served again after',
  'settled after',
  'at',
];

/**
 * Writes the results into the table of docs/faults.md, where cells that did not run keep their
 * line, and what that makes of the times in docs/benchmarks.md.
 */
export function writeFaultDocs(
  results: CellResult[],
  seed: string,
  commit = describeCommit(),
): void {
  const text = readFileSync(path, 'utf8');
  const before = new Map(
    text
      .split('\n')
      .filter((line) => line.startsWith('| `'))
      .map((line) => [/`([^`]+)`/.exec(line)?.[1] ?? '', line]),
  );
  const fresh = new Map(results.map((result) => [result.name, rowOf(result, commit)]));
  const kept = cells.map(
    (cell) =>
      fresh.get(cell.name) ??
      before.get(cell.name) ??
      rowOf({ ...cell, verdict: 'not run yet' }, ''),
  );
  const random = [...before.keys(), ...fresh.keys()].filter((name) => name.startsWith('random-'));
  const rows = [
    ...kept,
    ...[...new Set(random)].map((name) => fresh.get(name) ?? before.get(name) ?? ''),
  ];
  const table = [`| ${head.join(' | ')} |`, `|${head.map(() => '---').join('|')}|`, ...rows];
  const held = rows.filter((row) => row.includes('| held |')).length;
  const summary = `${held} of ${rows.length} held at their last run. The last one had seed \`${seed}\`, at ${commit}, on ${describeMachine()}.`;
  writeFileSync(path, replaceBetween(text, 'faults', `${summary}\n\n${table.join('\n')}`));
  writeRecovery(rows);
}

type Row = Pick<CellResult, 'name' | 'part' | 'fault'> & {
  verdict: string;
  recovery_ms?: number | null;
  settle_ms?: number;
};

function rowOf(row: Row, commit: string): string {
  const time = (ms: number | null | undefined) =>
    ms === undefined ? '' : ms === null ? 'never' : `${(ms / 1_000).toFixed(1)} s`;
  const cells = [
    `\`${row.name}\``,
    row.part,
    row.fault,
    row.verdict,
    time(row.recovery_ms),
    time(row.settle_ms),
    commit,
  ];
  return `| ${cells.join(' | ')} |`;
}
