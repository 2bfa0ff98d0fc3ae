import type { ShowId } from '../../domain/ids.js';
import type { Database, Queryable, SqlValue, Tx } from '../database.js';
import type { ShowTable } from '../show-tables.js';
import { awayLane } from './show-change.js';

/** Rows of one table and show whose keys lie together, counted and summed up by a hash. */
type Chunks = Map<string, string>;
type Reader = Pick<Queryable, 'rows'>;

/** Keys that one chunk spans; small enough that a changed row costs little to carry again. */
const chunkKeys = 1_024;

/** What of a table is to be alike on both shards; all of it when left out. */
export type CopyPart = { fromKey?: number; where?: string };

/**
 * Makes a table's rows of one show on another shard what they are here: chunks are compared by
 * count and hash, and only those that differ are carried over. Returns the rows carried.
 */
export async function copyTable(
  { source, target, table }: { source: Reader; target: Queryable; table: ShowTable },
  showId: ShowId,
  part: CopyPart = {},
): Promise<number> {
  const [here, there] = await Promise.all([
    readChunks(source, table, showId, part),
    readChunks(target, table, showId, part),
  ]);
  let carried = 0;
  for (const chunk of new Set([...here.keys(), ...there.keys()])) {
    if (here.get(chunk) === there.get(chunk)) continue;
    const at = rangeOf(table, chunk, part);
    if (there.has(chunk)) {
      await target.change(`DELETE FROM ${table.name} WHERE show_id = ? ${at.sql}`, [
        showId,
        ...at.params,
      ]);
    }
    carried += await carryRows({ source, target, table }, showId, at);
  }
  return carried;
}

type Range = { sql: string; params: SqlValue[] };

async function carryRows(
  { source, target, table }: { source: Reader; target: Queryable; table: ShowTable },
  showId: ShowId,
  at: Range,
): Promise<number> {
  const rest = table.columns.filter((column) => column !== 'show_id');
  const columns = rest.map((column) => `, ${column}`).join('');
  const rows = await source.rows<Record<string, SqlValue>>(
    `SELECT show_id${columns} FROM ${table.name} WHERE show_id = ? ${at.sql}`,
    [showId, ...at.params],
  );
  if (rows.length === 0) return 0;
  await target.change(`INSERT INTO ${table.name} (show_id${columns}) VALUES ?`, [
    rows.map((row) => ['show_id', ...rest].map((column) => row[column] ?? null)),
  ]);
  return rows.length;
}

async function readChunks(
  shard: Reader,
  table: ShowTable,
  showId: ShowId,
  part: CopyPart,
): Promise<Chunks> {
  const { key } = table;
  const chunk = !key
    ? "'all'"
    : key.isNumber
      ? `${key.name} DIV ${chunkKeys}`
      : `LEFT(${key.name}, 2)`;
  const values = table.columns.map((column) => `IFNULL(${column}, '~')`).join(', ');
  const rows = await shard.rows<{ chunk: string | number; counted: number; hash: string }>(
    `SELECT ${chunk} AS chunk, COUNT(*) AS counted,
       CAST(SUM(CRC32(CONCAT_WS('|', ${values}))) AS CHAR) AS hash
     FROM ${table.name} WHERE show_id = ? ${partOf(table, part)} GROUP BY chunk`,
    [showId, ...(part.fromKey === undefined ? [] : [part.fromKey])],
  );
  return new Map(rows.map((row) => [String(row.chunk), `${row.counted} ${row.hash}`]));
}

function partOf({ key }: ShowTable, { fromKey, where }: CopyPart): string {
  const from = fromKey === undefined || !key ? '' : `AND ${key.name} >= ?`;
  return `${from} ${where === undefined ? '' : `AND ${where}`}`;
}

function rangeOf(table: ShowTable, chunk: string, part: CopyPart): Range {
  const { key } = table;
  const params: SqlValue[] = part.fromKey === undefined ? [] : [part.fromKey];
  const sql = partOf(table, part);
  if (!key) return { sql, params };
  if (!key.isNumber)
    return { sql: `${sql} AND ${key.name} LIKE ?`, params: [...params, `${chunk}%`] };
  const first = Number(chunk) * chunkKeys;
  return {
    sql: `${sql} AND ${key.name} >= ? AND ${key.name} < ?`,
    params: [...params, first, first + chunkKeys],
  };
}

/** The key at which the chunk of a key begins. */
export function chunkStart(key: number): number {
  return Math.max(0, Math.floor(key / chunkKeys) * chunkKeys);
}

/** Deletes some of a show's rows of a table; returns how many there were. The head is away. */
export async function deleteRows(
  tx: Tx,
  table: ShowTable,
  { showId, rowsMax }: { showId: ShowId; rowsMax: number },
): Promise<number> {
  const { matched } = await tx.change(
    `DELETE FROM ${table.name} WHERE show_id = ? LIMIT ${rowsMax}`,
    [showId],
  );
  return matched;
}

/** Whoever else believes to be moving the show was faster, or is long past its time. */
export class NotAwayError extends Error {}

/**
 * Changes rows of a show on a shard that doesn't serve it. Its head is locked, so a mover that was
 * paused for long can't touch a show that has been opened since.
 * @throws NotAwayError when the show is served here.
 */
export async function changeAway<T>(
  shard: Database,
  showId: ShowId,
  work: (tx: Tx) => Promise<T>,
): Promise<T> {
  return shard.transaction(async (tx) => {
    const [head] = await tx.rows<{ lane: number }>(
      'SELECT lane FROM show_head WHERE show_id = ? FOR UPDATE',
      [showId],
    );
    if (head && head.lane !== awayLane) throw new NotAwayError(`show ${showId} is served here`);
    return work(tx);
  });
}
