import type { ShowId } from '../domain/ids.js';
import type { Database, Tx } from './database.js';
import { changeAway, chunkStart, copyTables, deleteRows } from './shard/show-copy.js';
import { countRequestsBelow, readFloor } from './shard/show-move.js';
import { readShowTables, type ShowTable } from './show-tables.js';

export type Sides = { source: Database; target: Database };
/** Runs work while the move is surely still this mover's. */
export type Fence = <T>(work: () => Promise<T>) => Promise<T>;

/**
 * Tables of which most rows never change again: they go ahead while the show still sells. What a
 * sweep over the whole shard would act on stays behind until the show is served there.
 */
const aheadTables: Record<string, string | undefined> = {
  show_log: undefined,
  request: undefined,
  reservation: undefined,
  quota: undefined,
  booking: undefined,
  ticket: undefined,
  outbox: 'published_at IS NOT NULL',
};
/** As long as these are there, the rows of a show are explained. */
const headTables = ['show_gate', 'show_head'];
const rowsPerDelete = 2_000;
/** Another round ahead is worth its while when the last one carried more rows than this. */
const tailRows = 3_000;
const roundsMax = 5;
/** Journal numbers below the floor under which a commit may still come late. */
const lateCommits = 16_384;

/**
 * Copies history while the show sells. Returns the request below which nothing can have changed
 * since: what was decided before the last round began.
 */
export async function copyAhead(
  { source, target }: Sides,
  showId: ShowId,
  fence: Fence,
): Promise<number> {
  const tables = await readShowTables(source);
  const others = tables.filter((table) => !(table.name in aheadTables));
  for (const table of others) await emptyTable(target, table, { showId, fence });
  const ahead = tables.filter((table) => table.name in aheadTables);
  for (let round = 1; ; round += 1) {
    const settledBelow = chunkStart((await readFloor(source, showId)) - lateCommits);
    let carried = 0;
    for (const table of ahead) {
      const where = aheadTables[table.name];
      const part = where === undefined ? { table } : { table, where };
      carried += await fence(() =>
        changeAway(target, showId, (tx) => copyTables({ source, target: tx }, showId, [part])),
      );
    }
    if (carried <= tailRows || round >= roundsMax) return settledBelow;
  }
}

/** Makes the target what the source is, in one transaction; nobody changes the source any more. */
export async function copyRest(
  { source, target }: Sides,
  showId: ShowId,
  { tables, settledBelow }: { tables: ShowTable[]; settledBelow: number },
): Promise<void> {
  await changeAway(target, showId, async (tx) => {
    const skips =
      settledBelow > 0 && (await isSettledBelow({ source, target: tx }, showId, settledBelow));
    const parts = tables.map((table) =>
      skips && table.name === 'request' ? { table, fromKey: settledBelow } : { table },
    );
    await copyTables({ source, target: tx }, showId, parts);
  });
}

/** A commit that came late, or a decision that did, shows in the counts. */
async function isSettledBelow(
  { source, target }: { source: Database; target: Tx },
  showId: ShowId,
  requestId: number,
): Promise<boolean> {
  const [here, there] = await Promise.all([
    countRequestsBelow(source, showId, requestId),
    countRequestsBelow(target, showId, requestId),
  ]);
  return here.all === there.all && there.undecided === 0;
}

/** Deletes all rows of a show on a shard that doesn't serve it, the head last. */
export async function emptyShow(shard: Database, showId: ShowId, fence: Fence): Promise<void> {
  const tables = await readShowTables(shard);
  const isHead = (table: ShowTable) => headTables.includes(table.name);
  for (const table of [...tables.filter((one) => !isHead(one)), ...tables.filter(isHead)]) {
    await emptyTable(shard, table, { showId, fence });
  }
}

async function emptyTable(
  shard: Database,
  table: ShowTable,
  { showId, fence }: { showId: ShowId; fence: Fence },
): Promise<void> {
  for (;;) {
    const deleted = await fence(() =>
      changeAway(shard, showId, (tx) => deleteRows(tx, table, { showId, rowsMax: rowsPerDelete })),
    );
    if (deleted < rowsPerDelete) return;
  }
}
