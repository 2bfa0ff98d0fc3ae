import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import {
  type AdmissionRow,
  type Crowds,
  openCrowds,
  pumpForMs,
  pumpUntil,
} from '../test/support/crowds.js';
import { openRoomBench, type RoomBench } from '../test/support/rooms.js';
import { until } from '../test/support/until.js';
import type { Gate } from './gate.js';

let bench: RoomBench;
let gate: Gate;
let crowds: Crowds;

beforeAll(async () => {
  bench = await openRoomBench();
  gate = bench.openGate();
  crowds = openCrowds(bench, gate);
});
afterAll(() => bench.close());

/** Most admissions over the limit in any span between two of them; at most 0 when exact. */
function worstExcess(rows: AdmissionRow[], perMinute: number, slackMs: number): number {
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
    const fans = await crowds.joinAll(saleId, 150);
    const pumps = [bench.openPump(), bench.openPump()];
    const startMs = Date.now();
    await pumpUntil(
      saleId,
      pumps,
      async () => (await crowds.admittedCount(saleId)) >= 100,
      'a hundred',
    );
    const tookMs = Date.now() - startMs;
    const rows = await crowds.admissions(saleId);
    // A commit carries its own time, which may come a little later than the tick's.
    expect(worstExcess(rows, ratePerMinute, 100)).toBeLessThanOrEqual(0);
    expect(rows.length).toBeGreaterThan((tookMs * ratePerMinute) / 60_000 / 2);
    expect(new Set(rows.map((row) => row.fanId)).size).toBe(rows.length);
    expect(new Set(rows.map((row) => row.fanId))).toEqual(new Set(fans.slice(0, rows.length)));
  });

  it('never lets more in within a minute than it says', async () => {
    const saleId = await bench.addSale({ ratePerMinute: 5 });
    await crowds.joinAll(saleId, 10);
    const pump = bench.openPump();
    await pump.tick(saleId);
    expect(await crowds.admittedCount(saleId)).toBe(1);
    await bench.redis.hset(bench.names.room(saleId), 'tokens', '9', 'window_count', '4');
    await bench.redis.rpush(bench.names.window(saleId), `${Date.now()}:3`);
    await pump.tick(saleId);
    expect(await crowds.admittedCount(saleId)).toBe(2);
    await pump.tick(saleId);
    expect(await crowds.admittedCount(saleId)).toBe(2);
  });

  it('gives no burst after a pause of the pump or of the sale', async () => {
    const ratePerMinute = 1_200;
    const saleId = await bench.addSale({ ratePerMinute });
    await crowds.joinAll(saleId, 100);
    const pump = bench.openPump();
    await pumpForMs(saleId, [pump], 300);
    const restedMs = performance.now() + 1_500;
    await until(() => performance.now() > restedMs, { what: 'a pump that rested' });
    const before = await crowds.admittedCount(saleId);
    await pump.tick(saleId);
    expect((await crowds.admittedCount(saleId)) - before).toBeLessThanOrEqual(1 + 200 / 50);
    await crowds.setState(saleId, 'PAUSED', 2);
    const atPause = await crowds.admittedCount(saleId);
    expect((await gate.room(saleId)).state).toBe('paused');
    await pumpForMs(saleId, [pump], 700);
    expect(await crowds.admittedCount(saleId)).toBe(atPause);
    await crowds.setState(saleId, 'ACTIVE', 3);
    await pump.tick(saleId);
    expect((await crowds.admittedCount(saleId)) - atPause).toBeLessThanOrEqual(1);
    expect(worstExcess(await crowds.admissions(saleId), ratePerMinute, 100)).toBeLessThanOrEqual(0);
  });

  it('opens nothing when a clock steps', async () => {
    const saleId = await bench.addSale({ ratePerMinute: 600 });
    await crowds.joinAll(saleId, 100);
    const pump = bench.openPump();
    await pump.tick(saleId);
    const tenMinutesAgo = String(Date.now() - 600_000);
    await bench.redis.hset(bench.names.room(saleId), 'tick_at', tenMinutesAgo);
    await pump.tick(saleId);
    expect(await crowds.admittedCount(saleId)).toBeLessThanOrEqual(3);
    const inTenMinutes = String(Date.now() + 600_000);
    await bench.redis.hset(bench.names.room(saleId), 'tick_at', inTenMinutes);
    await pump.tick(saleId);
    expect(await crowds.admittedCount(saleId)).toBeLessThanOrEqual(4);
    const leases = await bench.redis.zcard(bench.names.leases(saleId));
    expect(leases).toBe(await crowds.admittedCount(saleId));
  });
});
