// `node dist/loadtest/faults/main.js [NAME…] [--long] [--random N] [--seed TEXT] [--list] [--json]
// [--write-docs]`: exit 0 when everything held, 1 when something broke or nothing happened.
import { parseArgs } from 'node:util';
import { endWithCaller } from '../stage/scratch.js';
import { cells } from './all.js';
import { writeFaultDocs } from './docs.js';
import { runFaults } from './run.js';
import type { CellResult } from './run-cell.js';
import { sights, unseen } from './sights.js';

const fansUsual = '40';

endWithCaller();
process.exitCode = await main(process.argv.slice(2));

async function main(args: string[]): Promise<number> {
  let parsed: ReturnType<typeof read>;
  try {
    parsed = read(args);
  } catch (error) {
    process.stderr.write(`faults: ${(error as Error).message}\n`);
    return 2;
  }
  const { values, positionals } = parsed;
  if (values.list) {
    const lines = cells.map((cell) => `${cell.name.padEnd(32)} ${cell.part}: ${cell.fault}`);
    process.stdout.write(values.json ? `${JSON.stringify(listOf())}\n` : `${lines.join('\n')}\n`);
    return 0;
  }
  const unknown = positionals.filter((name) => !cells.some((cell) => cell.name === name));
  if (unknown.length > 0) {
    process.stderr.write(`faults: there is no ${unknown.join(', ')}; --list names them all\n`);
    return 2;
  }
  const kind = { names: positionals, long: values.long, randomPlans: Number(values.random) };
  const results = await runFaults({
    ...kind,
    seed: values.seed,
    fans: Number(values.fans),
    env: process.env,
    say: (text) => process.stderr.write(`${text}\n`),
    ...(values['write-docs'] ? { keep: (result) => writeFaultDocs([result], values.seed) } : {}),
  });
  const never_seen = unseen(results, kind).map((sight) => sights[sight]);
  process.stdout.write(
    values.json
      ? `${JSON.stringify({ seed: values.seed, never_seen, results }, null, 2)}\n`
      : textOf(results) + never_seen.map((text) => `never seen: ${text}\n`).join(''),
  );
  return never_seen.length === 0 && results.every(({ verdict }) => verdict === 'held') ? 0 : 1;
}

function listOf() {
  return { faults: cells.map(({ name, part, fault }) => ({ name, part, fault })) };
}

function read(args: string[]) {
  const parsed = parseArgs({
    args,
    allowPositionals: true,
    options: {
      long: { type: 'boolean', default: false },
      list: { type: 'boolean', default: false },
      json: { type: 'boolean', default: false },
      'write-docs': { type: 'boolean', default: false },
      seed: { type: 'string', default: 'usher' },
      random: { type: 'string', default: '0' },
      fans: { type: 'string', default: fansUsual },
    },
  });
  for (const name of ['random', 'fans'] as const) {
    if (!/^\d{1,5}$/.test(parsed.values[name])) throw new Error(`--${name} is a whole number`);
  }
  return parsed;
}

/** How to play one plan of a run again by itself. */
function againOf({ name, verdict }: CellResult): string[] {
  const seed = /^random-(.*)$/.exec(name)?.[1];
  if (seed === undefined || verdict === 'held') return [];
  return [`again: ./usher faults --random 1 --seed '${seed}'`];
}

function textOf(results: CellResult[]): string {
  const rows = results.map((result) => {
    const served =
      result.recovery_ms === null ? 'never' : `${(result.recovery_ms / 1_000).toFixed(1)} s`;
    return `${result.verdict.padEnd(7)} ${result.name.padEnd(32)} served again after ${served}, settled after ${(result.settle_ms / 1_000).toFixed(1)} s; ${result.booked} of ${result.fans} booked, ${result.unanswered} of ${result.calls} calls unanswered${[...result.why, ...againOf(result)].map((text) => `\n        ${text}`).join('')}`;
  });
  const held = results.filter((result) => result.verdict === 'held').length;
  return `${rows.join('\n')}\n${held} of ${results.length} held.\n`;
}
