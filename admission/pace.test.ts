import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { openLog } from '../core/runtime/log.js';
import { openShards, type Shards } from '../core/store/shards.js';
import { openAuditWorld } from '../test/support/audit-world.js';
import { openRoomBench, type RoomBench } from '../test/support/rooms.js';
import { openTestStores, type TestStores } from '../test/support/stores.js';
import { until } from '../test/support/until.js';
import { easedPercent, openPace, type PaceBook } from './pace.js';

let stores: TestStores;
let bench: RoomBench;

beforeAll(async () => {
  stores = await openTestStores(1);
  const key = () => [{ kid: 'k1', key: Buffer.alloc(32, 7) }];
  const secrets = { session: key(), pass: key(), receipt: key(), data: key() };
  bench = await openRoomBench({ on: { stores, secrets } });
});
afterAll(async () => {
  await bench.close();
  await stores.close();
});

function paceOn(shards: Pick<Shards, 'byId'>): PaceBook {
  const log = openLog('test', 'silent');
  return openPace({ ...bench, shards, log });
}

async function becomes(book: PaceBook, saleId: string, wanted: object): Promise<void> {
  const told = () => JSON.stringify(book.of(saleId)) === JSON.stringify(wanted);
  await until(told, { what: `the pace ${JSON.stringify(wanted)}`, every: 50 });
}

describe('the pace of a room', () => {
  it('goes down evenly between its bounds', () => {
    const bounds = { easyMs: 1_000, stopMs: 6_000 };
    expect([0, 1_000, 3_500, 6_000, 60_000].map((ms) => easedPercent(ms, bounds))).toEqual([
      100, 100, 50, 0, 0,
    ]);
  });

  it('falls while a request waits for its decision, and the room says why', async () => {
    const { show } = await openAuditWorld(stores);
    const { saleId, showId } = show;
    await stores.catalog.change('UPDATE sales SET opens_at = NOW(3) WHERE sale_id = ?', [saleId]);
    const shard = await stores.shards.forShow(showId);
    await shard.change(
      `INSERT INTO request (show_id, fan_id, idem_key, body_hash, pass_id, node, wish, accepted_at)
       VALUES (?, 'waitingfan01', 'k', ?, 'passpasspass0001', 'test0000', '{}',
         NOW(3) - INTERVAL 1 MINUTE)`,
      [showId, 'h'.repeat(22)],
    );
    const book = paceOn(stores.shards);
    await becomes(book, saleId, { percent: 0, reason: 'lanes' });
    const gate = bench.openGate();
    const [fanId = ''] = await bench.addFans(1);
    await gate.join({ saleId, fanId });
    const pump = bench.openPump();
    await until(
      async () => {
        await pump.tick(saleId);
        const room = await bench.openGate().room(saleId);
        return room.reason === 'lanes' && room.pace_percent === 0;
      },
      { what: 'the room to say so', every: 50 },
    );
    const [late = ''] = await bench.addFans(1);
    await gate.join({ saleId, fanId: late });
    await pump.tick(saleId);
    expect(await gate.place({ saleId, fanId: late })).toMatchObject({ state: 'waiting' });
    await shard.change(
      "UPDATE request SET state = 'REFUSED', reason = 'sold_out', decided_at = NOW(3) WHERE show_id = ?",
      [showId],
    );
    await becomes(book, saleId, { percent: 100, reason: '' });
    await until(
      async () => {
        await pump.tick(saleId);
        return (await gate.place({ saleId, fanId: late })).pass;
      },
      { what: 'the pass', every: 50 },
    );
    await book.close();
  });

  it('stops for a shard that does not answer, and only for its sales', async () => {
    const { show } = await openAuditWorld(stores);
    const free = await bench.addSale();
    const away = await openShards(stores.catalog, ['mysql://nobody@127.0.0.1:9/nothing']);
    const book = paceOn(away);
    await becomes(book, show.saleId, { percent: 0, reason: 'shard' });
    await becomes(book, free, { percent: 100, reason: '' });
    await book.close();
    await away.close();
  });

  it('follows the payment provider', async () => {
    const saleId = await bench.addSale();
    await bench.redis.set(bench.names.providerPace, '40', 'PX', 5_000);
    const book = paceOn(stores.shards);
    await becomes(book, saleId, { percent: 40, reason: 'payments' });
    await bench.redis.del(bench.names.providerPace);
    await becomes(book, saleId, { percent: 100, reason: '' });
    await book.close();
  });
});
