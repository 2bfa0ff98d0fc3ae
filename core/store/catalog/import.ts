import type { Catalog } from '../../domain/catalog-file-types.js';
import { groupBy } from '../../domain/group-by.js';
import type { LayoutSeat } from '../../domain/layout.js';
import type { Secrets } from '../../runtime/secrets.js';
import type { Database, Queryable } from '../database.js';
import { readTakenSeats } from '../shard/show-seats.js';
import type { Shards } from '../shards.js';
import { writeAudit } from './audit.js';
import { type SectionName, sectionOrder } from './catalog-rows.js';
import { keepHallsFree } from './import-clashes.js';
import { type ImportFault, type ImportPlan, planImport, type Stored } from './import-plan.js';
import { readStored } from './import-read.js';
import { writePlan } from './import-write.js';
import { type SettleReport, settleShows } from './settle-shows.js';

export type ImportStores = { catalog: Database; shards: Shards; secrets: Pick<Secrets, 'data'> };

export type ImportOptions = {
  /** Who imports, for the audit. */
  actor: string;
  onProgress?: (step: { text: string; done: number; total: number }) => void;
};

export type ImportCounts = Record<
  SectionName,
  { added: number; changed: number; unchanged: number }
>;

export type ImportReport =
  | { ok: false; faults: ImportFault[] }
  | ({ ok: true; counts: ImportCounts; layoutsChanged: number; notes: string[] } & SettleReport);

/**
 * Imports a catalog, idempotent by key. With any fault nothing is changed. Otherwise one
 * transaction writes the catalog, with new shows PLANNED; then each shard gets its rows and its
 * shows become ACTIVE. After a kill at any point, importing again finishes it.
 */
export async function importCatalog(
  stores: ImportStores,
  catalog: Catalog,
  { actor, onProgress = () => undefined }: ImportOptions,
): Promise<ImportReport> {
  onProgress({ text: 'comparing with what is there', done: 0, total: 0 });
  const plan = await stores.catalog.transaction(async (tx) => {
    // One import at a time, and no shard is added in the middle of one.
    await tx.rows('SELECT shard_id FROM shards ORDER BY shard_id FOR UPDATE');
    const stored = await readStored(tx, catalog);
    const made = planImport(catalog, stored);
    made.faults.push(...(await layoutFaults(tx, stores.shards, catalog, made, stored)));
    await keepHallsFree(tx, catalog, made);
    if (made.faults.length > 0 || isEmpty(made)) return made;
    await writePlan(tx, made, stored, {
      secrets: stores.secrets,
      shardIds: stores.shards.ids(),
    });
    await writeAudit(tx, {
      actor,
      action: 'catalog.import',
      subject: 'catalog',
      after: { counts: countsOf(made), layouts: made.layouts.map((layout) => layout.hallId) },
    });
    return made;
  });
  if (plan.faults.length > 0) return { ok: false, faults: plan.faults };
  const settled = await settleShows(stores, (done, total) => {
    onProgress({ text: 'making seats for shows', done, total });
  });
  const notes = [
    ...plan.notes,
    ...settled.keptLayout.map(
      (showId) => `show ${showId} keeps the seats that its requests and its log name`,
    ),
  ];
  return {
    ok: true,
    counts: countsOf(plan),
    layoutsChanged: plan.layouts.filter((layout) => !layout.isNew).length,
    ...settled,
    notes,
  };
}

function isEmpty(plan: ImportPlan): boolean {
  return (
    plan.layouts.length === 0 &&
    sectionOrder.every((section) => {
      const { insert, update } = plan.sections[section];
      return insert.length === 0 && update.length === 0;
    })
  );
}

function countsOf(plan: ImportPlan): ImportCounts {
  return Object.fromEntries(
    sectionOrder.map((section) => {
      const { insert, update, same } = plan.sections[section];
      return [section, { added: insert.length, changed: update.length, unchanged: same }];
    }),
  ) as ImportCounts;
}

type HallShow = { show_id: number; show_key: string; shard_id: number; prices: string };

/** What a changed layout would take from shows that are still to come. */
async function layoutFaults(
  tx: Pick<Queryable, 'rows'>,
  shards: Shards,
  catalog: Catalog,
  plan: ImportPlan,
  stored: Stored,
): Promise<ImportFault[]> {
  const faults: ImportFault[] = [];
  for (const { hallId, seats, isNew } of plan.layouts) {
    if (isNew) continue;
    const path = ['halls', catalog.halls.findIndex((hall) => hall.key === hallId), 'layout'];
    const shows = await tx.rows<HallShow>(
      `SELECT show_id, show_key, shard_id, prices FROM shows
       WHERE hall_id = ? AND state <> 'CANCELLED' AND starts_at > ? ORDER BY show_id`,
      [hallId, new Date(stored.nowMs)],
    );
    for (const message of [
      ...(await lostSeats(shards, shows, seats)),
      ...missingPrices(shows, seats, catalog),
    ]) {
      faults.push({ path, key: hallId, message });
    }
  }
  return faults;
}

const seatsNamedMax = 10;

async function lostSeats(
  shards: Shards,
  shows: HallShow[],
  seats: readonly LayoutSeat[],
): Promise<string[]> {
  const kept = new Set(seats.map((seat) => seat.seat));
  const messages: string[] = [];
  for (const [shardId, group] of groupBy(shows, (show) => show.shard_id)) {
    const taken = await readTakenSeats(
      shards.byId(shardId),
      group.map((show) => show.show_id),
    );
    const lost = taken.filter(({ seat }) => !kept.has(seat));
    for (const [showId, list] of groupBy(lost, (one) => one.showId)) {
      const key = group.find((show) => show.show_id === showId)?.show_key;
      const names = list.slice(0, seatsNamedMax).map((one) => one.seat);
      const more = list.length > names.length ? ` and ${list.length - names.length} more` : '';
      messages.push(
        `would lose ${names.join(', ')}${more}, held or sold in show ${key}: keep these seats, or cancel their bookings first`,
      );
    }
  }
  return messages;
}

function missingPrices(
  shows: HallShow[],
  seats: readonly LayoutSeat[],
  catalog: Catalog,
): string[] {
  const zones = [...new Set(seats.map((seat) => seat.zone))];
  const inFile = new Set(catalog.shows.map((show) => show.key));
  return shows
    .filter((show) => !inFile.has(show.show_key))
    .flatMap((show) => {
      const prices = JSON.parse(show.prices) as Record<string, number>;
      const missing = zones.filter((zone) => prices[zone] === undefined);
      if (missing.length === 0) return [];
      return `show ${show.show_key} has no price for zone ${missing.join(', ')}: list the show with its prices in the same file`;
    });
}
