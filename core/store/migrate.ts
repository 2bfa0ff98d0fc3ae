import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { packageRoot } from '../runtime/paths.js';
import type { Secrets } from '../runtime/secrets.js';
import { databaseName, knownShardUrls } from './catalog/shard-urls.js';
import { isUnreachable, type Knex, openDatabase, openKnex, usualLimits } from './database.js';

export type MigrationTarget = {
  catalogUrl: string;
  shards: { name: string; url: string }[];
  /** Opens the addresses of shards that were added to the catalog, which are migrated too. */
  secrets?: Pick<Secrets, 'data'>;
};

type Kind = 'catalog' | 'shard';
const migrateLockSeconds = 60;

/**
 * Brings the catalog and every shard to the newest schema and gives each new shard its number.
 * Safe to run from several machines at once and after a run that was killed in the middle. A shard
 * that doesn't answer is left out and named; programs don't serve it before it is migrated.
 */
export async function migrateAll(
  target: MigrationTarget,
  onStep: (text: string) => void,
): Promise<{ away: string[] }> {
  onStep(`catalog: ${await migrateOne(target.catalogUrl, 'catalog')}`);
  const away: string[] = [];
  for (const shard of await allShards(target)) {
    try {
      onStep(`${shard.name}: ${await migrateOne(shard.url, 'shard')}`);
      await registerShard(target.catalogUrl, shard);
    } catch (error) {
      if (!isUnreachable(error)) throw error;
      away.push(shard.name);
      onStep(`${shard.name}: does not answer`);
    }
  }
  return { away };
}

async function allShards({ catalogUrl, shards, secrets }: MigrationTarget) {
  if (!secrets) return shards;
  const urls = await knownShardUrls(catalogUrl, { urls: shards.map(({ url }) => url), secrets });
  const named = new Map(shards.map(({ url, name }) => [url, name]));
  return urls.map((url) => ({ url, name: named.get(url) ?? databaseName(url) }));
}

/** Migrations that a database still lacks, by file name. */
export async function pendingMigrations(url: string, kind: Kind): Promise<string[]> {
  const knex = openKnex(url);
  try {
    if (!(await knex.schema.hasTable('migrations'))) return migrationFiles(kind);
    const done: { name: string }[] = await knex('migrations').select('name');
    const names = new Set(done.map((row) => row.name));
    return migrationFiles(kind).filter((file) => !names.has(file));
  } finally {
    await knex.destroy();
  }
}

async function migrateOne(url: string, kind: Kind): Promise<string> {
  const knex = openKnex(url, { ...usualLimits, connections: 3 });
  const guard = openDatabase(url, { ...usualLimits, connections: 1, idleSeconds: 3_600 });
  try {
    const [lock] = await guard.rows<{ got: number | null }>('SELECT GET_LOCK(?, ?) AS got', [
      `usher-migrate-${new URL(url).pathname}`.slice(0, 64),
      migrateLockSeconds,
    ]);
    if (lock?.got !== 1) throw new Error('another migration is running; try again when it is done');
    const settings = { migrationSource: sourceOf(kind), tableName: 'migrations' };
    // We hold the server's own lock, so a lock row can only be the rest of a killed run.
    if (await knex.schema.hasTable('migrations_lock')) {
      await knex.migrate.forceFreeMigrationsLock(settings);
    }
    const [, applied]: [number, string[]] = await knex.migrate.latest(settings);
    return applied.length > 0 ? `${applied.length} migrations applied` : 'up to date';
  } finally {
    await guard.close();
    await knex.destroy();
  }
}

function migrationFiles(kind: Kind): string[] {
  return readdirSync(join(packageRoot, 'sql', kind))
    .filter((file) => file.endsWith('.sql'))
    .sort();
}

/** One DDL statement a file: MySQL commits each by itself, so a longer file could stop halfway. */
function sourceOf(kind: Kind): Knex.MigrationSource<string> {
  return {
    getMigrations: async () => migrationFiles(kind),
    getMigrationName: (file) => file,
    getMigration: async (file) => ({
      up: (knex: Knex) =>
        knex.raw(readFileSync(join(packageRoot, 'sql', kind, file), 'utf8')).then(() => undefined),
      down: () => Promise.reject(new Error('migrations only go forward')),
      config: { transaction: false },
    }),
  };
}

/** A shard carries its own number, so that a changed address or order of addresses can't swap two. */
async function registerShard(
  catalogUrl: string,
  shard: { name: string; url: string },
): Promise<void> {
  const catalog = openDatabase(catalogUrl, { ...usualLimits, connections: 1 });
  const database = openDatabase(shard.url, { ...usualLimits, connections: 1 });
  try {
    const [known] = await database.rows<{ shard_id: number }>(
      'SELECT shard_id FROM shard_identity',
    );
    const shardId =
      known?.shard_id ??
      (await catalog.transaction(async (tx) => {
        const [last] = await tx.rows<{ top: number }>(
          'SELECT COALESCE(MAX(shard_id), 0) AS top FROM shards FOR UPDATE',
        );
        // An aggregate can come back as decimal text.
        const next = Number(last?.top ?? 0) + 1;
        await tx.change('INSERT INTO shards (shard_id, name) VALUES (?, ?)', [
          next,
          `${shard.name}#${next}`,
        ]);
        return next;
      }));
    if (!known) {
      await database.change('INSERT INTO shard_identity (shard_id) VALUES (?)', [shardId]);
    }
    await catalog.change('INSERT IGNORE INTO shards (shard_id, name) VALUES (?, ?)', [
      shardId,
      `${shard.name}#${shardId}`,
    ]);
  } finally {
    await database.close();
    await catalog.close();
  }
}
