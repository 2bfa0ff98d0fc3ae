import { createHash, createHmac } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { openRoomBench, type RoomBench } from '../test/support/rooms.js';
import { until } from '../test/support/until.js';
import type { Gate } from './gate.js';

let bench: RoomBench;
let gate: Gate;

beforeAll(async () => {
  bench = await openRoomBench();
  gate = bench.openGate();
});
afterAll(() => bench.close());

describe('a sale by arrival', () => {
  it('gives places in the order of joining and never changes them', async () => {
    const saleId = await bench.addSale({ opensInMs: 60_000 });
    const fans = await bench.addFans(20);
    for (const [index, fanId] of fans.entries()) {
      const { created, place } = await gate.join({ saleId, fanId });
      expect(created).toBe(true);
      expect(place).toMatchObject({ state: 'lobby', place: index + 1, ahead: index });
    }
    for (const [index, fanId] of fans.entries()) {
      expect(await gate.place({ saleId, fanId })).toMatchObject({ place: index + 1, ahead: index });
      const again = await gate.join({ saleId, fanId });
      expect(again).toMatchObject({ created: false, place: { place: index + 1 } });
    }
  });

  it('gives one place to fifty joins at once', async () => {
    const saleId = await bench.addSale();
    const [fanId = ''] = await bench.addFans(1);
    const other = bench.openGate();
    const joins = await Promise.all(
      Array.from({ length: 50 }, (_, n) => (n % 2 ? gate : other).join({ saleId, fanId })),
    );
    expect(joins.filter((join) => join.created)).toHaveLength(1);
    expect(new Set(joins.map((join) => join.place.place))).toEqual(new Set([1]));
    expect(await bench.redis.zcard(bench.names.line(saleId))).toBe(1);
  });

  it('tells strangers that they have no place, and refuses receipts of others', async () => {
    const saleId = await bench.addSale();
    const [first = '', second = ''] = await bench.addFans(2);
    await expect(gate.place({ saleId, fanId: first })).rejects.toMatchObject({ code: 'not_found' });
    await expect(gate.join({ saleId: 'no-sale', fanId: first })).rejects.toMatchObject({
      code: 'not_found',
    });
    const { place } = await gate.join({ saleId, fanId: first });
    await expect(
      gate.join({ saleId, fanId: second, receipt: place.receipt ?? '' }),
    ).rejects.toMatchObject({ code: 'not_acceptable' });
  });

  it('lets a fan leave and come back at the end of the line', async () => {
    const saleId = await bench.addSale();
    const fans = await bench.addFans(3);
    for (const fanId of fans) await gate.join({ saleId, fanId });
    const [first = '', second = ''] = fans;
    await gate.leave({ saleId, fanId: first });
    await gate.leave({ saleId, fanId: first });
    expect(await gate.place({ saleId, fanId: first })).toMatchObject({ state: 'done' });
    expect(await gate.place({ saleId, fanId: second })).toMatchObject({ place: 2 });
    const back = await gate.join({ saleId, fanId: first });
    expect(back).toMatchObject({ created: true, place: { state: 'waiting', place: 4 } });
  });
});

describe('the lobby and the opening', () => {
  it('refuses joins before the lobby opens, and after the sale has closed', async () => {
    const saleId = await bench.addSale({ opensInMs: 60_000 });
    const [fanId = ''] = await bench.addFans(1);
    await bench.catalog.change(
      'UPDATE sales SET lobby_opens_at = NOW(3) + INTERVAL 30 SECOND WHERE sale_id = ?',
      [saleId],
    );
    await expect(gate.join({ saleId, fanId })).rejects.toMatchObject({ code: 'sale_not_open' });
    expect(await gate.room(saleId)).toMatchObject({ state: 'scheduled', seed: null });
    await bench.catalog.change("UPDATE sales SET state = 'CLOSED', version = 2 WHERE sale_id = ?", [
      saleId,
    ]);
    await gate.changed(saleId);
    await expect(gate.join({ saleId, fanId })).rejects.toMatchObject({ code: 'sale_closed' });
    expect(await gate.room(saleId)).toMatchObject({ state: 'closed' });
  });

  it('does not go back to the lobby when the opening is moved after it has happened', async () => {
    const saleId = await bench.addSale();
    const [fanId = '', late = ''] = await bench.addFans(2);
    await gate.join({ saleId, fanId });
    await bench.catalog.change(
      'UPDATE sales SET opens_at = NOW(3) + INTERVAL 60 SECOND, version = 2 WHERE sale_id = ?',
      [saleId],
    );
    await gate.changed(saleId);
    expect(await gate.join({ saleId, fanId: late })).toMatchObject({ place: { state: 'waiting' } });
  });

  it('draws lots that anybody can compute again from the seed', async () => {
    const saleId = await bench.addSale({ lobby: 'draw', opensInMs: 60_000 });
    const fans = await bench.addFans(40);
    for (const fanId of fans) {
      const { place } = await gate.join({ saleId, fanId });
      expect(place).toMatchObject({ state: 'lobby', place: null, ahead: null, eta_seconds: null });
      expect(bench.tokens.readReceipt(place.receipt ?? '').score).toBe(0);
    }
    const before = await gate.room(saleId);
    expect(before.seed).toBeNull();
    await bench.catalog.change(
      'UPDATE sales SET opens_at = NOW(3), version = 2 WHERE sale_id = ?',
      [saleId],
    );
    await gate.changed(saleId);
    const [late = ''] = await bench.addFans(1);
    expect((await gate.join({ saleId, fanId: late })).place.place).toBe(41);
    const { seed } = await until(
      async () => {
        const room = await gate.room(saleId);
        return room.seed ? room : undefined;
      },
      { what: 'the seed in the room' },
    );
    const bytes = Buffer.from(seed ?? '', 'hex');
    expect(createHash('sha256').update(bytes).digest('hex')).toBe(before.seed_hash);
    const drawn = fans
      .map((fanId) => ({
        fanId,
        score: createHmac('sha256', bytes).update(fanId).digest().readBigUInt64BE() >> 12n,
      }))
      .sort((a, b) => (a.score < b.score ? -1 : 1));
    for (const [index, { fanId }] of drawn.entries()) {
      expect((await gate.place({ saleId, fanId })).place).toBe(index + 1);
    }
  });
});

describe('a standing sale', () => {
  it('gives the pass at once, the same one while it lives and a new one when it is spent', async () => {
    const saleId = await bench.addSale({ standing: true });
    const [fanId = ''] = await bench.addFans(1);
    const joins = await Promise.all(Array.from({ length: 10 }, () => gate.join({ saleId, fanId })));
    expect(joins.filter((join) => join.created)).toHaveLength(1);
    const passIds = joins.map((join) => bench.tokens.readPass(join.place.pass ?? '').passId);
    expect(new Set(passIds).size).toBe(1);
    expect(await gate.place({ saleId, fanId })).toMatchObject({ state: 'admitted' });
    const [passId = ''] = passIds;
    await gate.finish({ saleId, fanId, passId });
    expect(await gate.place({ saleId, fanId })).toMatchObject({ state: 'done' });
    const next = await gate.join({ saleId, fanId });
    expect(next.created).toBe(true);
    expect(bench.tokens.readPass(next.place.pass ?? '').passId).not.toBe(passId);
    expect(gate.isRevoked(passId)).toBe(false);
  });

  it('refuses banned accounts and takes back the pass of one who leaves', async () => {
    const saleId = await bench.addSale({ standing: true });
    const [fanId = '', banned = ''] = await bench.addFans(2);
    await bench.catalog.change("UPDATE fans SET state = 'BANNED' WHERE fan_id = ?", [banned]);
    await expect(gate.join({ saleId, fanId: banned })).rejects.toMatchObject({ code: 'banned' });
    const { place } = await gate.join({ saleId, fanId });
    const { passId } = bench.tokens.readPass(place.pass ?? '');
    const other = bench.openGate();
    await gate.leave({ saleId, fanId });
    expect(gate.isRevoked(passId)).toBe(true);
    await until(() => other.isRevoked(passId), { what: 'the other process to hear of it' });
  });
});
