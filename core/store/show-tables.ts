import type { Queryable } from './database.js';

/** One table of a shard that holds rows of shows. */
export type ShowTable = {
  name: string;
  columns: string[];
  /** What tells a show's rows apart, after `show_id`; none where a show has one row. */
  key: { name: string; isNumber: boolean } | undefined;
};

type ColumnRow = { name: string; columnName: string; type: string; place: number | null };

/**
 * All tables of a shard that hold rows of shows, read from the schema so that none is forgotten.
 * Columns that the server computes are left out; MySQL's `DEFAULT_GENERATED` is only a default.
 */
export async function readShowTables(shard: Pick<Queryable, 'rows'>): Promise<ShowTable[]> {
  const rows = await shard.rows<ColumnRow>(
    `SELECT c.TABLE_NAME AS name, c.COLUMN_NAME AS columnName, c.DATA_TYPE AS type,
       s.SEQ_IN_INDEX AS place
     FROM information_schema.COLUMNS c
     LEFT JOIN information_schema.STATISTICS s ON s.TABLE_SCHEMA = c.TABLE_SCHEMA
       AND s.TABLE_NAME = c.TABLE_NAME AND s.COLUMN_NAME = c.COLUMN_NAME
       AND s.INDEX_NAME = 'PRIMARY'
     WHERE c.TABLE_SCHEMA = DATABASE() AND c.EXTRA NOT LIKE '% GENERATED%'
     ORDER BY c.TABLE_NAME, c.ORDINAL_POSITION`,
  );
  const tables = new Map<string, ColumnRow[]>();
  for (const row of rows) tables.set(row.name, [...(tables.get(row.name) ?? []), row]);
  return [...tables].flatMap(([name, columns]) => {
    if (!columns.some((column) => column.columnName === 'show_id')) return [];
    const second = columns.find((column) => column.place === 2);
    return {
      name,
      columns: columns.map((column) => column.columnName),
      key: second && { name: second.columnName, isNumber: /int$/.test(second.type) },
    };
  });
}
