import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type Crowds, openCrowds, pumpForMs, pumpUntil } from '../test/support/crowds.js';
import { openRoomBench, type RoomBench } from '../test/support/rooms.js';
import { until } from '../test/support/until.js';
import type { Gate } from './gate.js';
import { limits } from './limits.js';
import { roomScripts } from './scripts.js';

let bench: RoomBench;
let gate: Gate;
let crowds: Crowds;

beforeAll(async () => {
  bench = await openRoomBench();
  gate = bench.openGate();
  crowds = openCrowds(bench, gate);
});
afterAll(() => bench.close());

describe('passes', () => {
  it('are never more at once than the cap, and the next comes when one ends', async () => {
    const saleId = await bench.addSale({ passCap: 5 });
    const fans = await crowds.joinAll(saleId, 12);
    const pumps = [bench.openPump(), bench.openPump()];
    await pumpForMs(saleId, pumps, 400);
    const first = await crowds.admissions(saleId);
    expect(first.map((row) => row.fanId).sort()).toEqual(fans.slice(0, 5).sort());

    const [spent, left, barred] = first;
    if (!spent || !left || !barred) throw new Error('three passes were expected');
    await gate.finish({ saleId, fanId: spent.fanId, passId: spent.passId });
    await gate.finish({ saleId, fanId: spent.fanId, passId: spent.passId });
    await gate.leave({ saleId, fanId: left.fanId });
    await gate.revoke({ saleId, fanId: barred.fanId });
    await pumpForMs(saleId, pumps, 400);
    const rows = await crowds.admissions(saleId);
    expect(rows).toHaveLength(8);
    expect(rows.filter((row) => row.state === 'LIVE')).toHaveLength(5);
    expect(gate.isRevoked(left.passId)).toBe(true);
    expect(gate.isRevoked(barred.passId)).toBe(true);
    const done = await gate.place({ saleId, fanId: spent.fanId });
    expect(done).toMatchObject({ state: 'done' });
    expect(done.pass).toBeUndefined();
    await expect(gate.join({ saleId, fanId: barred.fanId })).rejects.toMatchObject({
      code: 'banned',
    });
    const again = await gate.join({ saleId, fanId: spent.fanId });
    expect(again).toMatchObject({ created: true, place: { state: 'waiting', place: 13 } });
  });

  it('are told to their fan with the end that SQL has', async () => {
    const saleId = await bench.addSale({ passSeconds: 90 });
    const [fanId = ''] = await crowds.joinAll(saleId, 1);
    const pump = bench.openPump();
    await pump.tick(saleId);
    const place = await gate.place({ saleId, fanId });
    expect(place).toMatchObject({ state: 'admitted', place: 1, ahead: 0 });
    const claims = bench.tokens.readPass(place.pass ?? '');
    const [row] = await crowds.admissions(saleId);
    expect(claims).toMatchObject({ fanId, saleId, passId: row?.passId });
    expect(Date.parse(place.pass_expires_at ?? '')).toBe((row?.atMs ?? 0) + 90_000);
    expect(await gate.join({ saleId, fanId })).toMatchObject({
      created: false,
      place: { pass: place.pass },
    });
  });

  it('of a pump that died after its pick come through the next one, once', async () => {
    const saleId = await bench.addSale();
    const [fanId = ''] = await crowds.joinAll(saleId, 1);
    const ident = (await bench.redis.hget(bench.names.room(saleId), 'ident')) ?? '';
    const room = roomScripts(bench.redis, bench.names, saleId, ident);
    const { picks } = await room.tick({
      stepMs: 0,
      headsMax: 10,
      prefix: 'deadpumpxyz',
      stock: null,
      pace: { percent: 100, reason: '' },
      presence: limits,
      sweep: false,
      burstMs: 200,
      leaseMs: 60_000,
      announceMs: 1_000,
    });
    expect(picks).toMatchObject([{ fanId }]);
    expect(await gate.place({ saleId, fanId })).toMatchObject({ state: 'waiting' });
    expect(await crowds.admittedCount(saleId)).toBe(0);
    const pumps = [bench.openPump(), bench.openPump()];
    await pumpUntil(
      saleId,
      pumps,
      async () => (await crowds.admittedCount(saleId)) > 0,
      'the pick',
    );
    expect(await gate.place({ saleId, fanId })).toMatchObject({ state: 'admitted' });
    expect(await crowds.admissions(saleId)).toMatchObject([{ fanId, passId: picks[0]?.passId }]);
  });

  it('are not given to one who left between the pick and the commit', async () => {
    const saleId = await bench.addSale();
    const [fanId = ''] = await crowds.joinAll(saleId, 1);
    const ident = (await bench.redis.hget(bench.names.room(saleId), 'ident')) ?? '';
    const room = roomScripts(bench.redis, bench.names, saleId, ident);
    const step = { stepMs: 0, headsMax: 10, stock: null, sweep: false, burstMs: 200 };
    const { picks } = await room.tick({
      ...step,
      pace: { percent: 100, reason: '' },
      presence: limits,
      prefix: 'slowpumpxyz',
      leaseMs: 60_000,
      announceMs: 1_000,
    });
    await gate.leave({ saleId, fanId });
    const passes = picks.map((pick) => ({ ...pick, expiresAtMs: Date.now() + 9_000, live: true }));
    expect(await room.publish(1_000, Date.now(), passes)).toEqual(picks.map((p) => p.passId));
    expect(await gate.place({ saleId, fanId })).toMatchObject({ state: 'done' });
    expect(await bench.redis.zcard(bench.names.leases(saleId))).toBe(0);
  });
});

describe('a pump that runs', () => {
  it('finds the sales that need it by itself, and new settings as well', async () => {
    const saleId = await bench.addSale({ passCap: 1 });
    const standing = await bench.addSale({ standing: true });
    const fans = await crowds.joinAll(saleId, 2);
    const pump = bench.openPump();
    pump.start();
    await until(async () => (await crowds.admittedCount(saleId)) === 1, { what: 'the first' });
    await bench.catalog.change('UPDATE sales SET pass_cap = 2, version = 2 WHERE sale_id = ?', [
      saleId,
    ]);
    await until(async () => (await crowds.admittedCount(saleId)) === 2, { what: 'the second' });
    await pump.close();
    expect((await crowds.admissions(saleId)).map((row) => row.fanId)).toEqual(fans);
    expect(await bench.redis.exists(bench.names.room(standing))).toBe(0);
  });
});

describe('the room', () => {
  it('says sold out when nothing is left and goes on when seats come back', async () => {
    const saleId = await bench.addSale();
    await crowds.joinAll(saleId, 3);
    await addShow(saleId, 0);
    const pump = bench.openPump();
    await pump.tick(saleId);
    expect(await crowds.admittedCount(saleId)).toBe(0);
    await until(async () => (await gate.room(saleId)).state === 'sold_out', { what: 'sold out' });
    expect(await gate.room(saleId)).toMatchObject({ seats_left: 0, waiting: 3 });
    await bench.catalog.change('UPDATE shows SET seats_free = 7 WHERE sale_id = ?', [saleId]);
    await pumpUntil(
      saleId,
      [pump],
      async () => (await crowds.admittedCount(saleId)) === 3,
      'all three',
    );
    await until(async () => (await gate.room(saleId)).now_serving === 3, { what: 'the numbers' });
    expect(await gate.room(saleId)).toMatchObject({ state: 'open', seats_left: 7, waiting: 0 });
  });

  it('tells everybody its numbers about once a second, however many pumps run', async () => {
    const saleId = await bench.addSale();
    await crowds.joinAll(saleId, 2);
    const ear = bench.redis.duplicate();
    const heard: { kind: string; sale_id: string; room?: { now_serving: number } }[] = [];
    ear.on('message', (_channel: string, text: string) => heard.push(JSON.parse(text)));
    await until(() => ear.status === 'ready', { what: 'the ear' });
    await ear.subscribe(bench.names.everyoneChannel);
    await pumpForMs(saleId, [bench.openPump(), bench.openPump()], 1_500);
    ear.disconnect();
    const rooms = heard.filter((news) => news.kind === 'room' && news.sale_id === saleId);
    expect(rooms).toHaveLength(2);
    expect(rooms.at(-1)?.room?.now_serving).toBe(2);
    const admitted = heard.filter((news) => news.kind === 'admitted' && news.sale_id === saleId);
    expect(admitted).toHaveLength(2);
  });
});

async function addShow(saleId: string, seatsFree: number): Promise<void> {
  const { catalog } = bench;
  await catalog.change(
    `INSERT IGNORE INTO cities (city_id, name, country, time_zone, lat, lon)
     VALUES ('c', 'C', 'IN', 'Asia/Kolkata', 1, 1)`,
  );
  await catalog.change(
    "INSERT IGNORE INTO movies VALUES ('m', 'film', 'M', '', 90, 'U', '[]', '[]', NULL, '[]', NULL, NULL)",
  );
  await catalog.change("INSERT IGNORE INTO cinemas VALUES ('k', 'c', 'K', '', '', 1, 1)");
  await catalog.change(
    "INSERT IGNORE INTO halls (hall_id, cinema_id, name) VALUES ('h', 'k', 'H')",
  );
  await catalog.change(
    `INSERT INTO shows (show_key, sale_id, movie_id, hall_id, shard_id, state, starts_at, currency,
       prices, price_from, seats_total, seats_free)
     VALUES (?, ?, 'm', 'h', 1, 'ACTIVE', NOW(3) + INTERVAL 1 DAY, 'INR', '{}', 0, 7, ?)`,
    [saleId, saleId, seatsFree],
  );
}
