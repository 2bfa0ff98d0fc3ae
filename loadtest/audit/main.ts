// `node dist/loadtest/audit/main.js --catalog URL --shards URL,URL [--sale S] [--settled]
// [--provider URL] [--json]`: exit 0 clean, 1 a rule is broken, 2 wrong usage, 3 cannot reach.
import { parseArgs } from 'node:util';
import { type AuditReport, audit } from './run.js';
import { reportText } from './text.js';

process.exitCode = await main(process.argv.slice(2));

async function main(args: string[]): Promise<number> {
  let values: ReturnType<typeof read>;
  try {
    values = read(args);
  } catch (error) {
    process.stderr.write(`audit: ${(error as Error).message}\n`);
    return 2;
  }
  let report: AuditReport;
  try {
    report = await audit({
      catalogUrl: values.catalog,
      shardUrls: values.shards.split(','),
      saleId: values.sale,
      settled: values.settled,
      providerUrl: values.provider,
    });
  } catch (error) {
    const { code, message } = error as { code?: string; message: string };
    process.stderr.write(`audit: ${message}\n`);
    return code === undefined ? 1 : 3;
  }
  process.stdout.write(values.json ? `${JSON.stringify(report, null, 2)}\n` : reportText(report));
  return report.clean ? 0 : 1;
}

function read(args: string[]) {
  const { values } = parseArgs({
    args,
    options: {
      catalog: { type: 'string' },
      shards: { type: 'string' },
      sale: { type: 'string' },
      provider: { type: 'string' },
      settled: { type: 'boolean', default: false },
      json: { type: 'boolean', default: false },
    },
  });
  // Addresses hold passwords, and arguments are seen by everybody on the machine.
  const catalog = values.catalog ?? process.env.USHER_MYSQL_URL;
  const shards = values.shards ?? process.env.USHER_SHARDS;
  if (!catalog || !shards) throw new Error('give --catalog URL and --shards URL[,URL…]');
  return { ...values, catalog, shards, provider: values.provider ?? process.env.STRIPE_API_BASE };
}
