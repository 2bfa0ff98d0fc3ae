// `node dist/loadtest/crowd/main.js premiere|rush|room|browse|reserve [--fans N] [--shows N] …`:
// exit 0 when every promise held, 1 when one broke or the target is refused,
// 2 wrong usage, 3 the target does not answer.
import { writeFileSync } from 'node:fs';
import { endWithCaller } from '../stage/scratch.js';
import { readWish, usage, WrongUsage } from './options.js';
import { runScenario } from './play.js';
import { crowdPage, crowdText } from './report.js';
import { runSingle } from './single.js';
import { browsePage, browseText } from './single-report.js';
import { TargetAway, TargetRefused } from './target.js';

endWithCaller();
process.exitCode = await main(process.argv.slice(2));

async function main(args: string[]): Promise<number> {
  const say = (text: string) => process.stderr.write(`${text}\n`);
  try {
    const options = readWish(args);
    if (options === undefined) {
      process.stdout.write(usage);
      return 0;
    }
    const { scenario } = options.wish;
    if (scenario === 'browse' || scenario === 'reserve') {
      const report = await runSingle(options, process.env, say);
      if (options.report) writeFileSync(options.report, browsePage(report));
      process.stdout.write(
        options.json ? `${JSON.stringify(report, null, 2)}\n` : browseText(report),
      );
      return report.verdict.good ? 0 : 1;
    }
    const report = await runScenario(options, process.env, say);
    if (options.report) {
      writeFileSync(options.report, crowdPage(report));
      say(`report: ${options.report}`);
    }
    process.stdout.write(options.json ? `${JSON.stringify(report, null, 2)}\n` : crowdText(report));
    return report.verdict.good ? 0 : 1;
  } catch (error) {
    if (error instanceof WrongUsage) {
      say(`loadtest: ${error.message}`);
      return 2;
    }
    if (error instanceof TargetRefused) {
      say(`loadtest: ${error.message}`);
      return 1;
    }
    if (error instanceof TargetAway) {
      say(`loadtest: ${error.message}`);
      return 3;
    }
    throw error;
  }
}
