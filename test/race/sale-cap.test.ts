import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { openAccepting } from '../../api/accept/accepting.js';
import { openCapClaiming } from '../../api/accept/cap-claiming.js';
import { openLog } from '../../core/runtime/log.js';
import { claimsOf } from '../../core/store/catalog/cap-claims.js';
import { sellAtDesk } from '../../core/store/shard/desk-sale.js';
import { changeShow } from '../../core/store/shard/show-change.js';
import { laneOf } from '../../core/store/shards.js';
import { openLanes } from '../../processor/lanes/lanes.js';
import { claimsHandler } from '../../processor/outbox/claims.js';
import type { OutboxDeps } from '../../processor/outbox/deps.js';
import { settleUnsure } from '../../processor/unsure-claims.js';
import { seedShow, type TestShow } from '../support/fixtures.js';
import { randomText } from '../support/lane-world.js';
import { openTestStores, type TestStores } from '../support/stores.js';

const log = openLog('test', 'silent');

describe('the cap of a sale over shows on two shards', () => {
  let stores: TestStores;
  let shows: TestShow[];
  const saleId = 'capped-sale';
  beforeAll(async () => {
    stores = await openTestStores(2);
    shows = await Promise.all(Array.from({ length: 20 }, () => seedShow(stores)));
    for (const shardId of stores.shards.ids()) {
      const shard = stores.shards.byId(shardId);
      await shard.change('UPDATE show_gate SET sale_id = ?', [saleId]);
      await shard.change('UPDATE show_head SET capped = 1');
    }
  });
  afterAll(() => stores.close());

  const lanes = () => openLanes({ shards: stores.shards, log, onDecided: () => undefined });
  /** What an api process does with a request, as far as caps are concerned. */
  const api = (guarded: boolean) => {
    const accepting = openAccepting(stores.shards, () => undefined);
    const caps = openCapClaiming(stores.catalog, stores.shards, log);
    return async (fanId: string, show: TestShow, seats: number, cap: number, idemKey?: string) => {
      const key = {
        ...{ showId: show.showId, fanId, bodyHash: 'b'.repeat(22) },
        idemKey: idemKey ?? randomText(16),
      };
      if (guarded) await caps.claim({ ...key, saleId, seats, cap });
      const shardId = (await stores.shards.idOf(show.showId)) ?? 0;
      const more = { passId: randomText(16), saleId, node: 'test0000' };
      await accepting.accept(shardId, { ...key, ...more, wish: { quantity: seats } });
      await lanes().drain({ shardId, lane: laneOf(show.showId) });
      return key;
    };
  };
  const heldBy = async (fanId: string): Promise<number> => {
    const counts = await Promise.all(
      stores.shards
        .ids()
        .map((shardId) =>
          stores.shards
            .byId(shardId)
            .rows<{ seats: string | null }>(
              `SELECT SUM(q.taken) AS seats FROM quota q WHERE q.fan_id = ?`,
              [fanId],
            ),
        ),
    );
    return counts.flat().reduce((sum, row) => sum + Number(row.seats), 0);
  };
  const storm = async (guarded: boolean, seats: number) => {
    const fanId = randomText(12);
    const apis = [api(guarded), api(guarded)];
    const asked = await Promise.allSettled(
      shows.map((show, index) => apis[index % 2]?.(fanId, show, seats, 7)),
    );
    const refused = asked.flatMap((one) => (one.status === 'rejected' ? [one.reason.code] : []));
    return { held: await heldBy(fanId), refused, fanId };
  };
  const counted = async (fanId: string) => {
    const claims = await claimsOf(stores.catalog, { scope: saleId, kind: 'fan', holder: fanId });
    const [quota] = await stores.catalog.rows<{ taken: number }>(
      'SELECT taken FROM cap_quota WHERE scope = ? AND holder = ?',
      [saleId, fanId],
    );
    expect(claims.reduce((sum, claim) => sum + claim.units, 0)).toBe(quota?.taken ?? 0);
    return quota?.taken ?? 0;
  };
  const relay = async () => {
    const deps = stores as unknown as OutboxDeps;
    for (const shardId of stores.shards.ids()) {
      const shard = stores.shards.byId(shardId);
      const rows = await shard.rows<{ showId: number; payload: string }>(
        "SELECT show_id AS showId, payload FROM outbox WHERE kind = 'claims' ORDER BY outbox_id",
      );
      for (const { showId, payload } of rows) {
        const row = { showId, payload: JSON.parse(payload) as Record<string, unknown> };
        await claimsHandler(deps, { ...row, outboxId: 1, kind: 'claims', subjectId: 1, tries: 1 });
      }
    }
  };

  it.each([
    [1, 7],
    [2, 6],
  ])('holds against 20 parallel requests for %i seats on 20 shows', async (seats, most) => {
    const { held, refused, fanId } = await storm(true, seats);
    const shards = await Promise.all(shows.map((show) => stores.shards.idOf(show.showId)));
    expect(new Set(shards).size).toBe(2);
    expect(held).toBe(most);
    expect(refused).toEqual(Array(20 - most / seats).fill('cap_reached'));
    expect(await counted(fanId)).toBe(most);
  });

  it('is passed when nothing is claimed in the catalog', async () => {
    expect((await storm(false, 1)).held).toBe(20);
  });

  it('counts one request once, however often it comes', async () => {
    const reserve = api(true);
    const fanId = randomText(12);
    const [show] = shows as [TestShow];
    for (let turn = 0; turn < 3; turn += 1) await reserve(fanId, show, 5, 5, 'same-key');
    expect(await counted(fanId)).toBe(5);
  });

  it('gives back what a refused request and a hold that ran out had claimed', async () => {
    const reserve = api(true);
    const fanId = randomText(12);
    const [one, other] = shows as [TestShow, TestShow];
    await reserve(fanId, one, 2, 12);
    await reserve(fanId, other, 10, 12);
    const shard = await stores.shards.forShow(one.showId);
    await shard.change(
      `UPDATE reservation SET due_at = NOW(3) - INTERVAL 1 SECOND
       WHERE show_id = ? AND fan_id = ?`,
      [one.showId, fanId],
    );
    // The next batch of the show ends the hold; the outbox tells of it, twice as it may.
    await reserve(randomText(12), one, 1, 12);
    await relay();
    await relay();
    expect(await counted(fanId)).toBe(await heldBy(fanId));
    expect(await counted(fanId)).toBeLessThan(12);
  });

  it('counts what the desk sells, though the desk may go past it', async () => {
    const fanId = randomText(12);
    const { showId } = shows.at(-1) as TestShow;
    const shard = await stores.shards.forShow(showId);
    const sale = { fanId, seats: ['A-1'], by: 'desk', idemKey: 'one', alsoKept: false };
    await changeShow(shard, showId, (change) => sellAtDesk(change, { ...sale, method: 'cash' }));
    await relay();
    expect(await counted(fanId)).toBe(1);
    const [one] = shows as [TestShow];
    await expect(api(true)(fanId, one, 1, 1)).rejects.toMatchObject({ code: 'cap_reached' });
  });

  it('lets a fan ask again at once when seats were given back a moment ago', async () => {
    const reserve = api(true);
    const fanId = randomText(12);
    const [one, other] = shows.slice(5) as [TestShow, TestShow];
    await reserve(fanId, one, 2, 2);
    const shard = await stores.shards.forShow(one.showId);
    await shard.change(
      "UPDATE show_seat SET state = 'FREE', reservation_id = NULL WHERE show_id = ?",
      [one.showId],
    );
    await reserve(fanId, other, 2, 2);
    expect(await counted(fanId)).toBe(2);
  });

  it('forgets the claim of an api process that died before the request was journalled', async () => {
    const fanId = randomText(12);
    const caps = openCapClaiming(stores.catalog, stores.shards, log);
    const { showId } = shows[0] as TestShow;
    const key = { showId, fanId, idemKey: 'lost', bodyHash: 'b'.repeat(22) };
    await caps.claim({ ...key, saleId, seats: 3, cap: 3 });
    await settleUnsure(stores, 0);
    expect(await counted(fanId)).toBe(3);
    await stores.catalog.change(
      'UPDATE cap_claim SET claimed_at = NOW(3) - INTERVAL 1 HOUR WHERE holder = ?',
      [fanId],
    );
    await settleUnsure(stores, 60_000);
    expect(await counted(fanId)).toBe(0);
  });
});
