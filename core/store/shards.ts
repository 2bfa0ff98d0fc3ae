import HashRing from 'hashring';
import { UsherError } from '../domain/errors.js';
import { formatShowId, type ShowId } from '../domain/ids.js';
import { type Database, type DatabaseLimits, openDatabase, type Queryable } from './database.js';

/** All shards of an Usher, by the number that each carries in itself. */
export type Shards = {
  ids(): number[];
  /** @throws UsherError `unavailable` when no open shard has that number. */
  byId(shardId: number): Database;
  /** The shard that the directory names for a show; undefined for an unknown show. */
  idOf(showId: ShowId): Promise<number | undefined>;
  /** @throws UsherError `not_found` for an unknown show. */
  forShow(showId: ShowId): Promise<Database>;
  /** Forgets what is remembered of a show's place, after it moved. */
  forget(showId: ShowId): void;
  close(): Promise<void>;
};

const rememberedShowsMax = 200_000;

/**
 * Opens every shard and asks each for its number. A shard that can't be reached now is asked
 * again by the caller's next start, and fails the opening, so that nobody runs on half a map.
 */
export async function openShards(
  catalog: Queryable,
  urls: string[],
  limits?: DatabaseLimits,
): Promise<Shards> {
  const shards = new Map<number, Database>();
  for (const url of urls) {
    const database = openDatabase(url, limits);
    const [row] = await database.rows<{ shard_id: number }>('SELECT shard_id FROM shard_identity');
    if (!row) throw new Error('A shard has no number yet. Run: ./usher migrate');
    shards.set(row.shard_id, database);
  }
  const places = new Map<ShowId, number>();
  const idOf = async (showId: ShowId): Promise<number | undefined> => {
    const known = places.get(showId);
    if (known !== undefined) return known;
    const [row] = await catalog.rows<{ shard_id: number }>(
      'SELECT shard_id FROM shows WHERE show_id = ?',
      [showId],
    );
    if (!row) return undefined;
    if (places.size >= rememberedShowsMax) places.clear();
    places.set(showId, row.shard_id);
    return row.shard_id;
  };
  const byId = (shardId: number): Database => {
    const database = shards.get(shardId);
    if (database) return database;
    throw new UsherError('unavailable', 'This show cannot be reached now. Try again shortly.', {
      retryAfterSeconds: 5,
    });
  };
  return {
    ids: () => [...shards.keys()].sort((a, b) => a - b),
    byId,
    idOf,
    forShow: async (showId) => {
      const shardId = await idOf(showId);
      if (shardId === undefined) {
        throw new UsherError('not_found', `There is no show ${formatShowId(showId)}.`);
      }
      return byId(shardId);
    },
    forget: (showId) => places.delete(showId),
    close: async () => {
      await Promise.all([...shards.values()].map((database) => database.close()));
    },
  };
}

/** The shard for a new show, by consistent hashing: adding a shard moves about 1/N of the shows. */
export function placeShow(showKey: string, shardIds: number[]): number {
  return Number(ringOf(shardIds).get(showKey).replace('shard-', ''));
}

let lastRing: { ids: string; ring: HashRing } | undefined;

/** Making a ring costs a thousand hashes, and an import asks the same one for each of its shows. */
function ringOf(shardIds: number[]): HashRing {
  const ids = shardIds.join();
  if (lastRing?.ids !== ids) {
    const names = shardIds.map((id) => `shard-${id}`);
    lastRing = { ids, ring: new HashRing(names, 'md5', { 'max cache size': 1_000 }) };
  }
  return lastRing.ring;
}

/** Lanes of a shard: the shows of one lane are decided in one transaction at a time. */
export const lanesPerShard = 16;

export function laneOf(showId: ShowId): number {
  return showId % lanesPerShard;
}
