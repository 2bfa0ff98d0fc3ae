// The table of docs/benchmarks.md: how soon somebody was served again after each fault was healed.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { packageRoot } from '../../core/runtime/paths.js';
import { median } from '../bench/report.js';
import { replaceBetween } from '../report/markers.js';

const path = join(packageRoot, 'docs/benchmarks.md');
const head = ['part', 'faults', 'middle', 'slowest', 'each, in seconds'];

type Recovery = { name: string; part: string; seconds: number };

/** Reads the lines of docs/faults.md, which keep the last result of every cell. */
export function recoveryTable(lines: string[]): string {
  const parts = new Map<string, Recovery[]>();
  for (const line of lines) {
    const [name = '', part = '', , , served = ''] = line
      .split('|')
      .slice(1)
      .map((one) => one.trim());
    const seconds = /^(\d+\.\d) s$/.exec(served)?.[1];
    if (!name.startsWith('`') || seconds === undefined) continue;
    parts.set(part, [...(parts.get(part) ?? []), { name, part, seconds: Number(seconds) }]);
  }
  const rows = [...parts].map(([part, faults]) => {
    const all = faults.map((fault) => fault.seconds);
    const each = faults.map(({ name, seconds }) => `${name} ${seconds.toFixed(1)}`).join(', ');
    const times = [median(all), Math.max(...all)].map((seconds) => `${seconds.toFixed(1)} s`);
    return `| ${[part, faults.length, ...times, each].join(' | ')} |`;
  });
  return [`| ${head.join(' | ')} |`, '|---|--:|--:|--:|---|', ...rows].join('\n');
}

/** Writes the table from what docs/faults.md has now. */
export function writeRecovery(lines: string[]): void {
  const text = readFileSync(path, 'utf8');
  writeFileSync(path, replaceBetween(text, 'faults', recoveryTable(lines)));
}
