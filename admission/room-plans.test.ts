import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { fc } from '../test/support/draws.js';
import { openRoomBench, type RoomBench } from '../test/support/rooms.js';
import { until } from '../test/support/until.js';
import type { Gate } from './gate.js';
import type { Pump } from './pump.js';

const fanCount = 6;
const passCap = 2;

type Step =
  | { do: 'join' | 'leave' | 'finish' | 'look'; fan: number }
  | { do: 'tick'; pump: number }
  | { do: 'pause' | 'resume' };

const fan = fc.nat({ max: fanCount - 1 });
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 6, arbitrary: fc.record({ do: fc.constant('join' as const), fan }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('leave' as const), fan }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('finish' as const), fan }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('look' as const), fan }) },
  {
    weight: 5,
    arbitrary: fc.record({ do: fc.constant('tick' as const), pump: fc.nat({ max: 1 }) }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constantFrom('pause' as const, 'resume' as const) }) },
);

let bench: RoomBench;
let gate: Gate;
let pumps: Pump[];

beforeAll(async () => {
  bench = await openRoomBench();
  gate = bench.openGate();
  pumps = [bench.openPump(), bench.openPump()];
});
afterAll(() => bench.close());

/** What an onlooker notes: the places told, and how many were given to whom. */
type Notes = {
  saleId: string;
  fans: string[];
  places: Map<string, number>;
  given: Map<string, number>;
};

async function take(notes: Notes, wanted: Step, version: { now: number }): Promise<void> {
  const { saleId, fans } = notes;
  if (wanted.do === 'tick') return pumps[wanted.pump]?.tick(saleId);
  if (!('fan' in wanted)) {
    version.now += 1;
    await bench.catalog.change('UPDATE sales SET state = ?, version = ? WHERE sale_id = ?', [
      wanted.do === 'pause' ? 'PAUSED' : 'ACTIVE',
      version.now,
      saleId,
    ]);
    return gate.changed(saleId);
  }
  const fanId = fans[wanted.fan] ?? '';
  if (wanted.do === 'leave') {
    await gate.leave({ saleId, fanId });
    notes.places.delete(fanId);
  } else if (wanted.do === 'finish') {
    const [live] = await bench.catalog.rows<{ passId: string }>(
      "SELECT pass_id AS passId FROM admission WHERE sale_id = ? AND fan_id = ? AND state = 'LIVE'",
      [saleId, fanId],
    );
    if (!live) return;
    await gate.finish({ saleId, fanId, passId: live.passId });
    notes.places.delete(fanId);
  } else if (wanted.do === 'join') {
    const { created, place } = await gate.join({ saleId, fanId });
    const before = notes.places.get(fanId);
    expect(created).toBe(before === undefined);
    if (!created) expect(place.place).toBe(before);
    expect(place.ahead).toBeLessThanOrEqual((place.place ?? 0) - 1);
    notes.places.set(fanId, place.place ?? 0);
    if (created) notes.given.set(fanId, (notes.given.get(fanId) ?? 0) + 1);
  } else if (notes.places.has(fanId)) {
    expect((await gate.place({ saleId, fanId })).place).toBe(notes.places.get(fanId));
  }
}

type Row = { fanId: string; score: number; state: string };

async function judge({ saleId, places, given }: Notes): Promise<Row[]> {
  expect(new Set(places.values()).size).toBe(places.size);
  const rows = await bench.catalog.rows<Row>(
    `SELECT fan_id AS fanId, score, state FROM admission WHERE sale_id = ?
     ORDER BY admitted_at, score`,
    [saleId],
  );
  expect(rows.filter((row) => row.state === 'LIVE').length).toBeLessThanOrEqual(passCap);
  const scores = rows.map((row) => row.score);
  expect(scores).toEqual([...new Set(scores)].sort((a, b) => a - b));
  for (const [fanId, times] of given) {
    expect(rows.filter((row) => row.fanId === fanId).length).toBeLessThanOrEqual(times);
  }
  return rows;
}

describe('any plan of joins, leaves, passes spent, pauses and ticks of two pumps', () => {
  it('keeps order, places and cap, and lets everybody in at the end', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 10, maxLength: 60 }), async (plan) => {
        const notes: Notes = {
          saleId: await bench.addSale({ passCap }),
          fans: await bench.addFans(fanCount),
          places: new Map(),
          given: new Map(),
        };
        const version = { now: 1 };
        for (const wanted of plan) {
          await take(notes, wanted, version);
          await judge(notes);
        }
        await take(notes, { do: 'resume' }, version);
        await until(
          async () => {
            for (const pump of pumps) await pump.tick(notes.saleId);
            for (let n = 0; n < fanCount; n += 1) {
              const fanId = notes.fans[n] ?? '';
              const spent = await gate
                .place({ saleId: notes.saleId, fanId })
                .catch(() => undefined);
              if (spent?.pass) await take(notes, { do: 'finish', fan: n }, version);
            }
            await judge(notes);
            return notes.places.size === 0;
          },
          { what: 'everybody to have had a turn' },
        );
      }),
      { numRuns: 12, endOnFailure: true },
    );
  });
});
