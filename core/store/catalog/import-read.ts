import type { Catalog, KnownCatalog } from '../../domain/catalog-file-types.js';
import { groupBy } from '../../domain/group-by.js';
import type { LayoutSeat, SeatKind } from '../../domain/layout.js';
import { type Queryable, readNowMs } from '../database.js';
import { type CatalogRow, rowsOf, type SectionName, sectionOrder, tables } from './catalog-rows.js';
import type { Stored } from './import-plan.js';

type Reader = Pick<Queryable, 'rows'>;
const keysPerRead = 1_000;

/** What earlier imports left behind, for the checks of a file that holds only a part. */
export async function readKnownCatalog(catalog: Reader): Promise<KnownCatalog> {
  const [cities, cinemas, halls, zones, movies, sales] = await Promise.all([
    catalog.rows<{ id: string; time_zone: string }>('SELECT city_id AS id, time_zone FROM cities'),
    catalog.rows<{ id: string; time_zone: string }>(
      `SELECT c.cinema_id AS id, t.time_zone FROM cinemas AS c
       JOIN cities AS t ON t.city_id = c.city_id`,
    ),
    catalog.rows<{ id: string; time_zone: string }>(
      `SELECT h.hall_id AS id, t.time_zone FROM halls AS h
       JOIN cinemas AS c ON c.cinema_id = h.cinema_id
       JOIN cities AS t ON t.city_id = c.city_id`,
    ),
    catalog.rows<{ hall_id: string; zone: string }>(
      'SELECT hall_id, zone FROM seats GROUP BY hall_id, zone ORDER BY hall_id, MIN(seat_no)',
    ),
    catalog.rows<{ id: string; runtime_minutes: number }>(
      'SELECT movie_id AS id, runtime_minutes FROM movies',
    ),
    catalog.rows<{ id: string }>('SELECT sale_id AS id FROM sales'),
  ]);
  const zonesOfHall = groupBy(zones, (row) => row.hall_id);
  return {
    cities: new Map(cities.map(({ id, time_zone }) => [id, { time_zone }])),
    cinemas: new Map(cinemas.map(({ id, time_zone }) => [id, { time_zone }])),
    halls: new Map(
      halls.map(({ id, time_zone }) => [
        id,
        { time_zone, zones: (zonesOfHall.get(id) ?? []).map((row) => row.zone) },
      ]),
    ),
    movies: new Map(movies.map(({ id, runtime_minutes }) => [id, { runtime_minutes }])),
    sales: new Set(sales.map((row) => row.id)),
  };
}

/** Reads the stored rows of everything that a file names. */
export async function readStored(reader: Reader & Queryable, catalog: Catalog): Promise<Stored> {
  const nowMs = await readNowMs(reader);
  const rows = {} as Stored['rows'];
  for (const section of sectionOrder) {
    const { key } = tables[section];
    const keys = rowsOf(catalog, section).map((row) => String(row[key]));
    rows[section] = await readSection(reader, section, keys);
  }
  const halls = new Set([
    ...catalog.halls.map((hall) => hall.key),
    ...catalog.shows.map((show) => show.hall),
  ]);
  return { nowMs, rows, seats: await readHallSeats(reader, [...halls]) };
}

async function readSection(
  reader: Reader,
  section: SectionName,
  keys: string[],
): Promise<Map<string, CatalogRow>> {
  const { table, key, columns } = tables[section];
  const found = new Map<string, CatalogRow>();
  const names = [key, ...columns].map((name) => `t.${name}`).join(', ');
  const select =
    section === 'shows'
      ? `SELECT ${names}, t.state, s.opens_at <= NOW(3) AS sale_opened, s.standing AS sale_standing
         FROM shows AS t JOIN sales AS s ON s.sale_id = t.sale_id`
      : `SELECT ${names} FROM ${table} AS t`;
  for (let from = 0; from < keys.length; from += keysPerRead) {
    const part = keys.slice(from, from + keysPerRead);
    const rows = await reader.rows<CatalogRow>(`${select} WHERE t.${key} IN (?)`, [part]);
    for (const row of rows) found.set(String(row[key]), row);
  }
  return found;
}

/** The seats of halls in seat order; a hall without seats is left out. */
export async function readHallSeats(
  reader: Reader,
  hallIds: string[],
): Promise<Map<string, LayoutSeat[]>> {
  if (hallIds.length === 0) return new Map();
  const rows = await reader.rows<{
    hall_id: string;
    seat_no: number;
    seat: string;
    row_label: string;
    row_no: number;
    x: number;
    zone: string;
    kind: SeatKind;
  }>(
    `SELECT hall_id, seat_no, seat, row_label, row_no, x, zone, kind FROM seats
     WHERE hall_id IN (?) ORDER BY hall_id, seat_no`,
    [hallIds],
  );
  const byHall = new Map<string, LayoutSeat[]>();
  for (const { hall_id, row_label, ...seat } of rows) {
    const list = byHall.get(hall_id) ?? [];
    list.push({ ...seat, row: row_label });
    byHall.set(hall_id, list);
  }
  return byHall;
}
