import { auditSettings, benchAudit, quickAuditSettings } from './bench/audit.js';
import { benchCompare, compareSettings } from './bench/compare.js';
import { benchLane, laneSettings } from './bench/lane.js';
import { benchLanes, laneRowNames, lanesSettings, quickLanes } from './bench/lanes.js';
import { type BenchReport, printReport } from './bench/report.js';
import { benchReserve, reserveSettings } from './bench/reserve.js';
import { benchRoom, quickRoomSettings, roomSettings } from './bench/room.js';
import { benchSettle, quickSettleSettings, settleSettings } from './bench/settle.js';
import { writeBenchDocs } from './bench/write-docs.js';
import { readArgs } from './stage/read-args.js';
import { endWithCaller } from './stage/scratch.js';

const exitRefused = 1;
const exitUsage = 2;
/** What a run that counts any of has shown to be broken. */
const mustBeNone = [
  'seats_sold_twice',
  'undecided',
  'admissions_over_the_limit',
  'passes_over_the_cap',
  'duplicate_places',
  'inversions',
  'violations',
];

const usage = `usher bench NAME [--json] [--quick] [--binlog]

  lane      deciding: one BullMQ job and one transaction per request beside Usher's lanes
  lanes     deciding over many shows, processors and shards, disturbed, and by schedule
  reserve   the same through HTTP, beside an Express echo and a plain locking handler
  settle    confirm to booking, each event of the provider a hundred times at once, and mails
  room      joining, a million waiting, ten thousand pages, and a random plan judged from outside
  audit     the auditor's time for a million rows of finished sales
  compare   seats held durably: plain handler, one job per request, Redis counter and Usher

  --quick   one short round, to see that it runs
  --binlog  with the binary log on and synced at each commit (lane)
  --only ROW…   these rows of lanes alone: ROWS
  --write-docs  puts the figures into docs/benchmarks.md, the rest stays (audit, compare, lanes, room)
  --json    the report as JSON`;

async function main(): Promise<void> {
  const { positionals, values } = readArgs('bench', {
    allowPositionals: true,
    options: {
      json: { type: 'boolean', default: false },
      quick: { type: 'boolean', default: false },
      binlog: { type: 'boolean', default: false },
      only: { type: 'string', multiple: true, default: [] },
      'write-docs': { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  const [name = '', ...more] = positionals;
  // `--only drain shows` gives the parser one value and one word more.
  const asked = [...values.only.flatMap((text) => text.split(',')), ...more];
  const only = laneRowNames.filter((row) => asked.includes(row));
  const say = (text: string) => process.stderr.write(`${text}\n`);
  const benches: Record<string, () => Promise<BenchReport>> = {
    lane: () =>
      benchLane(
        {
          ...laneSettings,
          binlog: values.binlog,
          ...(values.quick ? { rounds: 1, requests: 1_000, concurrencies: [1, 20] } : {}),
        },
        say,
      ),
    settle: () => benchSettle(values.quick ? quickSettleSettings : settleSettings, say),
    compare: () =>
      benchCompare(
        {
          ...compareSettings,
          ...(values.quick ? { rounds: 1, requests: 1_500, warmUp: 500 } : {}),
        },
        say,
      ),
    audit: () => benchAudit(values.quick ? quickAuditSettings : auditSettings, say),
    room: () => benchRoom(values.quick ? quickRoomSettings : roomSettings, say),
    lanes: () => {
      const settings = { ...lanesSettings, ...(values.quick ? quickLanes : {}) };
      return benchLanes(settings, only, say);
    },
    reserve: () =>
      benchReserve(
        { ...reserveSettings, ...(values.quick ? { rounds: 1, requests: 1_000, shows: [1] } : {}) },
        say,
      ),
  };
  const bench = benches[name];
  const strange = asked.filter((row) => !laneRowNames.some((known) => known === row));
  if (!bench || strange.length > 0 || (name !== 'lanes' && asked.length > 0)) {
    console.log(usage.replace('ROWS', laneRowNames.join(', ')));
    process.exitCode = values.help || name === '' ? 0 : exitUsage;
    return;
  }
  const report = await bench();
  if (values['write-docs']) writeBenchDocs(report);
  printReport(report, values.json);
  const wrong = mustBeNone.some((name) => (report.exact[name] ?? 0) > 0);
  if (wrong) process.exitCode = exitRefused;
}

endWithCaller();
await main();
