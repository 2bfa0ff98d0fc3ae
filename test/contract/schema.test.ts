// sql/schema.sql against what the migrations really make.
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { packageRoot } from '../../core/runtime/paths.js';
import { readSchemaText } from '../../core/store/schema-text.js';
import { openTestStores, type TestStores } from '../support/stores.js';
import { readText } from './sources.js';

const remedy = 'sql/schema.sql is old. Run: npm run build && node scripts/dump-schema.mjs';

describe('the schema', () => {
  let stores: TestStores;
  beforeAll(async () => {
    stores = await openTestStores(1);
  });
  afterAll(async () => {
    await stores?.close();
  });

  it('in sql/schema.sql is what the migrations make', async () => {
    const [, catalog = '', shard = ''] =
      readText('sql/schema.sql').split(/-- (?:Catalog|Each).*\n/);
    const [shardId = 0] = stores.shards.ids();
    const made = [
      await readSchemaText(stores.catalog),
      await readSchemaText(stores.shards.byId(shardId)),
    ];
    const kept = [catalog.trim(), shard.trim()];
    expect({ remedy, text: kept }).toEqual({ remedy, text: made.map((text) => text.trim()) });
  });

  it('has its show first in every primary key of a shard', () => {
    const [, , shard = ''] = readText('sql/schema.sql').split(/-- (?:Catalog|Each).*\n/);
    const keys = [...shard.matchAll(/CREATE TABLE (\w+) \([\s\S]*?PRIMARY KEY \((\w+)/g)];
    const others = keys.filter(
      ([, table, first]) => table !== 'shard_identity' && first !== 'show_id',
    );
    expect(keys.length).toBeGreaterThan(10);
    expect(others).toEqual([]);
  });

  it.each(['catalog', 'shard'])(
    'of the %s grows by numbered files of one statement each',
    (kind) => {
      const files = readdirSync(join(packageRoot, 'sql', kind)).sort();
      const numbers = files.map((file) => /^(\d{4})_/.exec(file)?.[1] ?? file);
      expect(new Set(numbers).size).toBe(files.length);
      expect(numbers.filter((number) => !/^\d{4}$/.test(number))).toEqual([]);
      for (const file of files) {
        const text = readText(join('sql', kind, file))
          .replace(/--.*$/gm, '')
          .trim();
        expect([file, text.replace(/;$/, '').includes(';')]).toEqual([file, false]);
        expect([
          file,
          /^(CREATE TABLE IF NOT EXISTS|ALTER TABLE|CREATE|DROP|INSERT)\b/.test(text),
        ]).toEqual([file, true]);
      }
    },
  );
});
