import { databaseName, readShardUrls } from './catalog/shard-urls.js';
import { type Database, isUnreachable, openDatabase, type Queryable } from './database.js';
import { assertDatabase } from './footing.js';
import { pendingMigrations } from './migrate.js';
import type { ShardsOptions } from './shards.js';

export type ShardPools = {
  ids(): number[];
  find(shardId: number): Database | undefined;
  onJoin(tell: (shardId: number) => void): void;
  away(): string[];
  close(): Promise<void>;
};

/** How often shards that are away are asked, and the catalog for shards that were added. */
const lookEveryMs = 1_000;

/** Keeps a pool for each shard: those of the environment, and those that the catalog names. */
export async function openShardPools(
  catalog: Pick<Queryable, 'rows'>,
  urls: string[],
  options: ShardsOptions,
): Promise<ShardPools> {
  const pools = new Map<number, Database>();
  const hooks: ((shardId: number) => void)[] = [];
  /** Addresses of shards that have not answered yet. */
  const away = new Set<string>();
  let closed = false;
  const join = async (url: string): Promise<void> => {
    const { shardId, database } = await openShard(url, options);
    away.delete(url);
    if (closed || pools.has(shardId)) return database.close();
    pools.set(shardId, database);
    for (const tell of hooks) tell(shardId);
  };
  const close = async () => {
    closed = true;
    clearInterval(timer);
    await Promise.all([...pools.values()].map((database) => database.close()));
  };
  const look = async (): Promise<void> => {
    if (options.secrets) {
      const added = await readShardUrls(catalog, options.secrets).catch(() => []);
      for (const { shardId, url } of added) if (!pools.has(shardId)) away.add(url);
    }
    for (const url of away) {
      try {
        await assertMigrated(url, options);
        await join(url);
        options.log?.info({ shard: databaseName(url) }, 'a shard has joined');
      } catch (error) {
        if (!isUnreachable(error)) {
          options.log?.warn({ shard: databaseName(url), err: error }, 'a shard cannot join');
        }
      }
    }
  };
  let looking: Promise<void> | undefined;
  const timer = setInterval(() => {
    looking ??= look().finally(() => {
      looking = undefined;
    });
  }, lookEveryMs);
  timer.unref();
  const began = await Promise.allSettled(urls.map((url) => join(url)));
  const [bad] = began
    .flatMap((one) => (one.status === 'rejected' ? [one.reason] : []))
    .filter((reason) => !isUnreachable(reason));
  if (bad) {
    await close();
    throw bad;
  }
  began.forEach((one, index) => {
    const url = urls[index];
    if (one.status === 'fulfilled' || url === undefined) return;
    away.add(url);
    options.log?.warn({ shard: databaseName(url) }, 'a shard does not answer; its shows wait');
  });
  await look();
  return {
    ids: () => [...pools.keys()].sort((a, b) => a - b),
    find: (shardId) => pools.get(shardId),
    onJoin: (tell) => {
      hooks.push(tell);
      for (const shardId of pools.keys()) tell(shardId);
    },
    away: () => [...away].map(databaseName),
    close: async () => {
      await looking;
      await close();
    },
  };
}

async function openShard(
  url: string,
  { limits, strict }: ShardsOptions,
): Promise<{ shardId: number; database: Database }> {
  const database = openDatabase(url, limits);
  try {
    const [row] = await database.rows<{ shard_id: number }>('SELECT shard_id FROM shard_identity');
    if (!row) throw new Error('A shard has no number yet. Run: ./usher migrate');
    const shardId = row.shard_id;
    if (strict) await assertDatabase(database, `shard ${shardId}`, limits?.isolation);
    return { shardId, database };
  } catch (error) {
    await database.close();
    throw error;
  }
}

/** A shard that was away while the others were migrated must not serve with an older schema. */
async function assertMigrated(url: string, { strict }: ShardsOptions): Promise<void> {
  if (strict && (await pendingMigrations(url, 'shard')).length > 0) {
    throw new Error('A shard has an older schema. Run: ./usher migrate');
  }
}
