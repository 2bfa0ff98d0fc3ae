import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { packageRoot } from '../core/runtime/paths.js';
import { describeCommit, describeMachine } from '../loadtest/bench/report.js';
import { replaceBetween } from '../loadtest/report/markers.js';
import { testOf } from './print.js';
import { type Result, simulate } from './simulate.js';

const values = read();

function read() {
  try {
    return parseArgs({
      options: {
        seed: { type: 'string', default: 'usher' },
        sales: { type: 'string', default: '2000' },
        seconds: { type: 'string', default: '60' },
        json: { type: 'boolean', default: false },
        'write-docs': { type: 'boolean', default: false },
      },
    }).values;
  } catch (error) {
    console.error(`simulate: ${(error as Error).message}`);
    process.exit(2);
  }
}

function numberOf(name: 'sales' | 'seconds', most: number): number {
  const value = Number(values[name]);
  if (Number.isInteger(value) && value >= 1 && value <= most) return value;
  console.error(`--${name} takes a whole number from 1 to ${most}.`);
  process.exit(2);
}

const perMinute = (count: number, { seconds }: Result): number =>
  Math.round((60 * count) / Math.max(seconds, 0.001));

function reportOf(result: Result) {
  const { steps, admitted, decided, granted, paid } = result.counts;
  return {
    ...{ seed: values.seed, commit: describeCommit(), machine: describeMachine() },
    ...{ sales: result.sales, seconds: Number(result.seconds.toFixed(1)) },
    ...{
      sales_per_minute: perMinute(result.sales, result),
      steps,
      admitted,
      decided,
      granted,
      paid,
    },
    ...{
      steps_per_minute: perMinute(steps, result),
      decided_per_minute: perMinute(decided, result),
    },
    failure: result.failure && { ...result.failure, test: testOf(result.failure) },
  };
}

function printText(report: ReturnType<typeof reportOf>): void {
  const { sales, seconds, seed, failure } = report;
  console.log(`${sales} sales of the seed ${seed} in ${seconds} s, on one core:`);
  console.log(`  ${report.sales_per_minute} sales a minute, ${report.steps_per_minute} steps`);
  console.log(
    `  ${report.admitted} let in, ${report.decided} decided, ${report.granted} granted, ${report.paid} paid`,
  );
  if (!failure) {
    console.log('Every promise was kept.');
    return;
  }
  console.log(`The sale ${failure.seed} broke a promise: ${failure.broken.detail}.`);
  console.log(`Cut down from ${failure.found.steps.length} steps, as a test in simulate/:\n`);
  console.log(failure.test);
}

function writeDocs(report: ReturnType<typeof reportOf>): void {
  const path = join(packageRoot, 'docs/benchmarks.md');
  const count = (value: number) => value.toLocaleString('en');
  const content = [
    `Commit ${report.commit} on ${report.machine}, one core of it; seed \`${report.seed}\`.`,
    '',
    '| simulated sales a minute | steps a minute | sales | let in | requests decided | granted | paid |',
    '|---|---|---|---|---|---|---|',
    `| ${[report.sales_per_minute, report.steps_per_minute, report.sales, report.admitted, report.decided, report.granted, report.paid].map(count).join(' | ')} |`,
  ];
  writeFileSync(path, replaceBetween(readFileSync(path, 'utf8'), 'simulate', content.join('\n')));
}

const result = await simulate({
  seed: values.seed,
  salesMax: numberOf('sales', 1_000_000),
  secondsMax: numberOf('seconds', 86_400),
});
const report = reportOf(result);
if (values.json) console.log(JSON.stringify(report, null, 2));
else printText(report);
if (values['write-docs'] && !result.failure) writeDocs(report);
process.exitCode = result.failure ? 1 : 0;
