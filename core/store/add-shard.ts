import type { Secrets } from '../runtime/secrets.js';
import { writeAudit } from './catalog/audit.js';
import { databaseName, writeShardUrl } from './catalog/shard-urls.js';
import { type Database, openDatabase, usualLimits } from './database.js';
import { assertDatabase } from './footing.js';
import { migrateAll } from './migrate.js';

/** The database carries the number of a shard that is here already. */
export class ShardTakenError extends Error {}

/** The database isn't there, and the account may not make it. */
export class NoDatabaseError extends Error {}

/**
 * Makes a database a shard of this Usher: created where the account may, brought to the newest
 * schema, numbered, and told to every program by the catalog. Returns its number.
 * @throws ShardTakenError, NoDatabaseError.
 */
export async function addShard(
  {
    catalog,
    catalogUrl,
    secrets,
  }: {
    catalog: Database;
    catalogUrl: string;
    secrets: Pick<Secrets, 'data'>;
  },
  { url, knownIds, actor }: { url: string; knownIds: number[]; actor: string },
): Promise<number> {
  await createDatabase(url);
  const name = databaseName(url);
  const shard = openDatabase(url, { ...usualLimits, connections: 2 });
  try {
    await assertDatabase(shard, name);
    const before = await numberOf(shard);
    if (before !== undefined && knownIds.includes(before)) {
      throw new ShardTakenError(
        `${name} carries the number ${before}, and shard ${before} is here.`,
      );
    }
    await migrateAll({ catalogUrl, shards: [{ name, url }] }, () => undefined);
    const shardId = await numberOf(shard);
    if (shardId === undefined) throw new Error(`${name} has no number after its migration`);
    await catalog.transaction(async (tx) => {
      await writeShardUrl(tx, secrets, { shardId, url });
      await writeAudit(tx, {
        actor,
        action: 'shard.add',
        subject: `shard ${shardId}`,
        after: { name },
      });
    });
    return shardId;
  } finally {
    await shard.close();
  }
}

/** An account that may not create databases needs one that is there. */
async function createDatabase(url: string): Promise<void> {
  const server = new URL(url);
  const name = server.pathname.slice(1);
  if (!/^[A-Za-z0-9_]{1,64}$/.test(name)) {
    throw new Error(`${databaseName(url)}: name the database with letters, digits and _`);
  }
  server.pathname = '/';
  const admin = openDatabase(server.toString(), { ...usualLimits, connections: 1 });
  try {
    await admin.change(`CREATE DATABASE IF NOT EXISTS ${name} CHARACTER SET utf8mb4`);
  } catch (error) {
    const { errno } = error as { errno?: number };
    if (errno !== 1044 && errno !== 1227) throw error;
    if (await exists(admin, name)) return;
    throw new NoDatabaseError(
      `There is no database ${name} on ${server.hostname}, and this account may not create one. Have it created, with all rights on it for the account, and repeat the command.`,
    );
  } finally {
    await admin.close();
  }
}

async function exists(admin: Database, name: string): Promise<boolean> {
  const rows = await admin.rows(
    'SELECT SCHEMA_NAME FROM information_schema.SCHEMATA WHERE SCHEMA_NAME = ?',
    [name],
  );
  return rows.length > 0;
}

async function numberOf(shard: Database): Promise<number | undefined> {
  const tables = await shard.rows(
    `SELECT TABLE_NAME FROM information_schema.TABLES
     WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME = 'shard_identity'`,
  );
  if (tables.length === 0) return undefined;
  const [row] = await shard.rows<{ shardId: number }>(
    'SELECT shard_id AS shardId FROM shard_identity',
  );
  return row?.shardId;
}
