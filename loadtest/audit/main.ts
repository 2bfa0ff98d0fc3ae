// `node dist/loadtest/audit/main.js --catalog URL --shards URL,URL [--sale S] [--settled]
// [--provider URL] [--mailbox URL] [--client-log FILE] [--watch [--every SECONDS] [--times N]]
// [--json]`: exit 0 clean, 1 a rule is broken, 2 wrong usage, 3 cannot reach.
import { parseArgs } from 'node:util';
import { readClientLog } from './client-file.js';
import { type AuditOptions, type AuditReport, audit } from './run.js';
import { reportText, watchText } from './text.js';

process.exitCode = await main(process.argv.slice(2));

async function main(args: string[]): Promise<number> {
  let values: ReturnType<typeof read>;
  try {
    values = read(args);
  } catch (error) {
    process.stderr.write(`audit: ${(error as Error).message}\n`);
    return 2;
  }
  const options: AuditOptions = {
    catalogUrl: values.catalog,
    shardUrls: values.shards.split(','),
    saleId: values.sale,
    settled: values.settled,
    providerUrl: values.provider,
    mailboxUrl: values.mailbox,
  };
  try {
    if (values['client-log']) options.clientLog = await readClientLog(values['client-log']);
    if (values.watch) return await watch(options, values);
    const report = await audit(options);
    process.stdout.write(values.json ? `${JSON.stringify(report, null, 2)}\n` : reportText(report));
    return report.clean ? 0 : 1;
  } catch (error) {
    const { code, message } = error as { code?: string; message: string };
    process.stderr.write(`audit: ${message}\n`);
    return code === undefined ? 1 : 3;
  }
}

/** Judges again and again beside a sale, until Ctrl-C; ends with 1 if anything was ever broken. */
async function watch(
  options: AuditOptions,
  { every, times, json }: { every: number; times: number; json: boolean },
): Promise<number> {
  let stop = false;
  let wake = (): void => undefined;
  process.once('SIGINT', () => {
    stop = true;
    wake();
  });
  let broken = false;
  const known = new Set<string>();
  for (let no = 0; no < times && !stop; no += 1) {
    const startMs = performance.now();
    const report: AuditReport = await audit(options);
    const tookMs = performance.now() - startMs;
    broken ||= !report.clean;
    process.stdout.write(
      json ? `${JSON.stringify(report)}\n` : watchText(report, { tookMs, known }),
    );
    if (no + 1 === times || stop) break;
    await new Promise<void>((resolve) => {
      wake = resolve;
      setTimeout(resolve, Math.max(0, every * 1_000 - tookMs));
    });
  }
  return broken ? 1 : 0;
}

function read(args: string[]) {
  const { values } = parseArgs({
    args,
    options: {
      catalog: { type: 'string' },
      shards: { type: 'string' },
      sale: { type: 'string' },
      provider: { type: 'string' },
      mailbox: { type: 'string' },
      'client-log': { type: 'string' },
      settled: { type: 'boolean', default: false },
      watch: { type: 'boolean', default: false },
      every: { type: 'string', default: '5' },
      times: { type: 'string' },
      json: { type: 'boolean', default: false },
    },
  });
  // Addresses hold passwords, and arguments are seen by everybody on the machine.
  const catalog = values.catalog ?? process.env.USHER_MYSQL_URL;
  const shards = values.shards ?? process.env.USHER_SHARDS;
  if (!catalog || !shards) throw new Error('give --catalog URL and --shards URL[,URL…]');
  const every = Number(values.every);
  if (!(every >= 1 && every <= 3_600)) throw new Error('--every is 1 to 3600 seconds');
  const times = values.times === undefined ? Number.POSITIVE_INFINITY : Number(values.times);
  if (!(times >= 1)) throw new Error('--times is a number of 1 or more');
  if (values.watch && values.settled) throw new Error('--watch judges a live sale: no --settled');
  const provider = values.provider ?? process.env.STRIPE_API_BASE;
  const mailbox = values.mailbox ?? process.env.AUDIT_MAILBOX_URL;
  return { ...values, every, times, catalog, shards, provider, mailbox };
}
