import { createHash, randomBytes } from 'node:crypto';
import { seal } from '../../runtime/sealing.js';
import type { Secrets } from '../../runtime/secrets.js';
import type { SqlValue, Tx } from '../database.js';
import { placeShow } from '../shards.js';
import { type CatalogRow, type SectionName, sectionOrder, tables } from './catalog-rows.js';
import type { ImportPlan, Stored } from './import-plan.js';

const rowsPerStatement = 2_000;

export type WriteMeans = { secrets: Pick<Secrets, 'data'>; shardIds: number[] };

/** Writes a plan without faults to the catalog; new shows are PLANNED until their shard has them. */
export async function writePlan(
  tx: Tx,
  plan: ImportPlan,
  stored: Stored,
  means: WriteMeans,
): Promise<void> {
  const seatCounts = new Map([...stored.seats].map(([hallId, seats]) => [hallId, seats.length]));
  for (const { hallId, seats } of plan.layouts) seatCounts.set(hallId, seats.length);
  for (const section of sectionOrder) {
    const { insert, update } = plan.sections[section];
    const complete = insert.map((row) => completeRow(section, row, seatCounts, means));
    await insertRows(tx, tables[section].table, complete);
    await updateRows(tx, section, update);
    if (section === 'halls') await writeLayouts(tx, plan.layouts);
  }
  const sales = plan.sections.sales.update.map((row) => String(row.sale_id));
  const halls = plan.layouts.filter((layout) => !layout.isNew).map((layout) => layout.hallId);
  await markForShards(tx, { sales, halls });
}

/** A new row with the columns that the file doesn't hold. */
function completeRow(
  section: SectionName,
  row: CatalogRow,
  seatCounts: Map<string, number>,
  { secrets, shardIds }: WriteMeans,
): CatalogRow {
  if (section === 'sales') {
    return { ...row, state: 'ACTIVE', ...newSeed(secrets, String(row.sale_id)) };
  }
  if (section === 'shows') {
    const seats = seatCounts.get(String(row.hall_id)) ?? 0;
    return {
      ...row,
      state: 'PLANNED',
      shard_id: placeShow(String(row.show_key), shardIds),
      seats_total: seats,
      seats_free: seats,
    };
  }
  return row;
}

/** A fresh seed for the draw, sealed, and the hash that is published before the opening. */
export function newSeed(
  secrets: Pick<Secrets, 'data'>,
  saleId: string,
): { seed_sealed: Buffer; seed_hash: string } {
  const [key] = secrets.data;
  if (!key) throw new Error('the secrets hold no data key');
  const seed = randomBytes(32);
  return {
    seed_sealed: seal(key, seed, `sales|seed|${saleId}`),
    seed_hash: createHash('sha256').update(seed).digest('hex'),
  };
}

async function insertRows(tx: Tx, table: string, rows: CatalogRow[]): Promise<void> {
  const [first] = rows;
  if (!first) return;
  const columns = Object.keys(first);
  for (let from = 0; from < rows.length; from += rowsPerStatement) {
    const values = rows
      .slice(from, from + rowsPerStatement)
      .map((row) => columns.map((column): SqlValue => row[column] ?? null));
    await tx.change(`INSERT INTO ${table} (${columns.join(', ')}) VALUES ?`, [values]);
  }
}

async function updateRows(tx: Tx, section: SectionName, rows: CatalogRow[]): Promise<void> {
  const { table, key, columns } = tables[section];
  const bump = section === 'sales' || section === 'shows' ? ', version = version + 1' : '';
  const set = columns.map((column) => `${column} = ?`).join(', ');
  for (const row of rows) {
    await tx.change(`UPDATE ${table} SET ${set}${bump} WHERE ${key} = ?`, [
      ...columns.map((column): SqlValue => row[column] ?? null),
      row[key] ?? null,
    ]);
  }
}

async function writeLayouts(tx: Tx, layouts: ImportPlan['layouts']): Promise<void> {
  const replaced = layouts.filter((layout) => !layout.isNew).map((layout) => layout.hallId);
  if (replaced.length > 0) await tx.change('DELETE FROM seats WHERE hall_id IN (?)', [replaced]);
  await insertRows(
    tx,
    'seats',
    layouts.flatMap(({ hallId, seats }) =>
      seats.map(({ row, ...seat }) => ({ hall_id: hallId, ...seat, row_label: row })),
    ),
  );
}

/** Shows whose shard must hear of a change of their sale or hall: their version moves on. */
export async function markForShards(
  tx: Tx,
  { sales, halls }: { sales: string[]; halls: string[] },
): Promise<void> {
  const mark = 'UPDATE shows SET version = version + 1 WHERE starts_at > NOW(3) AND';
  if (sales.length > 0) await tx.change(`${mark} sale_id IN (?)`, [sales]);
  if (halls.length > 0) await tx.change(`${mark} hall_id IN (?)`, [halls]);
}
