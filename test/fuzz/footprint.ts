import type { Database } from '../../core/store/database.js';
import { until } from '../support/until.js';
import type { World } from '../support/world.js';

/** What every table holds, as sums that change with any row. */
export type Footprint = Map<string, string>;

/** Names of the tables of a database: no call adds one, and asking for them is slow. */
const namesOf = new WeakMap<Database, string>();

/** A claim that was taken back counts nothing, and its row says when it was tried last. */
const keepsTries = 'pass_claims';

async function readNames(database: Database): Promise<string> {
  const tables = await database.rows<{ name: string }>(
    `SELECT table_name AS name FROM information_schema.tables
     WHERE table_schema = DATABASE() AND table_type = 'BASE TABLE' AND table_name <> ?
     ORDER BY table_name`,
    [keepsTries],
  );
  const names = tables.map(({ name }) => `\`${name}\``).join(', ');
  namesOf.set(database, names);
  return names;
}

async function sumsOf(database: Database, of: string): Promise<[string, string][]> {
  const names = namesOf.get(database) ?? (await readNames(database));
  const sums = await database.rows<Record<string, unknown>>(`CHECKSUM TABLE ${names}`);
  return sums.map((row) => [`${of}.${String(row.Table).split('.').at(-1)}`, String(row.Checksum)]);
}

/** The sums of all tables of the catalog and the shards. */
export async function footprint({ stores }: Pick<World, 'stores'>): Promise<Footprint> {
  const databases: [string, Database][] = [
    ['catalog', stores.catalog],
    ...stores.shards.ids().map((id): [string, Database] => [`shard${id}`, stores.shards.byId(id)]),
  ];
  const sums = await Promise.all(databases.map(([of, database]) => sumsOf(database, of)));
  return new Map(sums.flat());
}

/** The sums once they stand still: what was answered before may have an end of its own. */
export async function restingFootprint(world: Pick<World, 'stores'>): Promise<Footprint> {
  let last = await footprint(world);
  return until(
    async () => {
      const before = last;
      last = await footprint(world);
      return changedTables(before, last).length === 0 ? last : undefined;
    },
    { what: 'tables that stand still', every: 20 },
  );
}

export function changedTables(before: Footprint, after: Footprint): string[] {
  return [...after].filter(([table, sum]) => before.get(table) !== sum).map(([table]) => table);
}
