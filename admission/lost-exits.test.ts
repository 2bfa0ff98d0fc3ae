import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import {
  type OwnRedis,
  openRoomBench,
  type RoomBench,
  startOwnRedis,
} from '../test/support/rooms.js';
import { openTestStores, type TestStores } from '../test/support/stores.js';
import { until } from '../test/support/until.js';
import type { Gate } from './gate.js';

const restoreMs = 1_000;
let stores: TestStores;
let own: OwnRedis;
let bench: RoomBench;
let gate: Gate;

beforeAll(async () => {
  stores = await openTestStores(1);
  own = await startOwnRedis();
  bench = await openRoomBench({ redisUrl: own.url, restoreMs });
  gate = bench.openGate();
});
afterAll(async () => {
  await bench.close();
  await own.close();
  await stores.close();
});

type Line = { saleId: string; fans: string[]; receipts: Map<string, string> };

async function line(on: { bench: RoomBench; gate: Gate }, count: number, wish = {}): Promise<Line> {
  const saleId = await on.bench.addSale(wish);
  const fans = await on.bench.addFans(count);
  const receipts = new Map<string, string>();
  for (const fanId of fans) await keepReceipt(on.gate, { saleId, fans, receipts }, fanId);
  return { saleId, fans, receipts };
}

async function keepReceipt(from: Gate, { saleId, receipts }: Line, fanId: string): Promise<void> {
  const { place } = await from.join({ saleId, fanId });
  receipts.set(fanId, place.receipt ?? '');
}

/** Everybody shows the receipt that was kept, the last first, and whether it was refused. */
async function comeBack(to: Gate, { saleId, fans, receipts }: Line): Promise<string[]> {
  const refused: string[] = [];
  for (const fanId of [...fans].reverse()) {
    const receipt = receipts.get(fanId) ?? '';
    await to.join({ saleId, fanId, receipt }).catch((error: { code: string }) => {
      refused.push(`${fanId} ${error.code}`);
    });
  }
  return refused;
}

async function order(of: RoomBench, saleId: string): Promise<string[]> {
  const rows = await of.catalog.rows<{ fanId: string }>(
    'SELECT fan_id AS fanId FROM admission WHERE sale_id = ? ORDER BY admitted_at, score',
    [saleId],
  );
  return rows.map((row) => row.fanId);
}

async function pumpUntil(on: RoomBench, saleId: string, count: number): Promise<void> {
  const pump = on.openPump();
  const done = async () => {
    await pump.tick(saleId);
    return (await order(on, saleId)).length >= count;
  };
  await until(done, { what: `${count} admissions`, every: 20 });
}

describe('a room whose Redis was emptied', () => {
  it('gives nobody back what was left, revoked or used up', async () => {
    const all = await line({ bench, gate }, 6, { passCap: 2 });
    const { saleId, fans, receipts } = all;
    const [spent = '', revokedInside = '', left = '', revoked = '', stays = '', again = ''] = fans;
    await pumpUntil(bench, saleId, 2);
    const pass = (await gate.place({ saleId, fanId: spent })).pass ?? '';
    await gate.finish({ saleId, fanId: spent, passId: bench.tokens.readPass(pass).passId });
    await gate.revoke({ saleId, fanId: revokedInside });
    await gate.revoke({ saleId, fanId: revoked });
    await gate.leave({ saleId, fanId: left });
    await gate.leave({ saleId, fanId: again });
    const firstReceipt = receipts.get(again) ?? '';
    await keepReceipt(gate, all, again);
    expect(receipts.get(again)).not.toBe(firstReceipt);

    await bench.redis.flushall();
    const refused = await comeBack(gate, all);
    expect(refused.sort()).toEqual([`${revokedInside} banned`, `${revoked} banned`].sort());
    expect((await gate.place({ saleId, fanId: stays })).state).toBe('waiting');
    await bench.catalog.change('UPDATE sales SET pass_cap = 9, version = 9 WHERE sale_id = ?', [
      saleId,
    ]);
    await gate.changed(saleId);
    await pumpUntil(bench, saleId, 6);
    // Two were let in before; a place that was taken anew is restored, the others are at the end.
    expect(await order(bench, saleId)).toEqual([
      spent,
      revokedInside,
      stays,
      again,
      ...[left, spent].sort((a, b) => fans.indexOf(b) - fans.indexOf(a)),
    ]);
    expect(new Set(await order(bench, saleId)).has(revoked)).toBe(false);
  });

  it('forgets a lobby that was left, and keeps one that was entered again', async () => {
    const all = await line({ bench, gate }, 4, { lobby: 'draw', opensInMs: 60_000 });
    const { saleId, fans } = all;
    const [left = '', again = ''] = fans;
    await gate.leave({ saleId, fanId: left });
    await gate.leave({ saleId, fanId: again });
    await keepReceipt(gate, all, again);
    await bench.catalog.change(
      'UPDATE sales SET opens_at = NOW(3), version = 9 WHERE sale_id = ?',
      [saleId],
    );
    await bench.redis.flushall();
    await gate.changed(saleId);
    await comeBack(gate, all);
    await pumpUntil(bench, saleId, 4);
    const rows = await bench.catalog.rows<{ fanId: string; score: string }>(
      'SELECT fan_id AS fanId, score FROM admission WHERE sale_id = ?',
      [saleId],
    );
    const late = rows.filter((row) => BigInt(row.score) >= 2n ** 52n).map((row) => row.fanId);
    expect(late).toEqual([left]);
  });
});

describe('a failover to a replica that lagged behind', () => {
  it('goes on in the old order with the receipts of what the replica missed', async () => {
    const secrets = { ...bench.secrets, ...keysOf() };
    const primary = await openRoomBench({ redisUrl: own.url, restoreMs, on: { stores, secrets } });
    const replica = await startOwnRedis();
    try {
      const first = primary.openGate();
      const all = await line({ bench: primary, gate: first }, 4, { passCap: 1 });
      const { saleId } = all;
      await pumpUntil(primary, saleId, 1);
      const promoted = await openRoomBench({
        redisUrl: replica.url,
        restoreMs,
        on: { stores, secrets },
      });
      await promoted.redis.replicaof('127.0.0.1', Number(new URL(own.url).port));
      const room = primary.names.room(saleId);
      await until(async () => (await promoted.redis.exists(room)) === 1, { what: 'the copy' });
      await promoted.redis.replicaof('NO', 'ONE');
      const missed = await primary.addFans(2);
      for (const fanId of missed) await keepReceipt(first, all, fanId);
      all.fans.push(...missed);

      const second = promoted.openGate();
      expect(await comeBack(second, all)).toEqual([]);
      expect(await second.room(saleId)).toMatchObject({ epoch: 2, state: 'restoring' });
      await promoted.catalog.change(
        'UPDATE sales SET pass_cap = 9, version = 9 WHERE sale_id = ?',
        [saleId],
      );
      await second.changed(saleId);
      await pumpUntil(promoted, saleId, 6);
      expect(await order(promoted, saleId)).toEqual(all.fans);
      await promoted.close();
    } finally {
      await primary.close();
      await replica.close();
    }
  });
});

function keysOf() {
  const key = () => [{ kid: 'k1', key: Buffer.alloc(32, 7) }];
  return { session: key(), pass: key(), receipt: key(), data: key() };
}
