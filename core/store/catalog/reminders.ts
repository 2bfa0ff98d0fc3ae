import type { ShowId } from '../../domain/ids.js';
import type { Queryable } from '../database.js';

export type ShowToRemind = { showId: ShowId; startsAt: Date };

/** Shows that begin within `soonSeconds` and whose fans have not been reminded of that start. */
export async function listShowsToRemind(
  catalog: Pick<Queryable, 'rows'>,
  { soonSeconds, showsMax }: { soonSeconds: number; showsMax: number },
): Promise<ShowToRemind[]> {
  return catalog.rows(
    `SELECT s.show_id AS showId, s.starts_at AS startsAt FROM shows s
     LEFT JOIN reminded r ON r.show_id = s.show_id AND r.starts_at = s.starts_at
     WHERE s.state = 'ACTIVE' AND s.starts_at > NOW(3)
       AND s.starts_at <= NOW(3) + INTERVAL ? SECOND AND r.show_id IS NULL
     ORDER BY s.starts_at LIMIT ?`,
    [soonSeconds, showsMax],
  );
}

export async function markReminded(
  catalog: Pick<Queryable, 'change'>,
  { showId, startsAt }: ShowToRemind,
): Promise<void> {
  await catalog.change('INSERT IGNORE INTO reminded (show_id, starts_at) VALUES (?, ?)', [
    showId,
    startsAt,
  ]);
}
