import type { SaleView } from '../crowd/fan.js';
import { addSales } from '../crowd/target.js';
import { CannotHere } from '../stage/cannot-here.js';
import { cells, usualNames } from './all.js';
import type { Cell, Ground } from './cell.js';
import { randomPlan } from './random-plan.js';
import { type CellResult, cellSize, deskSize, runCell } from './run-cell.js';
import { type FaultWorld, openFaultWorld } from './world.js';

export type FaultOptions = {
  /** Names of cells; the usual ones when empty, all of them with `long`. */
  names: string[];
  long: boolean;
  seed: string;
  fans: number;
  /** Plans of several faults drawn from the seed, after the named ones. */
  randomPlans: number;
  env: NodeJS.ProcessEnv;
  say: (text: string) => void;
  /** Told of each result as it comes, so that an ended run keeps what it had. */
  keep?: (result: CellResult) => void;
};

/** Runs cells one after the other on one Usher; a broken one is left behind for a new one. */
export async function runFaults(options: FaultOptions): Promise<CellResult[]> {
  const chosen = choose(options);
  const results: CellResult[] = [];
  let world: FaultWorld | undefined;
  let ground: Ground | undefined;
  let sales: SaleView[] = [];
  try {
    for (const [no, cell] of chosen.entries()) {
      if (world && cell.ground !== ground) {
        await world.close();
        world = undefined;
        sales = [];
      }
      ground = cell.ground;
      try {
        world ??= await openWorld(options, ground);
      } catch (error) {
        if (!(error instanceof CannotHere)) throw error;
        const result = resultWithout(cell, 'idle', error.message);
        results.push(result);
        options.keep?.(result);
        options.say(`    idle\n      ${error.message}`);
        continue;
      }
      options.say(`${no + 1} of ${chosen.length}: ${cell.name}: ${cell.fault}`);
      if (sales.length === 0) sales = await addSales(world.usher, sizesFrom(chosen, no));
      const sale = sales.shift();
      if (!sale) throw new Error('no sale was made for a fault');
      const result = await tryCell(world, cell, { ...options, sale });
      results.push(result);
      options.keep?.(result);
      options.say(`    ${result.verdict}${result.why.map((text) => `\n      ${text}`).join('')}`);
      if (result.verdict !== 'broken') continue;
      const broken = world;
      world = undefined;
      sales = [];
      for (const { label, log } of broken.usher.programs) {
        options.say(`--- ${label}\n${log().slice(-1_500)}`);
      }
      await broken.close();
    }
  } finally {
    await world?.close();
  }
  return results;
}

/** A fault that cannot even be made is a broken cell, not the end of the others. */
async function tryCell(
  world: FaultWorld,
  cell: Cell,
  options: { sale: SaleView; seed: string; fans: number; long: boolean },
): Promise<CellResult> {
  try {
    return await runCell(world, cell, options);
  } catch (error) {
    return resultWithout(cell, 'broken', (error as Error).stack ?? String(error));
  }
}

/** The result of a cell that did not come to its end. */
function resultWithout(cell: Cell, verdict: 'broken' | 'idle', why: string): CellResult {
  return {
    name: cell.name,
    part: cell.part,
    fault: cell.fault,
    verdict,
    why: [why],
    recovery_ms: null,
    settle_ms: 0,
    fans: 0,
    booked: 0,
    calls: 0,
    unanswered: 0,
    saw: [],
    audit: noAudit,
  };
}

/** Importing starts a program, so it makes the sales of several cells at once. */
function sizesFrom(chosen: Cell[], no: number) {
  return chosen
    .slice(no, no + salesAtOnce)
    .map((cell, more) => cellSize(no + more + 1, cell.ratePerMinute));
}

const salesAtOnce = 6;

const noAudit: CellResult['audit'] = {
  shows: 0,
  seats: 0,
  seats_free: 0,
  seats_held: 0,
  seats_sold: 0,
  seats_sold_twice: 0,
  requests: 0,
  undecided: 0,
  log_entries: 0,
};

function choose({ names, long, seed, randomPlans }: FaultOptions): Cell[] {
  const wanted = names.length > 0 ? names : long ? cells.map((cell) => cell.name) : usualNames;
  const named = wanted.map((name) => {
    const cell = cells.find((one) => one.name === name);
    if (!cell) throw new Error(`there is no fault ${name}; \`usher faults --list\` names them`);
    return cell;
  });
  const plans = Array.from({ length: randomPlans }, (_, no) => {
    const planSeed = randomPlans === 1 ? seed : `${seed}-${no + 1}`;
    return randomPlan(planSeed);
  });
  return randomPlans > 0 && names.length === 0 && !long ? plans : [...named, ...plans];
}

async function openWorld({ env, say }: FaultOptions, ground?: Ground): Promise<FaultWorld> {
  const world = await openFaultWorld(env, say, ground);
  await addSales(world.usher, [deskSize]);
  return world;
}
