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
