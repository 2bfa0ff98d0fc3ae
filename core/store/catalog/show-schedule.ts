import { UsherError } from '../../domain/errors.js';
import type { ShowId } from '../../domain/ids.js';
import type { Queryable, Tx } from '../database.js';
import { writeAudit } from './audit.js';

/** A show as its schedule has it. */
export type Scheduled = {
  showId: ShowId;
  shardId: number;
  saleId: string;
  state: string;
  hallId: string;
  hall: string;
  startsAt: Date;
  runtimeMinutes: number;
  prices: Record<string, number>;
  version: number;
};

export async function readScheduled(
  catalog: Pick<Queryable, 'rows'>,
  showId: ShowId,
): Promise<Scheduled | undefined> {
  const [row] = await catalog.rows<Omit<Scheduled, 'prices'> & { prices: string }>(
    `SELECT s.show_id AS showId, s.shard_id AS shardId, s.sale_id AS saleId, s.state AS state,
       s.hall_id AS hallId, h.name AS hall, s.starts_at AS startsAt,
       m.runtime_minutes AS runtimeMinutes, s.prices AS prices, s.version AS version
     FROM shows s JOIN halls h ON h.hall_id = s.hall_id JOIN movies m ON m.movie_id = s.movie_id
     WHERE s.show_id = ?`,
    [showId],
  );
  return row && { ...row, prices: JSON.parse(row.prices) as Record<string, number> };
}

export async function readHallName(
  catalog: Pick<Queryable, 'rows'>,
  hallId: string,
): Promise<string | undefined> {
  const [row] = await catalog.rows<{ name: string }>('SELECT name FROM halls WHERE hall_id = ?', [
    hallId,
  ]);
  return row?.name;
}

/** The show that would run in the hall at the same time, if there is one. */
export async function findClash(
  catalog: Pick<Queryable, 'rows'>,
  { showId, runtimeMinutes }: Scheduled,
  to: { hallId: string; startsAt: Date },
): Promise<ShowId | undefined> {
  const endsAt = new Date(to.startsAt.getTime() + runtimeMinutes * 60_000);
  const [row] = await catalog.rows<{ showId: ShowId }>(
    `SELECT s.show_id AS showId FROM shows s JOIN movies m ON m.movie_id = s.movie_id
     WHERE s.hall_id = ? AND s.show_id <> ? AND s.state <> 'CANCELLED' AND s.starts_at < ?
       AND s.starts_at + INTERVAL m.runtime_minutes MINUTE > ? LIMIT 1`,
    [to.hallId, showId, endsAt, to.startsAt],
  );
  return row?.showId;
}

/**
 * Writes a show's new time and hall into the catalog, with the audit.
 * @throws UsherError `stale` when the show was changed since `show` was read.
 */
export async function reschedule(
  tx: Tx,
  show: Scheduled,
  to: { hallId: string; startsAt: Date; actor: string; note: Record<string, unknown> },
): Promise<void> {
  const { matched } = await tx.change(
    `UPDATE shows SET hall_id = ?, starts_at = ?, version = version + 1
     WHERE show_id = ? AND version = ?`,
    [to.hallId, to.startsAt, show.showId, show.version],
  );
  if (matched === 0) throw new UsherError('stale', 'The show was changed meanwhile. Repeat this.');
  await writeAudit(tx, {
    ...{ actor: to.actor, action: 'show.change', subject: `show ${show.showId}` },
    before: { starts_at: show.startsAt, hall: show.hallId },
    after: { starts_at: to.startsAt, hall: to.hallId, ...to.note },
  });
}
