import type { AuditReport } from '../audit/run.js';
import { openCaller } from '../crowd/caller.js';
import type { SaleSize } from '../crowd/catalog.js';
import { type CallEntry, nowMs } from '../crowd/client-log.js';
import type { SaleView } from '../crowd/fan.js';
import { type Figures, figuresOf } from '../crowd/figures.js';
import { type Behaviour, usualBehaviour } from '../crowd/plan.js';
import { randomOf } from '../crowd/random.js';
import { type CrowdResult, runCrowd } from '../crowd/run.js';
import { makeAccounts } from '../crowd/target.js';
import { sleep } from '../stage/programs.js';
import { settle } from '../stage/settle.js';
import type { Cell, FaultRun } from './cell.js';
import { look, type Sight } from './sights.js';
import type { FaultWorld } from './world.js';

export type CellResult = {
  name: string;
  part: string;
  fault: string;
  /** `idle`: nothing interesting happened, so the run proves nothing. */
  verdict: 'held' | 'broken' | 'idle';
  why: string[];
  /** From healing to the next granted reservation, milliseconds. */
  recovery_ms: number | null;
  /** From the last fan's end to a clean settled audit, milliseconds. */
  settle_ms: number;
  fans: number;
  booked: number;
  calls: number;
  unanswered: number;
  /** What of the things that a run must see it saw. */
  saw: Sight[];
  audit: AuditReport['exact'];
};

const holdSeconds = 3;
const injectAfterMs = 1_500;
const arriveMs = 5_000;
const crowdMsMax = 120_000;
/** Longer than the lease under which a message of the outbox may be held. */
const settleMsMax = 150_000;
const recoveryMsMax = 60_000;
const callsLeast = 5;

const faultBehaviour: Partial<Behaviour> = {
  browses: 0.1,
  leaves: 0.02,
  thinkMs: [0, 250],
  pollMs: [150, 400],
};

export const deskSize: SaleSize = {
  saleId: 'desk',
  shows: 1,
  rows: 20,
  seatsPerRow: 20,
  opensInMs: 0,
  lobby: 'arrival',
  ratePerMinute: 60_000,
  passCap: 10_000,
  holdSeconds,
  standing: true,
};

/** What a cell sells. */
export function cellSize(no: number, ratePerMinute = deskSize.ratePerMinute): SaleSize {
  return {
    ...deskSize,
    saleId: `fault-${no}`,
    ratePerMinute,
    rows: 4,
    seatsPerRow: 10,
    standing: false,
    opensInMs: 1_000,
    offerSeconds: holdSeconds,
  };
}

/** Runs one cell under load: break, heal, let everybody finish, settle, audit. */
export async function runCell(
  world: FaultWorld,
  cell: Cell,
  options: { sale: SaleView; seed: string; fans: number; long: boolean },
): Promise<CellResult> {
  const { sale } = options;
  const signUps = Math.min(options.fans, cell.mailed ?? 3);
  const accounts = await makeAccounts(world.usher, { fans: options.fans, signUps });
  const seed = `${cell.seed ?? options.seed} ${cell.name}`;
  const notes = new Map<string, number>();
  const run: FaultRun = {
    world,
    random: randomOf(seed),
    saleId: sale.saleId,
    showIds: sale.showIds,
    notes,
    note: (name, by = 1) => notes.set(name, (notes.get(name) ?? 0) + by),
  };
  const crowd = runCrowd({
    url: world.url,
    arrivals: {
      fans: options.fans,
      seed,
      overMs: arriveMs,
      shape: 'even',
    },
    behaviour: { ...usualBehaviour, ...faultBehaviour, ...cell.behaviour },
    sales: [sale],
    accounts,
    until: 'paid',
    msMax: crowdMsMax,
  });
  // A fault that cannot be made must not leave a crowd behind without anybody who waits for it.
  crowd.catch(() => undefined);
  const broken = await breakAndHeal(cell, run, options.long);
  const recoveryMs = await recovery(world);
  const result = await crowd;
  const settled = await settle(world.usher, {
    msMax: settleMsMax,
    clientLog: result.log,
    clockMsMax: cell.clockMs,
  });
  const during = result.log.calls.filter(
    (call) => cell.wholeRun || (call.end > broken.fromMs && call.start < broken.untilMs),
  );
  const idle = cell.idle(run, during);
  const saw = await look(cell, run, during);
  return judge(cell, { ...broken, recoveryMs, result, during, idle, saw, ...settled });
}

type Broken = { fromMs: number; untilMs: number; failure: string | undefined };

async function breakAndHeal(cell: Cell, run: FaultRun, long: boolean): Promise<Broken> {
  await sleep(injectAfterMs);
  const fromMs = nowMs();
  let failure: string | undefined;
  try {
    await cell.inject(run);
    await sleep(long ? (cell.longHoldMs ?? cell.holdMs) : cell.holdMs);
    await cell.heal?.(run);
  } catch (error) {
    failure = (error as Error).message;
  }
  await run.world.heal();
  return { fromMs, untilMs: nowMs(), failure };
}

/** How long it takes until somebody new is given seats of the standing sale. */
async function recovery(world: FaultWorld): Promise<number | null> {
  const startMs = nowMs();
  const [account] = await makeAccounts(world.usher, { fans: 1, signUps: 0 });
  if (!account) return null;
  const caller = openCaller(world.url, () => undefined);
  const ask = { fan: account.fanId, token: account.token, op: 'probe' };
  const desk = '/api/v1/sales/desk';
  let pass: unknown;
  let key = 0;
  try {
    while (nowMs() - startMs < recoveryMsMax) {
      if (pass === undefined) {
        const join = await caller.call({ ...ask, method: 'POST', path: `${desk}/join`, body: {} });
        pass = join.body.pass;
      }
      const sale = await caller.call({ ...ask, method: 'GET', path: desk });
      const [show] = (sale.body.shows ?? []) as { show_id: string }[];
      if (pass !== undefined && show) {
        const body = { show_id: show.show_id, quantity: 1 };
        const path = '/api/v1/reserve';
        const reserve = { ...ask, pass: String(pass), key: `probe-${key}`, body } as const;
        const told = await caller.call({ ...reserve, method: 'POST', path });
        if (told.status === 200) return nowMs() - startMs;
        // A refusal is an answer: the next try is another request, with a new pass if need be.
        if (told.status === 409 || told.status === 401 || told.status === 403) key += 1;
        if (told.status === 401 || told.status === 403) pass = undefined;
      }
      await sleep(50);
    }
    return null;
  } finally {
    caller.close();
  }
}

type Outcome = Broken & {
  recoveryMs: number | null;
  result: CrowdResult;
  during: CallEntry[];
  /** The cell's own gate. */
  idle: string | undefined;
  saw: Sight[];
  report: AuditReport;
  ms: number;
};

function judge(cell: Cell, outcome: Outcome): CellResult {
  const { result, report, recoveryMs, during } = outcome;
  const figures: Figures = figuresOf(result);
  const booked = figures.endings.booked ?? 0;
  const waiting = result.marks.ended.filter(
    ({ ending, waitedMs }) => ending === 'out_of_time' && waitedMs === null,
  );
  const why = [
    ...(outcome.failure === undefined ? [] : [outcome.failure]),
    ...report.violations.map(({ rule, where, text }) => `${rule} ${where}: ${text}`),
    ...(recoveryMs === null
      ? [`nobody was served within ${recoveryMsMax / 1_000} s of healing`]
      : []),
    ...(waiting.length > 0
      ? [`${waiting.length} fans still waited for a pass after ${crowdMsMax / 1_000} s`]
      : []),
    ...(figures.endings.failed
      ? Object.keys(figures.failures).map((text) => `a fan was left: ${text}`)
      : []),
  ];
  const idle = [
    ...(during.length < callsLeast ? [`only ${during.length} calls while it was broken`] : []),
    ...(booked === 0 && cell.behaviour?.abandons !== 1 ? ['nobody bought anything'] : []),
    ...[outcome.idle].filter((text) => text !== undefined),
  ];
  return {
    name: cell.name,
    part: cell.part,
    fault: cell.fault,
    verdict: why.length > 0 ? 'broken' : idle.length > 0 ? 'idle' : 'held',
    why: [...why, ...idle],
    recovery_ms: recoveryMs === null ? null : Math.round(recoveryMs),
    settle_ms: Math.round(outcome.ms),
    fans: figures.fans,
    booked,
    calls: figures.calls,
    unanswered: figures.no_answer,
    saw: outcome.saw,
    audit: report.exact,
  };
}
