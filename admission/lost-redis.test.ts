import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { writeAdmissions } from '../core/store/catalog/admission.js';
import { readSale } from '../core/store/catalog/sales.js';
import {
  type OwnRedis,
  openRoomBench,
  type RoomBench,
  type SaleWish,
  startOwnRedis,
} from '../test/support/rooms.js';
import { until } from '../test/support/until.js';
import type { Gate } from './gate.js';
import type { Pump } from './pump.js';

const restoreMs = 2_000;
let own: OwnRedis;
let bench: RoomBench;
let gate: Gate;
let pump: Pump;

beforeAll(async () => {
  own = await startOwnRedis();
  bench = await openRoomBench({ redisUrl: own.url, restoreMs });
  gate = bench.openGate();
});
beforeEach(() => {
  pump = bench.openPump();
});
afterAll(async () => {
  await bench.close();
  await own.close();
});

async function admitted(saleId: string): Promise<{ fanId: string; passId: string }[]> {
  return bench.catalog.rows(
    `SELECT fan_id AS fanId, pass_id AS passId FROM admission WHERE sale_id = ?
     ORDER BY admitted_at, score`,
    [saleId],
  );
}

async function pumpUntil(saleId: string, count: number): Promise<void> {
  const done = async () => {
    await pump.tick(saleId);
    return (await admitted(saleId)).length >= count;
  };
  await until(done, { what: `${count} admissions`, every: 20 });
}

type Crowd = { saleId: string; fans: string[]; receipts: Map<string, string> };

/** A sale with people in its line, the first of whom have been let in. */
async function crowd(count: number, letIn: number, wish: SaleWish = {}): Promise<Crowd> {
  const saleId = await bench.addSale({ passCap: letIn, ...wish });
  const fans = await bench.addFans(count);
  const receipts = new Map<string, string>();
  for (const fanId of fans) {
    const { place } = await gate.join({ saleId, fanId });
    receipts.set(fanId, place.receipt ?? '');
  }
  if (letIn > 0) await pumpUntil(saleId, letIn);
  return { saleId, fans, receipts };
}

async function setCap(saleId: string, passCap: number): Promise<void> {
  await bench.catalog.change(
    'UPDATE sales SET pass_cap = ?, version = version + 1 WHERE sale_id = ?',
    [passCap, saleId],
  );
  await gate.changed(saleId);
}

async function comeBack({ saleId, receipts }: Crowd, fans: string[]): Promise<void> {
  await Promise.all(
    fans.map((fanId) => gate.place({ saleId, fanId, receipt: receipts.get(fanId) ?? '' })),
  );
}

describe('a room whose Redis was emptied', () => {
  it('takes everybody back in the old order and lets nobody in twice', async () => {
    const line = await crowd(30, 10);
    const { saleId, fans, receipts } = line;
    const [spent = '', ...others] = fans;
    const spentPass = (await admitted(saleId)).find((row) => row.fanId === spent);
    await gate.finish({ saleId, fanId: spent, passId: spentPass?.passId ?? '' });
    await bench.redis.flushall();

    const live = others[0] ?? '';
    const before = (await admitted(saleId)).find((row) => row.fanId === live);
    const backAgain = await gate.join({ saleId, fanId: live, receipt: receipts.get(live) ?? '' });
    expect(bench.tokens.readPass(backAgain.place.pass ?? '').passId).toBe(before?.passId);
    expect(await gate.place({ saleId, fanId: spent })).toMatchObject({ state: 'done' });

    await comeBack(line, fans.slice(10).reverse());
    const during = await gate.place({ saleId, fanId: fans[12] ?? '' });
    expect(during).toMatchObject({ state: 'waiting', place: null });
    const room = await bench.openGate().room(saleId);
    expect(room).toMatchObject({ state: 'restoring', epoch: 2 });
    const newcomers = await bench.addFans(2);
    for (const fanId of newcomers) await gate.join({ saleId, fanId });
    const greedy = await gate.join({ saleId, fanId: spent, receipt: receipts.get(spent) ?? '' });
    expect(greedy.place.state).toBe('waiting');

    await setCap(saleId, 1_000);
    await pump.tick(saleId);
    expect(await admitted(saleId)).toHaveLength(10);
    await pumpUntil(saleId, 33);
    const order = (await admitted(saleId)).map((row) => row.fanId);
    expect(new Set(order.slice(0, 10))).toEqual(new Set(fans.slice(0, 10)));
    expect(order.slice(10)).toEqual([...fans.slice(10), ...newcomers, spent]);
  });

  it('serves a place that comes back late at its turn and moves nobody', async () => {
    const line = await crowd(12, 2);
    const { saleId, fans } = line;
    await bench.redis.flushall();
    const late = fans[5] ?? '';
    const rest = fans.slice(2).filter((fanId) => fanId !== late);
    await comeBack(line, rest);
    await until(
      async () => {
        await pump.tick(saleId);
        return (await gate.place({ saleId, fanId: rest[0] ?? '' })).place !== null;
      },
      { what: 'the end of the restoring', every: 20 },
    );
    const places = await Promise.all(rest.map((fanId) => gate.place({ saleId, fanId })));
    await comeBack(line, [late]);
    const after = await Promise.all(rest.map((fanId) => gate.place({ saleId, fanId })));
    expect(after.map((place) => place.place)).toEqual(places.map((place) => place.place));
    expect(await gate.place({ saleId, fanId: late })).toMatchObject({ place: null, ahead: 3 });
    await setCap(saleId, 1_000);
    await pumpUntil(saleId, 12);
    expect((await admitted(saleId)).map((row) => row.fanId).slice(2)).toEqual(fans.slice(2));
  });

  it('draws the same lots again from the receipts of a lobby', async () => {
    const line = await crowd(15, 0, { lobby: 'draw', opensInMs: 60_000 });
    const { saleId, fans } = line;
    await bench.redis.flushall();
    await comeBack(line, fans);
    await bench.catalog.change(
      'UPDATE sales SET opens_at = NOW(3), version = 2 WHERE sale_id = ?',
      [saleId],
    );
    await gate.changed(saleId);
    await setCap(saleId, 1_000);
    await pumpUntil(saleId, 15);
    const scores = await bench.catalog.rows<{ score: string }>(
      'SELECT score FROM admission WHERE sale_id = ? ORDER BY admitted_at, score',
      [saleId],
    );
    const sorted = scores.map(({ score }) => BigInt(score));
    expect(sorted).toEqual([...sorted].sort((a, b) => (a < b ? -1 : 1)));
    expect(sorted.every((score) => score < 2n ** 52n)).toBe(true);
  });

  it('refuses the admissions of a pump that has not heard of it', async () => {
    const { saleId, fans } = await crowd(3, 1);
    const old = await readSale(bench.catalog, saleId);
    if (!old) throw new Error('the sale is gone');
    await bench.redis.flushall();
    await gate.join({ saleId, fanId: fans[1] ?? '' });
    const late = [{ passId: 'lateadmission001', fanId: fans[1] ?? '', score: 2 }];
    expect(await bench.catalog.transaction((tx) => writeAdmissions(tx, old, late))).toBe(false);
    expect(await admitted(saleId)).toHaveLength(1);
  });

  it('keeps the rate of the last minute and the slots of live passes', async () => {
    const { saleId, fans } = await crowd(20, 4, { ratePerMinute: 6_000 });
    await setCap(saleId, 6);
    await bench.redis.flushall();
    await Promise.all(fans.slice(4).map((fanId) => gate.join({ saleId, fanId })));
    expect(await bench.redis.zcard(bench.names.leases(saleId))).toBe(4);
    expect(await bench.redis.hget(bench.names.room(saleId), 'window_count')).toBe('4');
    await pumpUntil(saleId, 6);
    await pump.tick(saleId);
    await pump.tick(saleId);
    expect(await admitted(saleId)).toHaveLength(6);
  });
});

describe('a Redis that came back with an older copy', () => {
  it('goes on in the old order, with the places since taken back by their receipts', async () => {
    const early = await crowd(6, 2, { passCap: 3 });
    const { saleId } = early;
    await own.stop();
    own.keepCopy();
    await own.start();
    await until(() => bench.redis.status === 'ready', { what: 'the connection' });

    await pumpUntil(saleId, 3);
    const later = await bench.addFans(3);
    for (const fanId of later) {
      const { place } = await gate.join({ saleId, fanId });
      early.receipts.set(fanId, place.receipt ?? '');
    }
    await own.stop();
    own.putBackCopy();
    await own.start();
    await until(() => bench.redis.status === 'ready', { what: 'the connection' });

    await comeBack(early, [...later].reverse());
    const [newcomer = ''] = await bench.addFans(1);
    await gate.join({ saleId, fanId: newcomer });
    await setCap(saleId, 1_000);
    await pumpUntil(saleId, 10);
    const order = (await admitted(saleId)).map((row) => row.fanId);
    expect(order).toEqual([...early.fans, ...later, newcomer]);
  });
});

describe('a Redis that was killed and started again', () => {
  it('has lost nothing, so admissions go on after a short while', async () => {
    const patient = await openRoomBench({ redisUrl: own.url, restoreMs: 600_000 });
    try {
      const saleId = await patient.addSale();
      const fans = await patient.addFans(3);
      const its = { gate: patient.openGate(), pump: patient.openPump() };
      await its.gate.join({ saleId, fanId: fans[0] ?? '' });
      await its.pump.tick(saleId);
      await own.kill();
      await own.start();
      await until(() => patient.redis.status === 'ready', { what: 'the connection' });
      const { place } = await its.gate.join({ saleId, fanId: fans[1] ?? '' });
      expect(place).toMatchObject({ state: 'waiting', place: null });
      await until(
        async () => {
          await its.pump.tick(saleId);
          return (await its.gate.place({ saleId, fanId: fans[1] ?? '' })).pass;
        },
        { what: 'the pass', every: 50 },
      );
    } finally {
      await patient.close();
    }
  });
});

describe('while Redis is away', () => {
  it('nobody is let in blind, passes still come, and standing sales go on', async () => {
    const { saleId, fans } = await crowd(3, 1);
    const standing = await bench.addSale({ standing: true });
    await gate.room(saleId);
    await own.stop();
    const [live = '', waiting = ''] = fans;
    const place = await gate.place({ saleId, fanId: live });
    expect(place).toMatchObject({ state: 'admitted' });
    expect(place.pass).toBeDefined();
    await expect(gate.join({ saleId, fanId: waiting })).rejects.toMatchObject({
      code: 'unavailable',
      retryAfterSeconds: 3,
    });
    await until(async () => (await gate.room(saleId)).state === 'restoring', { what: 'the word' });
    expect((await gate.join({ saleId: standing, fanId: waiting })).place.pass).toBeDefined();
    await gate.changed(saleId);
    await expect(pump.tick(saleId)).rejects.toThrow('Redis is away');
    await expect(gate.leave({ saleId, fanId: live })).rejects.toMatchObject({
      code: 'unavailable',
    });
    const { passId } = bench.tokens.readPass(place.pass ?? '');
    expect(gate.isRevoked(passId)).toBe(true);
    await own.start();
    await until(() => bench.redis.status === 'ready', { what: 'the connection' });
    expect(await gate.place({ saleId, fanId: live })).toMatchObject({ state: 'done' });
  });
});
