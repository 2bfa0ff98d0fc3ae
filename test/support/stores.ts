import { randomBytes } from 'node:crypto';
import {
  type Database,
  type Knex,
  openDatabase,
  openKnex,
  usualLimits,
} from '../../core/store/database.js';
import { migrateAll } from '../../core/store/migrate.js';
import { openShards, type Shards } from '../../core/store/shards.js';

export type TestStores = {
  catalog: Database;
  knex: Knex;
  shards: Shards;
  catalogUrl: string;
  shardUrls: string[];
  redisUrl: string;
  redisPrefix: string;
  close(): Promise<void>;
};

/**
 * Own migrated databases and an own Redis prefix, dropped again at close. On the engines of the
 * run, unless a test brings its own.
 */
export async function openTestStores(
  shardCount = 2,
  engines: { mysqlAdminUrl?: string; redisUrl?: string } = {},
): Promise<TestStores> {
  const adminUrl = engines.mysqlAdminUrl ?? required('USHER_TEST_MYSQL_ADMIN_URL');
  const tag = `usher_test_${process.env.JEST_WORKER_ID ?? '0'}_${randomBytes(3).toString('hex')}`;
  const names = ['catalog', ...Array.from({ length: shardCount }, (_, n) => `shard${n + 1}`)];
  const urls = names.map((name) => withDatabase(adminUrl, `${tag}_${name}`));
  const admin = openDatabase(adminUrl, { ...usualLimits, connections: 1 });
  for (const name of names)
    await admin.change(`CREATE DATABASE ${tag}_${name} CHARACTER SET utf8mb4`);
  const [catalogUrl = '', ...shardUrls] = urls;
  await migrateAll(
    { catalogUrl, shards: shardUrls.map((url, n) => ({ name: `shard${n + 1}`, url })) },
    () => undefined,
  );
  const catalog = openDatabase(catalogUrl);
  const knex = openKnex(catalogUrl);
  const shards = await openShards(catalog, shardUrls);
  return {
    catalog,
    knex,
    shards,
    catalogUrl,
    shardUrls,
    redisUrl: engines.redisUrl ?? required('USHER_TEST_REDIS_URL'),
    redisPrefix: tag.replaceAll('_', '-'),
    close: async () => {
      await shards.close();
      await knex.destroy();
      await catalog.close();
      for (const name of names) await admin.change(`DROP DATABASE IF EXISTS ${tag}_${name}`);
      await admin.close();
    },
  };
}

function withDatabase(url: string, name: string): string {
  const parsed = new URL(url);
  parsed.pathname = `/${name}`;
  return parsed.toString();
}

function required(variable: string): string {
  const value = process.env[variable];
  if (value) return value;
  throw new Error(
    `${variable} is not set: run tests through \`npm test\`, which starts the engines`,
  );
}
