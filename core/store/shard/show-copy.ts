import type { ShowId } from '../../domain/ids.js';
import type { Database, Queryable, SqlValue, Tx } from '../database.js';
import type { ShowTable } from '../show-tables.js';
import { awayLane } from './show-change.js';

/** Rows of one table and show whose keys lie together, counted and summed up by a hash. */
type Chunks = Map<string, string>;
type Reader = Pick<Queryable, 'rows'>;
type Both = { source: Reader; target: Queryable };

/** Keys that one chunk spans; small enough that a changed row costs little to carry again. */
const chunkKeys = 1_024;

/** What of a table is to be alike on both shards; all of it when neither is given. */
export type CopyPart = { table: ShowTable; fromKey?: number; where?: string };

/**
 * Makes a show's rows on another shard what they are here: chunks of all tables are compared by
 * count and hash with one statement each, and only those that differ are carried over. Returns
 * the rows carried.
 */
export async function copyTables(both: Both, showId: ShowId, parts: CopyPart[]): Promise<number> {
  const [here, there] = await Promise.all([
    readChunks(both.source, showId, parts),
    readChunks(both.target, showId, parts),
  ]);
  let carried = 0;
  for (const [index, part] of parts.entries()) {
    const hereOf = here[index] ?? new Map();
    const thereOf = there[index] ?? new Map();
    for (const chunk of new Set([...hereOf.keys(), ...thereOf.keys()])) {
      if (hereOf.get(chunk) === thereOf.get(chunk)) continue;
      const at = rangeOf(chunk, part);
      if (thereOf.has(chunk)) {
        await both.target.change(`DELETE FROM ${part.table.name} WHERE show_id = ? ${at.sql}`, [
          showId,
          ...at.params,
        ]);
      }
      if (hereOf.has(chunk)) carried += await carryRows(both, part.table, { showId, at });
    }
  }
  return carried;
}

type Range = { sql: string; params: SqlValue[] };

async function carryRows(
  { source, target }: Both,
  table: ShowTable,
  { showId, at }: { showId: ShowId; at: Range },
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

async function readChunks(shard: Reader, showId: ShowId, parts: CopyPart[]): Promise<Chunks[]> {
  const statements = parts.map((part, index) => chunksOf(part, index));
  const rows = await shard.rows<{ part: number; chunk: string; counted: number; hash: string }>(
    statements.join(' UNION ALL '),
    parts.flatMap(({ fromKey }) => [showId, ...(fromKey === undefined ? [] : [fromKey])]),
  );
  const chunks = parts.map((): Chunks => new Map());
  for (const row of rows) chunks[row.part]?.set(row.chunk, `${row.counted} ${row.hash}`);
  return chunks;
}

function chunksOf(part: CopyPart, index: number): string {
  const { key, columns, name } = part.table;
  const ofKey = key?.isNumber ? `${key.name} DIV ${chunkKeys}` : `LEFT(${key?.name}, 2)`;
  const values = columns.map((column) => `IFNULL(${column}, '~')`).join(', ');
  return `SELECT ${index} AS part, CAST(${key ? ofKey : "'all'"} AS CHAR) AS chunk,
      COUNT(*) AS counted, CAST(SUM(CRC32(CONCAT_WS('|', ${values}))) AS CHAR) AS hash
    FROM ${name} WHERE show_id = ? ${partOf(part)} GROUP BY chunk`;
}

function partOf({ table, fromKey, where }: CopyPart): string {
  const from = fromKey === undefined || !table.key ? '' : `AND ${table.key.name} >= ?`;
  return `${from} ${where === undefined ? '' : `AND ${where}`}`;
}

function rangeOf(chunk: string, part: CopyPart): Range {
  const { key } = part.table;
  const params: SqlValue[] = part.fromKey === undefined ? [] : [part.fromKey];
  const sql = partOf(part);
  if (!key) return { sql, params };
  if (!key.isNumber) {
    return { sql: `${sql} AND ${key.name} LIKE ?`, params: [...params, `${chunk}%`] };
  }
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
