import type { Logger } from '../core/runtime/log.js';
import { updateOpenSeats } from '../core/store/catalog/settle-shows.js';
import type { Database } from '../core/store/database.js';
import { countOpenSeats, readVersions } from '../core/store/shard/seats.js';
import type { Shards } from '../core/store/shards.js';

const copyEveryMs = 1_000;
const showsPerStatement = 50;

export type Availability = { close(): Promise<void> };

/**
 * Copies the free and held seats of changed shows into the catalog, where lists and rooms read them: once
 * a second, the newest version only. The seats' own rows stay the truth.
 */
export function openAvailability(catalog: Database, shards: Shards, log: Logger): Availability {
  const copied = new Map<number, number>();
  let running: Promise<void> = Promise.resolve();
  let busy = false;
  const timer = setInterval(() => {
    if (busy) return;
    busy = true;
    running = copyChanged(catalog, shards, { copied, log })
      .catch((error) => log.warn({ err: error }, 'free seats could not be copied to the catalog'))
      .finally(() => {
        busy = false;
      });
  }, copyEveryMs);
  return {
    close: async () => {
      clearInterval(timer);
      await running;
    },
  };
}

type Copying = { copied: Map<number, number>; log: Logger };

/** One copying pass; `copied` holds the version of each show that the catalog has. */
async function copyChanged(
  catalog: Database,
  shards: Shards,
  { copied, log }: Copying,
): Promise<void> {
  for (const shardId of shards.ids()) {
    try {
      await copyShard(catalog, shards.byId(shardId), copied);
    } catch (error) {
      // One shard that is away must not keep the others' numbers from the catalog.
      log.warn({ shardId, err: error }, 'free seats could not be copied to the catalog');
    }
  }
}

async function copyShard(
  catalog: Database,
  shard: Database,
  copied: Map<number, number>,
): Promise<void> {
  const changed = (await readVersions(shard))
    .filter(({ showId, version }) => copied.get(showId) !== version)
    .map(({ showId }) => showId);
  for (let start = 0; start < changed.length; start += showsPerStatement) {
    const rows = await countOpenSeats(shard, changed.slice(start, start + showsPerStatement));
    await updateOpenSeats(catalog, rows);
    for (const row of rows) copied.set(row.showId, row.version);
  }
}
