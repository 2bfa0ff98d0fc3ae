import { UsherError } from '../../domain/errors.js';
import type { ShowId } from '../../domain/ids.js';
import type { Database, Queryable, Tx } from '../database.js';
import { releaseBlockedSeats } from '../shard/blocked-seats.js';
import { changeShow, type ShowNews } from '../shard/show-change.js';
import type { Shards } from '../shards.js';
import { writeAudit } from './audit.js';
import { listSaleShows } from './staff-views.js';

/** The most that one tranche may release, and what "all" means. */
export const releaseSeatsMax = 100_000;

export type Tranche = {
  saleId: string;
  zone?: string | undefined;
  seats?: number | undefined;
  by: string;
  /** A scheduled release, which may be begun again after a crash and releases once. */
  releaseId?: number;
};

export type Released = { showId: ShowId; seats: string[] };

/**
 * Releases blocked seats show by show in the order of their start: each is one transaction under
 * its own head. `tell` is called after each commit. Returns the seats of this call, and how many
 * were released in all, also by an earlier run of the same release.
 */
export async function releaseTranche(
  { catalog, shards }: { catalog: Database; shards: Shards },
  { saleId, zone, seats = releaseSeatsMax, by, releaseId }: Tranche,
  tell: (news: ShowNews) => Promise<void>,
): Promise<{ released: number; shows: Released[] }> {
  let left = seats;
  const shows: Released[] = [];
  for (const show of await listSaleShows(catalog, saleId)) {
    if (left === 0) break;
    if (show.state !== 'ACTIVE') continue;
    const { result, news } = await changeShow(shards.byId(show.shardId), show.showId, (change) =>
      releaseBlockedSeats(change, { zone, seatsMax: left, by, releaseId }),
    );
    left -= result.before + result.seats.length;
    if (result.seats.length === 0) continue;
    shows.push({ showId: show.showId, seats: result.seats.map((seat) => seat.seat) });
    await tell(news);
  }
  return { released: seats - left, shows };
}

export type ScheduledRelease = {
  releaseId: number;
  saleId: string;
  zone: string | null;
  seats: number | null;
  dueAt: Date;
  actor: string;
  state: 'WAITING' | 'DONE' | 'CANCELLED';
  released: number;
};

const columns = `release_id AS releaseId, sale_id AS saleId, zone, seats, due_at AS dueAt, actor,
  state, released`;

/** Writes a release down for later; the processors carry it out, whatever restarts meanwhile. */
export async function scheduleRelease(
  tx: Tx,
  release: {
    saleId: string;
    zone: string | null;
    seats: number | null;
    dueAt: Date;
    actor: string;
  },
): Promise<ScheduledRelease> {
  const { saleId, zone, seats, dueAt, actor } = release;
  const { insertId } = await tx.change(
    `INSERT INTO sale_releases (sale_id, zone, seats, due_at, actor, state)
     VALUES (?, ?, ?, ?, ?, 'WAITING')`,
    [saleId, zone, seats, dueAt, actor],
  );
  const after = { release_id: insertId, zone, seats, at: dueAt };
  await writeAudit(tx, { actor, action: 'sale.release_at', subject: saleId, after });
  return { ...release, releaseId: insertId, state: 'WAITING', released: 0 };
}

export async function listReleases(
  catalog: Pick<Queryable, 'rows'>,
  saleId: string,
): Promise<ScheduledRelease[]> {
  return catalog.rows(
    `SELECT ${columns} FROM sale_releases WHERE sale_id = ? ORDER BY due_at, release_id`,
    [saleId],
  );
}

/** Releases whose time has come and that nobody has finished. */
export async function listDueReleases(
  catalog: Pick<Queryable, 'rows'>,
  rowsMax: number,
): Promise<ScheduledRelease[]> {
  return catalog.rows(
    `SELECT ${columns} FROM sale_releases
     WHERE state = 'WAITING' AND due_at <= NOW(3) ORDER BY due_at, release_id LIMIT ?`,
    [rowsMax],
  );
}

/** Notes that a release was carried out; false when somebody else noted it. */
export async function finishRelease(
  catalog: Database,
  { releaseId, saleId }: ScheduledRelease,
  released: number,
): Promise<boolean> {
  return catalog.transaction(async (tx) => {
    const { matched } = await tx.change(
      `UPDATE sale_releases SET state = 'DONE', released = ?, ended_at = NOW(3)
       WHERE release_id = ? AND state = 'WAITING'`,
      [released, releaseId],
    );
    if (matched === 0) return false;
    const after = { release_id: releaseId, released };
    await writeAudit(tx, { actor: 'processor', action: 'sale.release', subject: saleId, after });
    return true;
  });
}

/** @throws UsherError `not_found`, or `conflict` when it was carried out already. */
export async function cancelRelease(
  tx: Tx,
  saleId: string,
  { releaseId, actor }: { releaseId: number; actor: string },
): Promise<void> {
  const [row] = await tx.rows<{ state: string }>(
    'SELECT state FROM sale_releases WHERE sale_id = ? AND release_id = ? FOR UPDATE',
    [saleId, releaseId],
  );
  if (!row) throw new UsherError('not_found', 'This sale has no such release.');
  if (row.state !== 'WAITING') {
    throw new UsherError('conflict', `The release is ${row.state.toLowerCase()} already.`);
  }
  await tx.change(
    `UPDATE sale_releases SET state = 'CANCELLED', ended_at = NOW(3) WHERE release_id = ?`,
    [releaseId],
  );
  const before = { release_id: releaseId };
  await writeAudit(tx, { actor, action: 'sale.release_cancel', subject: saleId, before });
}
