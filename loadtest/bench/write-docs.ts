import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { packageRoot } from '../../core/runtime/paths.js';
import { replaceBetween } from '../report/markers.js';
import { type BenchReport, tableOf } from './report.js';

/**
 * Puts a report into its place in docs/benchmarks.md, with machine, commit and settings. The rows of
 * lanes have a place for each scenario, so that those not measured stay as they are.
 */
export function writeBenchDocs(report: BenchReport): void {
  if (report.name !== 'lanes') {
    write(`bench ${report.name}`, report);
    return;
  }
  for (const scenario of new Set(report.rows.map((row) => row.scenario))) {
    const rows = report.rows.filter((row) => row.scenario === scenario);
    write(`bench lanes ${scenario}`, { ...report, rows });
  }
}

function write(place: string, report: BenchReport): void {
  const path = join(packageRoot, 'docs/benchmarks.md');
  const text = readFileSync(path, 'utf8');
  const [head = [], ...rows] = tableOf(report);
  const line = (cells: string[]) => `| ${cells.join(' | ')} |`;
  const content = [
    `Commit ${report.commit} on ${report.machine}.`,
    `Settings: \`${JSON.stringify(report.settings)}\`.`,
    ...(report.figures ? [`Measured besides: \`${JSON.stringify(report.figures)}\`.`] : []),
    `Counted in SQL: \`${JSON.stringify(report.exact)}\`.`,
    '',
    line(head),
    `|${head.map(() => '---').join('|')}|`,
    ...rows.map(line),
  ];
  writeFileSync(path, replaceBetween(text, place, content.join('\n')));
}
