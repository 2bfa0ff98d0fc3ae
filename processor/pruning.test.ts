import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { openLog } from '../core/runtime/log.js';
import { seedShow } from '../test/support/fixtures.js';
import { openTestStores, type TestStores } from '../test/support/stores.js';
import { prune } from './pruning.js';

describe('forgetting', () => {
  let stores: TestStores;
  beforeAll(async () => {
    stores = await openTestStores();
  });
  afterAll(() => stores.close());

  it('keeps what is young or not done, and forgets the rest', async () => {
    const { showId } = await seedShow(stores);
    const shard = await stores.shards.forShow(showId);
    const post = (kind: string, publishedDaysAgo: number | null) =>
      shard.change(
        `INSERT INTO outbox (show_id, kind, subject_id, payload, created_at, due_at, published_at)
         VALUES (?, ?, 1, '{}', NOW(3) - INTERVAL 30 DAY, NULL, NOW(3) - INTERVAL ? DAY)`,
        [showId, kind, publishedDaysAgo],
      );
    await post('old', 15);
    await post('waiting', null);
    await post('young', 13);
    const hear = (id: string, waiting: number | null, daysAgo: number, settled: boolean) =>
      stores.catalog.change(
        `INSERT INTO inbox (event_id, kind, waiting, due_at, settled_at)
         VALUES (?, 'x', ?, NOW(3) - INTERVAL ? DAY, IF(?, NOW(3), NULL))`,
        [id, waiting, daysAgo, settled ? 1 : 0],
      );
    await hear('evt_old', null, 91, true);
    await hear('evt_waiting', 1, 91, false);
    await hear('evt_young', null, 89, true);
    const claim = (passId: string, hoursAgo: number) =>
      stores.catalog.change(
        `INSERT INTO pass_claims (pass_id, show_id, idem_key, busy, requests, claimed_at)
         VALUES (?, ?, 'k', 0, 1, NOW(3) - INTERVAL ? HOUR)`,
        [passId.padEnd(16, '-'), showId, hoursAgo],
      );
    await claim('old', 24 * 60);
    await claim('young', 0);
    const deps = { ...stores, log: openLog('test', 'silent') };
    expect(await prune(deps)).toBe(false);
    expect(await shard.rows('SELECT kind FROM outbox ORDER BY outbox_id')).toEqual([
      { kind: 'waiting' },
      { kind: 'young' },
    ]);
    expect(await stores.catalog.rows('SELECT event_id AS id FROM inbox ORDER BY 1')).toEqual([
      { id: 'evt_waiting' },
      { id: 'evt_young' },
    ]);
    expect(await stores.catalog.rows('SELECT pass_id AS id FROM pass_claims')).toEqual([
      { id: 'young'.padEnd(16, '-') },
    ]);
  });
});
