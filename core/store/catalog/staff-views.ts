import type { ShowId } from '../../domain/ids.js';
import type { StoredSaleState } from '../../domain/sale-state.js';
import type { Queryable, Tx } from '../database.js';

type Reader = Pick<Queryable, 'rows'>;

/** Where the shows of a sale lie, as far as their rows are made. */
export type SaleShow = {
  showId: ShowId;
  shardId: number;
  state: 'PLANNED' | 'ACTIVE' | 'CANCELLED';
  startsAt: Date;
};

/** The shows of a sale by start. */
export async function listSaleShows(catalog: Reader, saleId: string): Promise<SaleShow[]> {
  return catalog.rows(
    `SELECT show_id AS showId, shard_id AS shardId, state, starts_at AS startsAt FROM shows
     WHERE sale_id = ? ORDER BY starts_at, show_id`,
    [saleId],
  );
}

const shardShowsMax = 50_000;

/** The shows of each shard, newest first. */
export async function listShardShows(catalog: Reader): Promise<Map<number, ShowId[]>> {
  const rows = await catalog.rows<{ showId: ShowId; shardId: number }>(
    `SELECT show_id AS showId, shard_id AS shardId FROM shows
     WHERE state <> 'PLANNED' ORDER BY show_id DESC LIMIT ?`,
    [shardShowsMax],
  );
  const shards = new Map<number, ShowId[]>();
  for (const { showId, shardId } of rows) {
    const known = shards.get(shardId);
    if (known) known.push(showId);
    else shards.set(shardId, [showId]);
  }
  return shards;
}

export type LockedSale = { state: StoredSaleState; lobbyOpensAt: Date | null; opensAt: Date };

/** Locks a sale, so that whoever carries its state to the shards does so alone. */
export async function lockSale(tx: Tx, saleId: string): Promise<LockedSale | undefined> {
  const [row] = await tx.rows<LockedSale>(
    `SELECT state, lobby_opens_at AS lobbyOpensAt, opens_at AS opensAt FROM sales
     WHERE sale_id = ? FOR UPDATE`,
    [saleId],
  );
  return row;
}

/** How many shows each sale has, planned and cancelled ones too. */
export async function countShowsBySale(
  catalog: Reader,
  saleIds: string[],
): Promise<Map<string, number>> {
  if (saleIds.length === 0) return new Map();
  const rows = await catalog.rows<{ saleId: string; shows: number }>(
    'SELECT sale_id AS saleId, COUNT(*) AS shows FROM shows WHERE sale_id IN (?) GROUP BY sale_id',
    [saleIds],
  );
  return new Map(rows.map((row) => [row.saleId, row.shows]));
}

export async function countAdmissions(
  catalog: Reader,
  saleId: string,
): Promise<{ admitted: number; live: number }> {
  const [row] = await catalog.rows<{ admitted: number; live: string | null }>(
    `SELECT COUNT(*) AS admitted, SUM(state = 'LIVE' AND expires_at > NOW(3)) AS live
     FROM admission WHERE sale_id = ?`,
    [saleId],
  );
  return { admitted: row?.admitted ?? 0, live: Number(row?.live ?? 0) };
}

/** The show that an import made under a key. */
export async function readShowIdByKey(
  catalog: Reader,
  showKey: string,
): Promise<ShowId | undefined> {
  const [row] = await catalog.rows<{ showId: ShowId }>(
    'SELECT show_id AS showId FROM shows WHERE show_key = ?',
    [showKey],
  );
  return row?.showId;
}

/** The fan behind a mail address, by its blind index. */
export async function findFanByEmail(
  catalog: Reader,
  emailIndex: Buffer,
): Promise<string | undefined> {
  const [row] = await catalog.rows<{ fanId: string }>(
    'SELECT fan_id AS fanId FROM fans WHERE email_index = ?',
    [emailIndex],
  );
  return row?.fanId;
}
