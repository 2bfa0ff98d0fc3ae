import type { Catalog } from '../../domain/catalog-file-types.js';
import type { Queryable } from '../database.js';
import type { CatalogRow } from './catalog-rows.js';
import type { ImportPlan } from './import-plan.js';

type Running = { key: string; hall: string; startsAt: Date; minutes: number };

/**
 * New shows that would run in a hall beside a stored show: a fault, but for those whose day counts
 * from the import, which are left out with a note, so that a file can be imported again on another
 * day. Shows of the file itself were compared when it was read.
 */
export async function keepHallsFree(
  tx: Pick<Queryable, 'rows'>,
  catalog: Catalog,
  plan: ImportPlan,
): Promise<void> {
  const { shows } = plan.sections;
  const added = shows.insert;
  if (added.length === 0) return;
  const relative = new Set(
    catalog.shows.filter((show) => show.starts_at_relative).map((show) => show.key),
  );
  const moving = new Set(shows.update.map((row) => String(row.show_key)));
  const minutes = await runtimes(tx, catalog, added);
  const stored = await tx.rows<Running>(
    `SELECT s.show_key AS \`key\`, s.hall_id AS hall, s.starts_at AS startsAt,
       m.runtime_minutes AS minutes
     FROM shows AS s JOIN movies AS m ON m.movie_id = s.movie_id
     WHERE s.hall_id IN (?) AND s.state <> 'CANCELLED'
       AND s.starts_at + INTERVAL m.runtime_minutes MINUTE > NOW(3)`,
    [[...new Set(added.map((row) => String(row.hall_id)))]],
  );
  shows.insert = added.filter((row) => {
    const show: Running = {
      ...{ key: String(row.show_key), hall: String(row.hall_id) },
      ...{ startsAt: row.starts_at as Date, minutes: minutes.get(String(row.movie_id)) ?? 0 },
    };
    const other = stored.find((one) => !moving.has(one.key) && clash(one, show));
    if (!other) return true;
    const at = other.startsAt.toISOString();
    const message = `show ${show.key} clashes in hall ${show.hall} with show ${other.key}, which starts at ${at} and takes ${other.minutes} minutes: move one`;
    if (relative.has(show.key)) plan.notes.push(`left out: ${message}`);
    else plan.faults.push({ path: ['shows'], key: show.key, message });
    return false;
  });
}

function clash(a: Running, b: Running): boolean {
  return a.hall === b.hall && a.startsAt < endOf(b) && b.startsAt < endOf(a);
}

function endOf({ startsAt, minutes }: Running): Date {
  return new Date(startsAt.getTime() + minutes * 60_000);
}

/** By the file where it has the movie, else as it is stored. */
async function runtimes(
  tx: Pick<Queryable, 'rows'>,
  catalog: Catalog,
  added: CatalogRow[],
): Promise<Map<string, number>> {
  const rows = await tx.rows<{ id: string; minutes: number }>(
    'SELECT movie_id AS id, runtime_minutes AS minutes FROM movies WHERE movie_id IN (?)',
    [[...new Set(added.map((row) => String(row.movie_id)))]],
  );
  return new Map([
    ...rows.map(({ id, minutes }): [string, number] => [id, minutes]),
    ...catalog.movies.map((movie): [string, number] => [movie.key, movie.runtime_minutes]),
  ]);
}
