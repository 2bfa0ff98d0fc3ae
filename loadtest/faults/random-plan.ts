// Several faults at once, drawn from a seed: which ones, and when each of them begins.
import { randomOf } from '../crowd/random.js';
import { sleep } from '../stage/programs.js';
import { cells } from './all.js';
import type { Cell, FaultRun } from './cell.js';

/** What breaks in these is what fans or strangers do, or is many faults already. */
const unmixed = ['same-call-100-times', 'event-100-times', 'event-with-an-old-stamp'];
const pool = cells.filter(
  (cell) =>
    !unmixed.includes(cell.name) &&
    cell.part !== 'many' &&
    cell.ground === undefined &&
    !cell.wholeRun,
);
const mixedLeast = 2;
const mixedMost = 4;
const startsWithinMs = 2_000;
const holdMsMax = 4_000;

type Part = { cell: Cell; afterMs: number };

/** Draws a plan; the same seed gives the same faults at the same moments and the same crowd. */
export function randomPlan(seed: string): Cell {
  const parts = drawParts(seed);
  const chosen = parts.map(({ cell }) => cell);
  const runs = new Map<Cell, FaultRun>();
  const rates = chosen.flatMap((cell) => cell.ratePerMinute ?? []);
  return {
    name: `random-${seed}`,
    seed,
    part: 'random',
    fault: parts.map(({ cell, afterMs }) => `${cell.name} after ${afterMs} ms`).join(' + '),
    inject: async (run) => {
      await Promise.all(
        parts.map(async ({ cell, afterMs }) => {
          const own = ownRun(run, cell, seed);
          runs.set(cell, own);
          await sleep(afterMs);
          // One may have ended what another wants to end: that is part of the chaos.
          await cell.inject(own).catch(() => runs.delete(cell));
        }),
      );
    },
    holdMs: Math.min(holdMsMax, Math.max(...chosen.map((cell) => cell.holdMs))),
    heal: async () => {
      const heals = [...runs].map(([cell, own]) => cell.heal?.(own));
      // What one could not heal the general healing does.
      await Promise.allSettled(heals);
    },
    behaviour: Object.assign({}, ...chosen.map((cell) => cell.behaviour ?? {})),
    mailed: Math.max(0, ...chosen.map((cell) => cell.mailed ?? 0)) || 3,
    ...(rates.length > 0 ? { ratePerMinute: Math.min(...rates) } : {}),
    idle: (run, during) => {
      const bit = [...runs].filter(([cell, own]) => cell.idle(own, during) === undefined);
      run.note('bit', bit.length);
      return bit.length > 0 ? undefined : 'none of its faults met anybody';
    },
  };
}

function drawParts(seed: string): Part[] {
  const random = randomOf(`plan ${seed}`);
  const parts: Part[] = [];
  const count = random.whole(mixedLeast, mixedMost);
  while (parts.length < count) {
    const cell = random.pick(pool);
    const afterMs = random.whole(0, startsWithinMs);
    if (cell && !parts.some((part) => part.cell === cell)) parts.push({ cell, afterMs });
  }
  return parts;
}

/** Each fault has notes and chances of its own, whatever the others do at the same time. */
function ownRun(run: FaultRun, cell: Cell, seed: string): FaultRun {
  const notes = new Map<string, number>();
  return {
    ...run,
    random: randomOf(`${seed} ${cell.name}`),
    notes,
    note: (name, by = 1) => notes.set(name, (notes.get(name) ?? 0) + by),
  };
}
