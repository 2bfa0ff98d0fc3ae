import HashRing from 'hashring';
import { UsherError } from '../domain/errors.js';
import { formatShowId, type ShowId } from '../domain/ids.js';
import type { Logger } from '../runtime/log.js';
import type { Secrets } from '../runtime/secrets.js';
import type { MoveNews } from './catalog/show-moves.js';
import type { Database, DatabaseLimits, Queryable } from './database.js';
import { openDirectory } from './directory.js';
import { openShardPools } from './shard-pools.js';

/** All shards of an Usher, by the number that each carries in itself. */
export type Shards = {
  /** The shards that have answered since the start, ascending. */
  ids(): number[];
  /** @throws UsherError `unavailable` when no open shard has that number. */
  byId(shardId: number): Database;
  /** The shard that the directory names for a show; undefined for an unknown show. */
  idOf(showId: ShowId): Promise<number | undefined>;
  /** @throws UsherError `not_found` for an unknown show. */
  forShow(showId: ShowId): Promise<Database>;
  /** Forgets what is remembered of a show's place. */
  forget(showId: ShowId): void;
  /** Tells of each show that leaves a shard or has come to one. */
  onMoved(tell: (move: MoveNews) => void): void;
  /** Tells of every shard: at once of those that are here, later of each that joins. */
  onJoin(tell: (shardId: number) => void): void;
  /** Names of the shards that have not answered since the start. */
  away(): string[];
  close(): Promise<void>;
};

export type ShardsOptions = {
  limits?: DatabaseLimits;
  /** Told of shards that don't answer and of those that join. */
  log?: Pick<Logger, 'info' | 'warn'>;
  /** Serve only shards that are as the promises need them. */
  strict?: boolean;
  /** Opens the addresses of shards that were added while Usher runs. */
  secrets?: Pick<Secrets, 'data'>;
};

/**
 * Opens every shard and asks each for its number. One that doesn't answer is asked again until it
 * does, and meanwhile only its own shows are away. Shards added to the catalog join by themselves.
 * @throws Error when a shard answers and is not as it must be.
 */
export async function openShards(
  catalog: Queryable,
  urls: string[],
  options: ShardsOptions = {},
): Promise<Shards> {
  const pools = await openShardPools(catalog, urls, options);
  const directory = openDirectory(catalog);
  const byId = (shardId: number): Database => {
    const database = pools.find(shardId);
    if (database) return database;
    throw new UsherError('unavailable', 'This show cannot be reached now. Try again shortly.', {
      retryAfterSeconds: 5,
    });
  };
  return {
    ids: pools.ids,
    byId,
    idOf: directory.idOf,
    forShow: async (showId) => {
      const shardId = await directory.idOf(showId);
      if (shardId === undefined) {
        throw new UsherError('not_found', `There is no show ${formatShowId(showId)}.`);
      }
      return byId(shardId);
    },
    forget: directory.forget,
    onMoved: directory.onMoved,
    onJoin: pools.onJoin,
    away: pools.away,
    close: async () => {
      directory.close();
      await pools.close();
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
