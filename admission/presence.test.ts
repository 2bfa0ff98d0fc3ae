import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { type Crowds, openCrowds, pumpForMs, pumpUntil } from '../test/support/crowds.js';
import { openRoomBench, type RoomBench } from '../test/support/rooms.js';
import { until } from '../test/support/until.js';
import type { Gate } from './gate.js';
import { limits } from './limits.js';
import type { Pump } from './pump.js';

let bench: RoomBench;
let gate: Gate;
let crowds: Crowds;
let pump: Pump;

beforeAll(async () => {
  bench = await openRoomBench();
  gate = bench.openGate();
  crowds = openCrowds(bench, gate);
});
beforeEach(() => {
  pump = bench.openPump();
});
afterAll(() => bench.close());

/** Moves a room's own clock, by which presence is judged and passes free their slots. */
async function letPass(saleId: string, ms: number): Promise<void> {
  await bench.redis.hincrby(bench.names.room(saleId), 'vclock', ms);
}

async function setCap(saleId: string, passCap: number): Promise<void> {
  await bench.catalog.change(
    'UPDATE sales SET pass_cap = ?, version = version + 1 WHERE sale_id = ?',
    [passCap, saleId],
  );
  await gate.changed(saleId);
}

async function order(saleId: string): Promise<string[]> {
  return (await crowds.admissions(saleId)).map((row) => row.fanId);
}

/** A full room with a line before it, whose fans were all called by now. */
async function line(count: number): Promise<{ saleId: string; fans: string[] }> {
  const saleId = await bench.addSale({ passCap: 1, passSeconds: 3_600 });
  const fans = await crowds.joinAll(saleId, count);
  await pump.tick(saleId);
  return { saleId, fans };
}

describe('a fan whose turn comes', () => {
  it('steps aside when silent, holds nobody up, and is served first on coming back', async () => {
    const { saleId, fans } = await line(5);
    const [, silent = '', here = '', late = '', last = ''] = fans;
    await letPass(saleId, limits.graceMs + 1);
    for (const fanId of [here, last]) await gate.place({ saleId, fanId });
    await setCap(saleId, 3);
    await pumpUntil(saleId, [pump], async () => (await order(saleId)).length === 3, 'two more');
    expect((await order(saleId)).slice(1).sort()).toEqual([here, last].sort());
    expect((await bench.openGate().figures(saleId))?.away).toBe(2);

    expect(await gate.place({ saleId, fanId: late })).toMatchObject({ state: 'away', place: 4 });
    expect(await gate.place({ saleId, fanId: silent })).toMatchObject({ state: 'away', place: 2 });
    expect(await gate.place({ saleId, fanId: late })).toMatchObject({ state: 'waiting', ahead: 1 });
    const [newcomer = ''] = await crowds.joinAll(saleId, 1);
    await setCap(saleId, 4);
    await pumpUntil(saleId, [pump], async () => (await order(saleId)).length === 4, 'the first');
    await setCap(saleId, 6);
    await pumpUntil(saleId, [pump], async () => (await order(saleId)).length === 6, 'the rest');
    const all = await order(saleId);
    expect(all[3]).toBe(silent);
    expect(new Set(all.slice(4))).toEqual(new Set([late, newcomer]));
  });

  it('has more time on a phone or in a hidden page', async () => {
    const { saleId, fans } = await line(3);
    const [, desk = '', phone = ''] = fans;
    await gate.place({ saleId, fanId: desk });
    await gate.place({ saleId, fanId: phone, patient: true });
    await letPass(saleId, limits.graceMs + 1_000);
    await setCap(saleId, 2);
    await pumpUntil(saleId, [pump], async () => (await order(saleId)).length === 2, 'the phone');
    expect((await order(saleId))[1]).toBe(phone);
  });

  it('is not judged before being called, nor by a pause', async () => {
    const { saleId, fans } = await line(3);
    await bench.redis.del(bench.names.calls(saleId));
    await bench.redis.hset(bench.names.room(saleId), 'near', '0', 'near_at', '0');
    await crowds.setState(saleId, 'PAUSED', 2);
    await pump.tick(saleId);
    await letPass(saleId, 10 * limits.graceMs);
    await pump.tick(saleId);
    await crowds.setState(saleId, 'ACTIVE', 3);
    await setCap(saleId, 3);
    await pumpUntil(saleId, [pump], async () => (await order(saleId)).length === 3, 'everybody');
    expect(new Set(await order(saleId))).toEqual(new Set(fans));
  });

  it('keeps the place for the stated time, then it is over', async () => {
    const { saleId, fans } = await line(3);
    const [, silent = '', here = ''] = fans;
    await letPass(saleId, limits.graceMs + 1);
    await gate.place({ saleId, fanId: here });
    await setCap(saleId, 2);
    await pumpUntil(saleId, [pump], async () => (await order(saleId)).length === 2, 'the next');
    await letPass(saleId, limits.keptMs + 1);
    expect(await gate.place({ saleId, fanId: silent })).toMatchObject({ state: 'done' });
    expect((await gate.join({ saleId, fanId: silent })).place).toMatchObject({
      state: 'waiting',
      place: 4,
    });
  });

  it('is called by name, so that a process with the page can bring it back', async () => {
    const { saleId, fans } = await line(2);
    const ear = bench.redis.duplicate();
    const heard: { kind: string; sale_id: string; fan_ids?: string[] }[] = [];
    ear.on('message', (_channel: string, text: string) => heard.push(JSON.parse(text)));
    await until(() => ear.status === 'ready', { what: 'the ear' });
    await ear.subscribe(bench.names.everyoneChannel);
    await letPass(saleId, limits.graceMs + 1);
    await setCap(saleId, 2);
    const called = async () => {
      await pump.tick(saleId);
      return heard.some((news) => news.kind === 'called' && news.sale_id === saleId);
    };
    await until(called, { what: 'the call' });
    ear.disconnect();
    expect(heard.find((news) => news.kind === 'called')?.fan_ids).toEqual([fans[1]]);
  });
});

describe('fans who do not turn up', () => {
  it('are made up for as far as staff allow, and not a bit further', async () => {
    const saleId = await bench.addSale({ ratePerMinute: 600 });
    const room = bench.names.room(saleId);
    await crowds.joinAll(saleId, 60);
    await pumpForMs(saleId, [pump], 300);
    const rateOver = async (percent: number): Promise<number> => {
      await bench.catalog.change(
        'UPDATE sales SET no_show_percent = ?, version = version + 1 WHERE sale_id = ?',
        [percent, saleId],
      );
      await gate.changed(saleId);
      await bench.redis.hset(room, 'missed', '50', 'shown', '50', 'tokens', '0');
      const before = await crowds.admittedCount(saleId);
      await pumpForMs(saleId, [pump], 1_500);
      return (await crowds.admittedCount(saleId)) - before;
    };
    const plain = await rateOver(0);
    const more = await rateOver(50);
    expect(plain).toBeLessThanOrEqual(18);
    expect(more).toBeGreaterThan(plain);
    expect(more).toBeLessThanOrEqual(18 * 1.5);
  });

  it('are those who came for no pass within a minute', async () => {
    const saleId = await bench.addSale({ passSeconds: 3_600 });
    const fans = await crowds.joinAll(saleId, 10);
    await pumpUntil(saleId, [pump], async () => (await order(saleId)).length === 10, 'everybody');
    for (const fanId of fans.slice(0, 6)) await gate.place({ saleId, fanId });
    await letPass(saleId, 61_000);
    await pump.tick(saleId);
    const figures = async () => (await bench.openGate().figures(saleId))?.noShowPercent;
    expect(await figures()).toBe(40);
  });
});
