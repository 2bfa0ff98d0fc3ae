import { join } from 'node:path';
import type { Violation } from '../audit/findings.js';
import type { AuditReport } from '../audit/run.js';
import { usualBehaviour } from '../crowd/plan.js';
import { runCrowd } from '../crowd/run.js';
import { addSales, makeAccounts } from '../crowd/target.js';
import { openPrivateUsher, type PrivateUsher } from '../stage/private-usher.js';
import { sleep } from '../stage/programs.js';
import { settle } from '../stage/settle.js';
import { type Bug, troublePatches } from './bug.js';
import { patchedBuild } from './patched-build.js';
import { staffWork } from './staff-work.js';
import { makeTrouble } from './trouble.js';

export type Proof = {
  name: string;
  bug: string;
  /** What must turn red, and what did. */
  expected: string[];
  red: string[];
  proven: boolean;
  /** The violation, or that there was none. */
  text: string;
  seconds: number;
};

type ProofOptions = {
  bugs: Bug[];
  seed: string;
  env: NodeJS.ProcessEnv;
  say: (text: string) => void;
  /** Told of each proof as it comes, so that an ended run keeps what it had. */
  keep?: (proof: Proof) => void;
};

const fans = 30;
const cleanMsMax = 150_000;
/** How long a bug's Usher may settle: what stays red then is what the bug left. */
const redMsMax = 18_000;
const replaced = ['api', 'admission', 'processor', 'processor 2'];

/** Without a bug the audit must be clean, with each bug a named rule must be red. */
export async function prove(options: ProofOptions): Promise<Proof[]> {
  const usher = await openPrivateUsher({
    env: options.env,
    say: options.say,
    processors: 2,
    shards: 2,
  });
  const proofs: Proof[] = [];
  try {
    const all = [...controlsOf(options.bugs), ...options.bugs];
    for (const [no, bug] of all.entries()) {
      options.say(`${no + 1} of ${all.length}: ${bug.name}: ${bug.bug}`);
      const proof = await proveOne(usher, bug, { ...options, no });
      const word = proof.proven ? 'proven' : 'NOT PROVEN';
      options.say(`    ${word} after ${proof.seconds} s: ${proof.text}`);
      options.keep?.(proof);
      proofs.push(proof);
    }
  } finally {
    await usher.close();
  }
  return proofs;
}

/** The same load without a bug, as it is and with all that some bugs need beside it. */
function controlsOf(bugs: Bug[]): Bug[] {
  const wanted: Partial<Bug>[] = [
    {},
    ...[...new Set(bugs.map((bug) => bug.trouble))].flatMap((trouble) =>
      trouble ? [{ trouble }] : [],
    ),
    ...[...new Set(bugs.map((bug) => bug.afterwards))].flatMap((afterwards) =>
      afterwards ? [{ afterwards }] : [],
    ),
  ];
  return wanted.map((more) => ({
    name: ['no-bug', ...Object.values(more)].join(', '),
    bug: 'none: the audit must be clean',
    rules: [],
    patches: [],
    ...more,
  }));
}

async function proveOne(
  usher: PrivateUsher,
  bug: Bug,
  { no, seed }: { no: number; seed: string },
): Promise<Proof> {
  const startMs = performance.now();
  const earlier = (await settle(usher, { msMax: 0 })).report;
  const before = new Set(earlier.violations.map(placeOf));
  const patches = [...bug.patches, ...(bug.trouble ? troublePatches[bug.trouble] : [])];
  const dist = patchedBuild(join(usher.dataDir, `bug-${no}`), patches);
  await Promise.all(replaced.map((label) => usher.program(label).end('SIGKILL')));
  await unguard(usher, bug, 'drop');
  await Promise.all(replaced.map((label) => usher.program(label).start({}, dist)));
  const report = await load(usher, bug, { no, seed, before });
  await unguard(usher, bug, 'make');
  // What an earlier bug left in the rows that all sales share proves nothing of this one.
  const fresh = report.violations.filter((one) => !before.has(placeOf(one)));
  const red = [...new Set(fresh.map(({ rule }) => rule))];
  const seen = red.filter((rule) => bug.rules.includes(rule));
  const proven = bug.rules.length === 0 ? red.length === 0 : seen.length > 0;
  const [first] = fresh.filter(({ rule }) => bug.rules.length === 0 || seen.includes(rule));
  return {
    name: bug.name,
    bug: bug.bug,
    expected: bug.rules,
    red,
    proven,
    text: first ? `${first.rule} ${first.where}: ${first.text}` : 'the auditor found nothing',
    seconds: Math.round((performance.now() - startMs) / 1_000),
  };
}

async function load(
  usher: PrivateUsher,
  bug: Bug,
  { no, seed, before }: { no: number; seed: string; before: Set<string> },
): Promise<AuditReport> {
  const saleId = `bug-${no}`;
  const [sale] = await addSales(usher, [
    {
      saleId,
      shows: 1,
      rows: 3,
      seatsPerRow: 10,
      opensInMs: 1_000,
      lobby: 'arrival',
      ratePerMinute: bug.ratePerMinute ?? 60_000,
      passCap: 1_000,
      holdSeconds: 3,
      ...(bug.offerSeconds === undefined ? {} : { offerSeconds: bug.offerSeconds }),
    },
  ]);
  if (!sale) throw new Error('no sale was made');
  if (bug.seatCap !== undefined) {
    for (const shard of usher.shards)
      await shard.query('UPDATE show_head SET seat_cap = ?', [bug.seatCap]);
  }
  const accounts = await makeAccounts(usher, { fans, signUps: 2 });
  const trouble = makeTrouble(usher, bug.trouble, saleId);
  const { log } = await runCrowd({
    url: usher.url,
    arrivals: { fans, seed: `${seed} ${bug.name}`, overMs: bug.overMs ?? 2_000, shape: 'even' },
    behaviour: {
      ...usualBehaviour,
      browses: 0,
      leaves: 0,
      thinkMs: [0, 200],
      pollMs: [100, 300],
      ...bug.behaviour,
    },
    sales: [sale],
    accounts,
    until: 'paid',
    msMax: 25_000,
  });
  await trouble.end();
  if (bug.afterwards) await staffWork(usher, bug.afterwards, { sale, log, accounts });
  // Holds that nobody ends are a breach only once the sweeper's own bound is over.
  if (bug.rules.length > 0) await sleep(bug.rules.includes('I20') ? 11_000 : 4_000);
  const msMax = bug.rules.length === 0 ? cleanMsMax : redMsMax;
  const wanted = (report: AuditReport) =>
    report.violations.some((one) => bug.rules.includes(one.rule) && !before.has(placeOf(one)));
  const isClean = (report: AuditReport) =>
    report.violations.every((one) => before.has(placeOf(one)));
  const until = bug.rules.length === 0 ? isClean : wanted;
  const scope = bug.wholeAudit ? {} : { saleId };
  return (await settle(usher, { ...scope, msMax, clientLog: log, until })).report;
}

/** The provider's books are one place for all sales, so there a violation is known by its rows. */
const placeOf = ({ rule, where, rows }: Violation) =>
  [rule, where, ...(where === 'the provider' ? rows : [])].join(' ');

async function unguard(usher: PrivateUsher, bug: Bug, what: 'drop' | 'make'): Promise<void> {
  for (const guard of bug.unguard ?? []) {
    const connections = guard.database === 'catalog' ? [usher.catalog] : usher.shards;
    for (const connection of connections) {
      for (const sql of [guard[what]].flat()) await connection.query(sql);
    }
  }
}
