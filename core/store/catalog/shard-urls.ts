import { seal, unseal } from '../../runtime/sealing.js';
import type { Secrets } from '../../runtime/secrets.js';
import { openDatabase, type Queryable, usualLimits } from '../database.js';

/** Addresses hold passwords, so the catalog keeps them sealed, each for its own row. */
const place = (shardId: number) => `shards|url|${shardId}`;

/** The addresses of shards that were added while Usher runs. */
export async function readShardUrls(
  catalog: Pick<Queryable, 'rows'>,
  secrets: Pick<Secrets, 'data'>,
): Promise<{ shardId: number; url: string }[]> {
  const rows = await catalog.rows<{ shardId: number; sealed: Buffer }>(
    'SELECT shard_id AS shardId, url_sealed AS sealed FROM shards WHERE url_sealed IS NOT NULL',
  );
  return rows.map(({ shardId, sealed }) => ({
    shardId,
    url: unseal(secrets.data, sealed, place(shardId)).toString(),
  }));
}

/** Tells every program of a shard: they read it within seconds and join it. */
export async function writeShardUrl(
  catalog: Pick<Queryable, 'change'>,
  secrets: Pick<Secrets, 'data'>,
  { shardId, url }: { shardId: number; url: string },
): Promise<void> {
  const [key] = secrets.data;
  if (!key) throw new Error('the secrets hold no data key');
  await catalog.change('UPDATE shards SET url_sealed = ? WHERE shard_id = ?', [
    seal(key, Buffer.from(url), place(shardId)),
    shardId,
  ]);
}

/** The addresses of all shards: those of the environment, then those that were added since. */
export async function knownShardUrls(
  catalogUrl: string,
  { urls, secrets }: { urls: string[]; secrets: Pick<Secrets, 'data'> },
): Promise<string[]> {
  const catalog = openDatabase(catalogUrl, { ...usualLimits, connections: 1 });
  try {
    const names = new Set(urls.map(databaseName));
    const added = (await readShardUrls(catalog, secrets)).map(({ url }) => url);
    return [...urls, ...added.filter((url) => !names.has(databaseName(url)))];
  } finally {
    await catalog.close();
  }
}

/** A database's name for people: host and database, never the password. */
export function databaseName(url: string): string {
  const { host, pathname } = new URL(url);
  return `${host}${pathname}`;
}

/** Every shard that ever got a number. */
export async function listShards(
  catalog: Pick<Queryable, 'rows'>,
): Promise<{ shardId: number; name: string }[]> {
  return catalog.rows('SELECT shard_id AS shardId, name FROM shards ORDER BY shard_id');
}
