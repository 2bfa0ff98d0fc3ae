// Rooms of finished sales are thrown away; who asks afterwards is answered from SQL.
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { seedShow } from '../test/support/fixtures.js';
import { openRoomBench, type RoomBench } from '../test/support/rooms.js';
import { openTestStores, type TestStores } from '../test/support/stores.js';
import { until } from '../test/support/until.js';
import type { Gate } from './gate.js';
import { pruneRooms } from './pruning.js';
import type { Pump } from './pump.js';

describe('pruning rooms', () => {
  let stores: TestStores;
  let bench: RoomBench;
  let gate: Gate;
  let pump: Pump;

  beforeAll(async () => {
    stores = await openTestStores(1);
    bench = await openRoomBench({ on: { stores } });
    gate = bench.openGate();
    pump = bench.openPump();
  });
  afterAll(async () => {
    await bench.close();
    await stores.close();
  });

  const keysOf = (saleId: string): Promise<number> =>
    bench.redis.exists(...bench.names.roomKeys(saleId));
  const setDays = async (saleId: string, days: number): Promise<void> => {
    const { catalog } = stores;
    await catalog.change(
      `UPDATE sales SET opens_at = NOW(3) - INTERVAL ? DAY - INTERVAL 1 HOUR,
         state = IF(? > 0, 'CLOSED', 'ACTIVE') WHERE sale_id = ?`,
      [days, days, saleId],
    );
    await catalog.change(
      'UPDATE shows SET starts_at = NOW(3) - INTERVAL ? DAY + INTERVAL 1 MINUTE WHERE sale_id = ?',
      [days, saleId],
    );
  };
  /** A sale that has opened, with one admitted, one who waits, and the receipt of that one. */
  const play = async (): Promise<{ saleId: string; fans: string[]; receipt: string }> => {
    const { saleId } = await seedShow(stores);
    await stores.catalog.change('UPDATE sales SET pass_cap = 1 WHERE sale_id = ?', [saleId]);
    const fans = await bench.addFans(3);
    for (const fanId of fans.slice(0, 2)) await gate.join({ saleId, fanId });
    const published = async (): Promise<boolean> => {
      await pump.tick(saleId);
      const admitted = await gate.place({ saleId, fanId: fans[0] ?? '' });
      return admitted.state === 'admitted' && (await gate.room(saleId)).roster_digest !== null;
    };
    await until(published, { what: 'an admission and the roster' });
    const { receipt = '' } = await gate.place({ saleId, fanId: fans[1] ?? '' });
    return { saleId, fans, receipt };
  };

  it('keeps a room that may be needed, and throws a finished one away for good', async () => {
    const { saleId, fans, receipt } = await play();
    const [admitted = '', waited = '', stranger = ''] = fans;
    await setDays(saleId, 7);
    await pruneRooms(bench);
    expect(await keysOf(saleId)).toBeGreaterThan(0);
    await setDays(saleId, 8);
    const setCount = (count: number) =>
      stores.catalog.change('UPDATE sales SET roster_count = ? WHERE sale_id = ?', [count, saleId]);
    // As if a page of the roster were not written yet.
    await setCount(20_000);
    await pruneRooms(bench);
    expect(await keysOf(saleId)).toBeGreaterThan(0);
    await setCount(0);
    await pruneRooms(bench);
    expect(await keysOf(saleId)).toBe(0);

    const fresh = bench.openGate();
    expect(await fresh.room(saleId)).toMatchObject({ state: 'closed', waiting: 0 });
    const done = { state: 'done', place: null };
    expect(await fresh.place({ saleId, fanId: waited, receipt })).toMatchObject(done);
    const joined = await fresh.join({ saleId, fanId: waited, receipt });
    expect(joined).toMatchObject({ created: false, place: done });
    await stores.catalog.change('UPDATE admission SET expires_at = NOW(3) WHERE sale_id = ?', [
      saleId,
    ]);
    expect(await fresh.place({ saleId, fanId: admitted })).toMatchObject(done);
    await expect(fresh.place({ saleId, fanId: stranger })).rejects.toMatchObject({
      code: 'not_found',
    });
    const refused = { code: 'sale_closed' };
    await expect(fresh.join({ saleId, fanId: stranger })).rejects.toMatchObject(refused);
    const foreign = { saleId, fanId: stranger, receipt };
    await expect(fresh.join(foreign)).rejects.toMatchObject({ code: 'not_acceptable' });
    await fresh.leave({ saleId, fanId: waited });
    await fresh.changed(saleId);
    expect(await fresh.revoke({ saleId, fanId: admitted })).toHaveLength(1);
    expect(await keysOf(saleId)).toBe(0);
  });

  it('gives a sale that goes on its room and its order again', async () => {
    const { saleId, fans, receipt } = await play();
    await setDays(saleId, 8);
    await pruneRooms(bench);
    expect(await keysOf(saleId)).toBe(0);
    await setDays(saleId, 0);
    await stores.catalog.change(
      'UPDATE shows SET starts_at = NOW(3) + INTERVAL 1 DAY WHERE sale_id = ?',
      [saleId],
    );
    pump.start();
    const gone = bench.openGate();
    const comeBack = async (): Promise<boolean> => {
      const { place } = await gone.join({ saleId, fanId: fans[1] ?? '', receipt });
      return place.state !== 'done';
    };
    await until(comeBack, { what: 'the room to be there again', every: 100 });
    const score = await bench.redis.zscore(bench.names.line(saleId), fans[1] ?? '');
    expect(Number(score)).toBe(bench.tokens.readReceipt(receipt).score);
  });
});
