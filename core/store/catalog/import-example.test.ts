import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { readPremiere } from '../../../test/support/premiere.js';
import { openTestStores, type TestStores } from '../../../test/support/stores.js';
import { importCatalog } from './import.js';

const secrets = { data: [{ kid: 'k1', key: randomBytes(32) }] };

describe('the example catalog', () => {
  let stores: TestStores;

  beforeAll(async () => {
    stores = await openTestStores();
  });
  afterAll(() => stores.close());

  it('is imported whole, with progress, and not again', async () => {
    const steps: number[] = [];
    const report = await importCatalog({ ...stores, secrets }, await readPremiere(stores), {
      actor: 'tester',
      onProgress: ({ done }) => steps.push(done),
    });
    if (!report.ok) throw new Error(JSON.stringify(report.faults));
    expect(report.showsMade).toBeGreaterThan(200);
    expect(report.seatsMade).toBeGreaterThan(30_000);
    expect(steps.length).toBeGreaterThan(3);
    const again = await importCatalog({ ...stores, secrets }, await readPremiere(stores), {
      actor: 'tester',
    });
    expect(again).toMatchObject({ ok: true, showsMade: 0, showsChanged: 0 });
    const onShards = await Promise.all(
      stores.shards.ids().map(async (id) => {
        const rows = await stores.shards
          .byId(id)
          .rows<{ n: number }>('SELECT COUNT(*) AS n FROM show_seat');
        return rows[0]?.n ?? 0;
      }),
    );
    expect(onShards.reduce((sum, n) => sum + n, 0)).toBe(report.seatsMade);
    expect(Math.min(...onShards)).toBeGreaterThan(0);
  });
});
