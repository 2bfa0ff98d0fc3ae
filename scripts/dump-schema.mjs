// Writes sql/schema.sql: the schema that all migrations together make, for people to read and for a
// test to compare. Run it after a new migration: npm run build && node scripts/dump-schema.mjs
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../', import.meta.url));
const { startEngines } = await import(join(root, 'dist/core/runtime/engines.js'));
const { migrateAll } = await import(join(root, 'dist/core/store/migrate.js'));
const { openDatabase } = await import(join(root, 'dist/core/store/database.js'));
const { readSchemaText } = await import(join(root, 'dist/core/store/schema-text.js'));

const HEAD = `-- The schema as the numbered migrations in sql/catalog and sql/shard leave it. Generated; change it
-- by a new migration, then run: node scripts/dump-schema.mjs
`;

async function textOf(url) {
  const database = openDatabase(url);
  try {
    return await readSchemaText(database);
  } finally {
    await database.close();
  }
}

const dataDir = mkdtempSync(join(tmpdir(), 'usher-schema-'));
const databases = ['usher_catalog', 'usher_shard_1'];
const engines = await startEngines({
  dataDir,
  env: process.env,
  databases,
  bufferPoolMb: 64,
  redoLogMb: 16,
});
try {
  const [catalogUrl, shardUrl] = databases.map((name) => engines.mysqlUrl(name));
  await migrateAll({ catalogUrl, shards: [{ name: 'shard1', url: shardUrl }] }, () => {});
  const parts = [
    HEAD,
    '-- Catalog database\n',
    await textOf(catalogUrl),
    '-- Each shard\n',
    await textOf(shardUrl),
  ];
  writeFileSync(join(root, 'sql/schema.sql'), parts.join('\n'));
  console.log('sql/schema.sql is written');
} finally {
  await engines.stop();
  rmSync(dataDir, { recursive: true, force: true, maxRetries: 5 });
}
