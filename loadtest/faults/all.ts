import type { Random } from '../crowd/random.js';
import { sleep } from '../stage/programs.js';
import type { Cell } from './cell.js';
import { apiCells, pageCells } from './cells-api.js';
import { clockCells } from './cells-clocks.js';
import { diskCells } from './cells-disks.js';
import { manyCells, moneyCells } from './cells-money.js';
import { redisCells, sqlCells } from './cells-stores.js';
import { expiryCells, laneCells, roomCells } from './cells-workers.js';

/** Every cell of the matrix that runs by itself, by part. */
export const cells: Cell[] = [
  ...apiCells,
  ...roomCells,
  ...redisCells,
  ...laneCells,
  ...sqlCells,
  ...expiryCells,
  ...moneyCells,
  ...pageCells,
  ...manyCells,
  ...diskCells,
  ...clockCells,
];

/** What every change is tried against: short ones, since restoring a lost room takes a minute. */
export const shortNames = ['processor-killed', 'provider-no-answer'];

/** What a run without names takes: one or two of each part, in a few minutes. */
export const usualNames = [
  ...['api-killed', 'api-deaf-to-mysql', 'same-call-100-times', 'pumps-killed', 'redis-emptied'],
  ...['redis-killed', 'jobs-doubled-and-shuffled', 'processors-killed', 'processor-paused'],
  ...['mysql-killed', 'deadlock-storm', 'paying-at-the-last-moment', 'provider-no-answer'],
  ...['webhooks-off', 'event-100-times', 'answers-to-fans-lost', 'all-at-once'],
];

/** Cells that can be mixed: what they break is healed by healing everything. */
const unmixed = ['same-call-100-times', 'event-100-times', 'event-with-an-old-stamp'];
const mixedLeast = 2;
const mixedMost = 4;

/** Several faults drawn from a seed, one after the other while the others still last. */
export function randomCell(random: Random, seed: string): Cell {
  const pool = cells.filter(
    (cell) => !unmixed.includes(cell.name) && cell.part !== 'many' && cell.ground === undefined,
  );
  const picked: Cell[] = [];
  for (let no = random.whole(mixedLeast, mixedMost); no > 0; no -= 1) {
    const cell = random.pick(pool);
    if (cell && !picked.includes(cell)) picked.push(cell);
  }
  return {
    name: `random-${seed}`,
    part: 'random',
    fault: picked.map((cell) => cell.name).join(' + '),
    inject: async (run) => {
      for (const cell of picked) {
        // One may have ended what the next one wants to end: that is part of the chaos.
        await cell.inject(run).catch(() => run.note('failed to break'));
        run.note('broken');
        await sleep(run.random.whole(0, 1_500));
      }
    },
    holdMs: Math.min(4_000, Math.max(...picked.map((cell) => cell.holdMs))),
    heal: async (run) => {
      for (const cell of picked) await cell.heal?.(run).catch(() => run.note('healed later'));
    },
    behaviour: Object.assign({}, ...picked.map((cell) => cell.behaviour ?? {})),
    idle: ({ notes }) => (notes.get('broken') ? undefined : 'nothing broke'),
  };
}
