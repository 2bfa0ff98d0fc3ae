import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { openRoomBench, type RoomBench } from '../test/support/rooms.js';
import { until } from '../test/support/until.js';
import type { Gate } from './gate.js';
import type { Pump } from './pump.js';
import { roomScripts } from './scripts.js';

let bench: RoomBench;
let gate: Gate;

beforeAll(async () => {
  bench = await openRoomBench();
  gate = bench.openGate();
});
afterAll(() => bench.close());

type Row = { passId: string; fanId: string; state: string; atMs: number };

async function admissions(saleId: string): Promise<Row[]> {
  const rows = await bench.catalog.rows<Omit<Row, 'atMs'> & { at: Date }>(
    `SELECT pass_id AS passId, fan_id AS fanId, state, admitted_at AS at FROM admission
     WHERE sale_id = ? ORDER BY admitted_at, score`,
    [saleId],
  );
  return rows.map(({ at, ...row }) => ({ ...row, atMs: at.getTime() }));
}

async function joinAll(saleId: string, count: number): Promise<string[]> {
  const fans = await bench.addFans(count);
  for (const fanId of fans) await gate.join({ saleId, fanId });
  return fans;
}

/** Ticks as a running pump does, but only this sale, and until the condition holds. */
async function pumpUntil(
  saleId: string,
  pumps: Pump[],
  done: () => boolean | Promise<boolean>,
  what: string,
): Promise<void> {
  await until(
    async () => {
      await Promise.all(pumps.map((pump) => pump.tick(saleId)));
      return done();
    },
    { what, every: 20 },
  );
}

async function pumpForMs(saleId: string, pumps: Pump[], ms: number): Promise<void> {
  const endMs = performance.now() + ms;
  await pumpUntil(saleId, pumps, () => performance.now() >= endMs, 'the time to pass');
}

const admittedCount = async (saleId: string) => (await admissions(saleId)).length;

/** Most admissions over the limit in any span between two of them; at most 0 when exact. */
function worstExcess(rows: Row[], perMinute: number, slackMs: number): number {
  const perMs = perMinute / 60_000;
  const burst = 1 + 200 * perMs;
  let worst = Number.NEGATIVE_INFINITY;
  for (let from = 0; from < rows.length; from += 1) {
    for (let to = from; to < rows.length; to += 1) {
      const spanMs = (rows[to]?.atMs ?? 0) - (rows[from]?.atMs ?? 0) + slackMs;
      worst = Math.max(worst, to - from + 1 - (burst + spanMs * perMs));
    }
  }
  return worst;
}

describe('the rate', () => {
  it('is kept in every span by two pumps together, in the order of the line', async () => {
    const ratePerMinute = 3_000;
    const saleId = await bench.addSale({ ratePerMinute });
    const fans = await joinAll(saleId, 150);
    const pumps = [bench.openPump(), bench.openPump()];
    const startMs = Date.now();
    await pumpUntil(saleId, pumps, async () => (await admittedCount(saleId)) >= 100, 'a hundred');
    const tookMs = Date.now() - startMs;
    const rows = await admissions(saleId);
    // A commit carries its own time, which may come a little later than the tick's.
    expect(worstExcess(rows, ratePerMinute, 100)).toBeLessThanOrEqual(0);
    expect(rows.length).toBeGreaterThan((tookMs * ratePerMinute) / 60_000 / 2);
    expect(new Set(rows.map((row) => row.fanId)).size).toBe(rows.length);
    expect(new Set(rows.map((row) => row.fanId))).toEqual(new Set(fans.slice(0, rows.length)));
  });

  it('never lets more in within a minute than it says', async () => {
    const saleId = await bench.addSale({ ratePerMinute: 5 });
    await joinAll(saleId, 10);
    const pump = bench.openPump();
    await pump.tick(saleId);
    expect(await admittedCount(saleId)).toBe(1);
    await bench.redis.hset(bench.names.room(saleId), 'tokens', '9', 'window_count', '4');
    await bench.redis.rpush(bench.names.window(saleId), `${Date.now()}:3`);
    await pump.tick(saleId);
    expect(await admittedCount(saleId)).toBe(2);
    await pump.tick(saleId);
    expect(await admittedCount(saleId)).toBe(2);
  });

  it('gives no burst after a pause of the pump or of the sale', async () => {
    const ratePerMinute = 1_200;
    const saleId = await bench.addSale({ ratePerMinute });
    await joinAll(saleId, 100);
    const pump = bench.openPump();
    await pumpForMs(saleId, [pump], 300);
    await pause(1_500);
    const before = await admittedCount(saleId);
    await pump.tick(saleId);
    expect((await admittedCount(saleId)) - before).toBeLessThanOrEqual(1 + 200 / 50);
    await setState(saleId, 'PAUSED', 2);
    const atPause = await admittedCount(saleId);
    expect((await gate.room(saleId)).state).toBe('paused');
    await pumpForMs(saleId, [pump], 700);
    expect(await admittedCount(saleId)).toBe(atPause);
    await setState(saleId, 'ACTIVE', 3);
    await pump.tick(saleId);
    expect((await admittedCount(saleId)) - atPause).toBeLessThanOrEqual(1);
    expect(worstExcess(await admissions(saleId), ratePerMinute, 100)).toBeLessThanOrEqual(0);
  });

  it('opens nothing when a clock steps', async () => {
    const saleId = await bench.addSale({ ratePerMinute: 600 });
    await joinAll(saleId, 100);
    const pump = bench.openPump();
    await pump.tick(saleId);
    const tenMinutesAgo = String(Date.now() - 600_000);
    await bench.redis.hset(bench.names.room(saleId), 'tick_at', tenMinutesAgo);
    await pump.tick(saleId);
    expect(await admittedCount(saleId)).toBeLessThanOrEqual(3);
    const inTenMinutes = String(Date.now() + 600_000);
    await bench.redis.hset(bench.names.room(saleId), 'tick_at', inTenMinutes);
    await pump.tick(saleId);
    expect(await admittedCount(saleId)).toBeLessThanOrEqual(4);
    const leases = await bench.redis.zcard(bench.names.leases(saleId));
    expect(leases).toBe(await admittedCount(saleId));
  });
});

async function setState(saleId: string, state: string, version: number): Promise<void> {
  await bench.catalog.change('UPDATE sales SET state = ?, version = ? WHERE sale_id = ?', [
    state,
    version,
    saleId,
  ]);
  await gate.changed(saleId);
}

describe('passes', () => {
  it('are never more at once than the cap, and the next comes when one ends', async () => {
    const saleId = await bench.addSale({ passCap: 5 });
    const fans = await joinAll(saleId, 12);
    const pumps = [bench.openPump(), bench.openPump()];
    await pumpForMs(saleId, pumps, 400);
    const first = await admissions(saleId);
    expect(first.map((row) => row.fanId).sort()).toEqual(fans.slice(0, 5).sort());

    const [spent, left, barred] = first;
    if (!spent || !left || !barred) throw new Error('three passes were expected');
    await gate.finish({ saleId, fanId: spent.fanId, passId: spent.passId });
    await gate.finish({ saleId, fanId: spent.fanId, passId: spent.passId });
    await gate.leave({ saleId, fanId: left.fanId });
    await gate.revoke({ saleId, fanId: barred.fanId });
    await pumpForMs(saleId, pumps, 400);
    const rows = await admissions(saleId);
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
    const [fanId = ''] = await joinAll(saleId, 1);
    const pump = bench.openPump();
    await pump.tick(saleId);
    const place = await gate.place({ saleId, fanId });
    expect(place).toMatchObject({ state: 'admitted', place: 1, ahead: 0 });
    const claims = bench.tokens.readPass(place.pass ?? '');
    const [row] = await admissions(saleId);
    expect(claims).toMatchObject({ fanId, saleId, passId: row?.passId });
    expect(Date.parse(place.pass_expires_at ?? '')).toBe((row?.atMs ?? 0) + 90_000);
    expect(await gate.join({ saleId, fanId })).toMatchObject({
      created: false,
      place: { pass: place.pass },
    });
  });

  it('of a pump that died after its pick come through the next one, once', async () => {
    const saleId = await bench.addSale();
    const [fanId = ''] = await joinAll(saleId, 1);
    const ident = (await bench.redis.hget(bench.names.room(saleId), 'ident')) ?? '';
    const room = roomScripts(bench.redis, bench.names, saleId, ident);
    const { picks } = await room.tick({
      stepMs: 0,
      headsMax: 10,
      prefix: 'deadpumpxyz',
      seatsLeft: null,
      sweep: false,
      burstMs: 200,
      leaseMs: 60_000,
      announceMs: 1_000,
    });
    expect(picks).toMatchObject([{ fanId }]);
    expect(await gate.place({ saleId, fanId })).toMatchObject({ state: 'waiting' });
    expect(await admittedCount(saleId)).toBe(0);
    const pumps = [bench.openPump(), bench.openPump()];
    await pumpUntil(saleId, pumps, async () => (await admittedCount(saleId)) > 0, 'the pick');
    expect(await gate.place({ saleId, fanId })).toMatchObject({ state: 'admitted' });
    expect(await admissions(saleId)).toMatchObject([{ fanId, passId: picks[0]?.passId }]);
  });

  it('are not given to one who left between the pick and the commit', async () => {
    const saleId = await bench.addSale();
    const [fanId = ''] = await joinAll(saleId, 1);
    const ident = (await bench.redis.hget(bench.names.room(saleId), 'ident')) ?? '';
    const room = roomScripts(bench.redis, bench.names, saleId, ident);
    const step = { stepMs: 0, headsMax: 10, seatsLeft: null, sweep: false, burstMs: 200 };
    const { picks } = await room.tick({
      ...step,
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

describe('the room', () => {
  it('says sold out when nothing is left and goes on when seats come back', async () => {
    const saleId = await bench.addSale();
    await joinAll(saleId, 3);
    await addShow(saleId, 0);
    const pump = bench.openPump();
    await pump.tick(saleId);
    expect(await admittedCount(saleId)).toBe(0);
    await until(async () => (await gate.room(saleId)).state === 'sold_out', { what: 'sold out' });
    expect(await gate.room(saleId)).toMatchObject({ seats_left: 0, waiting: 3 });
    await bench.catalog.change('UPDATE shows SET seats_free = 7 WHERE sale_id = ?', [saleId]);
    await pumpUntil(saleId, [pump], async () => (await admittedCount(saleId)) === 3, 'all three');
    await until(async () => (await gate.room(saleId)).now_serving === 3, { what: 'the numbers' });
    expect(await gate.room(saleId)).toMatchObject({ state: 'open', seats_left: 7, waiting: 0 });
  });

  it('tells everybody its numbers about once a second, however many pumps run', async () => {
    const saleId = await bench.addSale();
    await joinAll(saleId, 2);
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
  await catalog.change("INSERT IGNORE INTO cities VALUES ('c', 'C', 'IN', 'Asia/Kolkata', 1, 1)");
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
