import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { solveChallenge } from 'altcha-lib/v1';
import { createCode, endCode, listCodes } from '../core/store/catalog/sale-codes.js';
import { changeSale, type SaleSettings } from '../core/store/catalog/sales.js';
import { openRoomBench, type RoomBench } from '../test/support/rooms.js';
import { until } from '../test/support/until.js';
import type { Gate } from './gate.js';
import type { Challenge } from './work.js';

let bench: RoomBench;
let gate: Gate;

beforeAll(async () => {
  bench = await openRoomBench();
  gate = bench.openGate();
});
afterAll(() => bench.close());

async function change(saleId: string, set: Partial<SaleSettings>): Promise<void> {
  await bench.catalog.transaction((tx) =>
    changeSale(tx, { saleId, actor: 'test', action: 'sale.test', set }),
  );
  await gate.changed(saleId);
}

async function addCode(
  saleId: string,
  code: string,
  more: { kind?: 'presale' | 'staff' | 'accessibility'; usesMax?: number } = {},
): Promise<void> {
  const wish = { saleId, code, kind: more.kind ?? 'presale', usesMax: more.usesMax ?? 1 };
  await bench.catalog.transaction((tx) => createCode(tx, { ...wish, actor: 'test' }));
  await gate.changed(saleId);
}

async function solve(challenge: Challenge | null): Promise<string> {
  if (!challenge) throw new Error('no work was asked');
  const { salt, maxnumber } = challenge;
  const solved = await solveChallenge(challenge.challenge, salt, 'SHA-256', maxnumber).promise;
  return encode({ ...challenge, number: solved?.number });
}

const encode = (solution: object) => Buffer.from(JSON.stringify(solution)).toString('base64');

describe('proof of work', () => {
  it('is asked of newcomers only, and counts once, for one fan and one sale', async () => {
    const saleId = await bench.addSale();
    const [early = '', fanId = '', other = ''] = await bench.addFans(3);
    await gate.join({ saleId, fanId: early });
    expect(await gate.challenge({ saleId, fanId })).toBeNull();

    await change(saleId, { powDifficulty: 500 });
    expect(await gate.join({ saleId, fanId: early })).toMatchObject({ created: false });
    await expect(gate.join({ saleId, fanId })).rejects.toMatchObject({
      code: 'challenge_required',
      extra: { challenge_url: `/api/v1/sales/${saleId}/challenge` },
    });
    const challenge = await solve(await gate.challenge({ saleId, fanId }));
    const failed = { code: 'challenge_failed' };
    await expect(gate.join({ saleId, fanId: other, challenge })).rejects.toMatchObject(failed);
    expect(await gate.join({ saleId, fanId, challenge })).toMatchObject({ created: true });
    await gate.leave({ saleId, fanId });
    await expect(gate.join({ saleId, fanId, challenge })).rejects.toMatchObject(failed);

    await until(async () => (await gate.caught(saleId)).pow_replayed === 1, { what: 'counters' });
    expect(await gate.caught(saleId)).toMatchObject({
      pow_asked: 1,
      pow_missing: 1,
      pow_passed: 1,
      pow_failed: 1,
      pow_replayed: 1,
    });
  });

  it('counts one solution once over any number of parallel joins', async () => {
    const saleId = await bench.addSale();
    const [fanId = ''] = await bench.addFans(1);
    await change(saleId, { powDifficulty: 200 });
    const challenge = await solve(await gate.challenge({ saleId, fanId }));
    const gates = [gate, bench.openGate()];
    const tries = Array.from({ length: 20 }, (_, n) =>
      (gates[n % 2] ?? gate).join({ saleId, fanId, challenge }).then(
        (joined) => joined.created,
        () => false,
      ),
    );
    expect((await Promise.all(tries)).filter(Boolean)).toHaveLength(1);
    await until(async () => (await gate.caught(saleId)).pow_passed === 1, { what: 'one pass' });
  });

  it('refuses what was changed, and easier work than the sale asks for by now', async () => {
    const saleId = await bench.addSale();
    const [fanId = ''] = await bench.addFans(1);
    await change(saleId, { powDifficulty: 100 });
    const given = await gate.challenge({ saleId, fanId });
    const solved = await solve(given);
    const parts = JSON.parse(Buffer.from(solved, 'base64').toString()) as Record<string, unknown>;
    const wrong = [
      'not base64 of anything',
      encode({ ...parts, number: Number(parts.number) + 1 }),
      encode({ ...parts, salt: String(parts.salt).replace('difficulty=100', 'difficulty=900') }),
      encode({ ...parts, salt: String(parts.salt).replace(/expires=\d/, 'expires=9') }),
      encode({ ...parts, signature: 'f'.repeat(64) }),
      encode({ ...parts, algorithm: 'SHA-1' }),
    ];
    for (const challenge of wrong) {
      await expect(gate.join({ saleId, fanId, challenge })).rejects.toMatchObject({
        code: 'challenge_failed',
      });
    }
    await change(saleId, { powDifficulty: 300 });
    await expect(gate.join({ saleId, fanId, challenge: solved })).rejects.toMatchObject({
      code: 'challenge_failed',
    });
    await change(saleId, { powDifficulty: 0 });
    expect(await gate.join({ saleId, fanId })).toMatchObject({ created: true });
  });
});

describe('codes', () => {
  it('open a presale to their holders alone, however they are typed', async () => {
    const saleId = await bench.addSale();
    const [fanId = '', other = ''] = await bench.addFans(2);
    await change(saleId, { presaleUntil: new Date(Date.now() + 60_000) });
    await addCode(saleId, 'MEMBERS-26');
    await expect(gate.join({ saleId, fanId })).rejects.toMatchObject({ code: 'code_required' });
    await expect(gate.join({ saleId, fanId, code: 'GUESS' })).rejects.toMatchObject({
      code: 'code_refused',
    });
    const joined = await gate.join({ saleId, fanId, code: 'members 26' });
    expect(joined).toMatchObject({ created: true, place: { place: 1 } });
    expect(await gate.join({ saleId, fanId })).toMatchObject({ created: false });
    await expect(gate.join({ saleId, fanId: other, code: 'MEMBERS26' })).rejects.toMatchObject({
      code: 'code_refused',
    });
    await change(saleId, { presaleUntil: null });
    expect(await gate.join({ saleId, fanId: other })).toMatchObject({ created: true });
  });

  it('are counted exactly under parallel joins', async () => {
    const saleId = await bench.addSale();
    await change(saleId, { presaleUntil: new Date(Date.now() + 60_000) });
    await addCode(saleId, 'TEN-OF-THEM', { usesMax: 10 });
    const fans = await bench.addFans(30);
    const gates = [gate, bench.openGate()];
    const tries = [...fans, ...fans].map((fanId, n) =>
      (gates[n % 2] ?? gate).join({ saleId, fanId, code: 'TEN-OF-THEM' }).then(
        () => fanId,
        (error: { code?: string }) => error.code,
      ),
    );
    const got = await Promise.all(tries);
    const inside = new Set(got.filter((one) => one !== 'code_refused'));
    expect(inside.size).toBe(10);
    expect([...inside].every((one) => fans.includes(one ?? ''))).toBe(true);
    expect(await listCodes(bench.catalog, saleId)).toMatchObject([{ uses: 10, usesMax: 10 }]);
    expect(await bench.redis.zcard(bench.names.line(saleId))).toBe(10);
  });

  it('are made once, however many ask for one at once', async () => {
    const saleId = await bench.addSale();
    const wish = { saleId, code: 'TWIN-1', kind: 'presale', usesMax: 1, actor: 'test' } as const;
    const made = await Promise.allSettled(
      Array.from({ length: 6 }, () => bench.catalog.transaction((tx) => createCode(tx, wish))),
    );
    const refused = made.flatMap((one) => (one.status === 'rejected' ? [one.reason.code] : []));
    expect(refused).toEqual(Array(5).fill('already_exists'));
    expect(await listCodes(bench.catalog, saleId)).toHaveLength(1);
  });

  it('end for those who have not used them', async () => {
    const saleId = await bench.addSale();
    const [fanId = '', other = ''] = await bench.addFans(2);
    await addCode(saleId, 'TWICE', { usesMax: 2 });
    await gate.join({ saleId, fanId, code: 'TWICE' });
    await bench.catalog.transaction((tx) => endCode(tx, { saleId, code: 'twice', actor: 'test' }));
    expect(await gate.join({ saleId, fanId, code: 'TWICE' })).toMatchObject({ created: false });
    await expect(gate.join({ saleId, fanId: other, code: 'TWICE' })).rejects.toMatchObject({
      code: 'code_refused',
    });
  });
});

describe('priority', () => {
  it('gets its share of the turns while others wait, and all when nobody does', async () => {
    const saleId = await bench.addSale({ ratePerMinute: 60_000 });
    const fans = await bench.addFans(40);
    const favoured = await bench.addFans(12);
    await addCode(saleId, 'STAFF', { kind: 'staff', usesMax: 100 });
    await change(saleId, { passCap: 1, priorityShare: 25 });
    for (const fanId of fans) await gate.join({ saleId, fanId });
    for (const fanId of favoured) await gate.join({ saleId, fanId, code: 'STAFF' });
    const pump = bench.openPump();
    const order: string[] = [];
    for (let cap = 1; cap <= 52; cap += 1) {
      await change(saleId, { passCap: cap });
      await until(
        async () => {
          await pump.tick(saleId);
          return (await admittedTo(saleId)).length === cap;
        },
        { what: 'the next admission' },
      );
      const next = (await admittedTo(saleId)).filter((fanId) => !order.includes(fanId));
      expect(next).toHaveLength(1);
      order.push(...next);
    }
    const firsts = order.slice(0, 40);
    const share = firsts.filter((fanId) => favoured.includes(fanId));
    expect(share.length).toBeGreaterThanOrEqual(8);
    expect(share.length).toBeLessThanOrEqual(10);
    expect(order.filter((fanId) => fans.includes(fanId))).toEqual(fans);
    expect(order.filter((fanId) => favoured.includes(fanId))).toEqual(favoured);
    await until(async () => (await gate.room(saleId)).waiting === 0, { what: 'an empty room' });
  });

  it('is never above the rate', async () => {
    const saleId = await bench.addSale({ ratePerMinute: 3 });
    const favoured = await bench.addFans(20);
    await addCode(saleId, 'HELP', { kind: 'accessibility', usesMax: 100 });
    for (const fanId of favoured) await gate.join({ saleId, fanId, code: 'HELP' });
    const pump = bench.openPump();
    for (let tick = 0; tick < 30; tick += 1) await pump.tick(saleId);
    expect(await admittedTo(saleId)).toEqual(favoured.slice(0, 1));
  });
});

async function admittedTo(saleId: string): Promise<string[]> {
  const rows = await bench.catalog.rows<{ fanId: string }>(
    'SELECT fan_id AS fanId FROM admission WHERE sale_id = ? ORDER BY admitted_at, score',
    [saleId],
  );
  return rows.map((row) => row.fanId);
}
