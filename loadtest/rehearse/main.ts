// `node dist/loadtest/rehearse/main.js --shows N --seats N --rate N …`: a sale on a throw-away copy.
// Exit 0 when it ran, 1 when it showed server errors, 2 wrong usage.

import { endWithCaller } from '../stage/scratch.js';
import { type RehearsalReport, rehearse } from './run.js';
import { type Rehearsal, readRehearsal } from './settings.js';

endWithCaller();
process.exitCode = await main(process.argv.slice(2));

async function main(args: string[]): Promise<number> {
  const say = (text: string) => process.stderr.write(`${text}\n`);
  let wish: Rehearsal;
  try {
    wish = readRehearsal(args);
  } catch (error) {
    say(`rehearse: ${(error as Error).message}`);
    return 2;
  }
  const report = await rehearse(wish, process.env, say);
  process.stdout.write(wish.json ? `${JSON.stringify(report, null, 2)}\n` : textOf(report));
  return report.server_errors === 0 ? 0 : 1;
}

function textOf(report: RehearsalReport): string {
  const { waiting_seconds: waiting, advice } = report;
  const processes = Object.entries(advice.processes).map(([name, count]) => `${count} ${name}`);
  const sold =
    report.sold_out_after_seconds === null
      ? `not sold out: ${report.seats_left} seats left`
      : `sold out ${report.sold_out_after_seconds} s after the first pass`;
  return [
    `${report.sale_id} with ${report.fans} fans: ${sold}, ${report.seats_sold} seats held or sold`,
    `  waiting: p50 ${waiting.p50} s, p90 ${waiting.p90} s, p99 ${waiting.p99} s, at most ${waiting.max} s (${waiting.fans} admitted)`,
    `  reserve calls: p99 ${report.reserve_p99_ms} ms, ${report.server_errors} server errors`,
    ...report.programs.map(({ name, cores }) => `  ${name}: ${cores} of a core`),
    `Recommended: rate ${advice.rate_per_minute}/min, pass cap ${advice.pass_cap} (${advice.why})`,
    `  processes: ${processes.join(', ')}; one more of each to survive the loss of one`,
    '',
  ].join('\n');
}
