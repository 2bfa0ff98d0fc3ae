import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { fc } from '../test/support/draws.js';
import { openRoomBench, type RoomBench } from '../test/support/rooms.js';
import type { Gate } from './gate.js';
import { limits } from './limits.js';
import type { Pump } from './pump.js';

const fanCount = 6;
const passCap = 2;

type Step =
  | { do: 'join' | 'look' | 'leave' | 'finish'; fan: number }
  | { do: 'tick'; pump: number }
  | { do: 'pass'; ms: number };

const fan = fc.nat({ max: fanCount - 1 });
const on = (verb: 'join' | 'look' | 'leave' | 'finish') =>
  fc.record({ do: fc.constant(verb), fan });
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 5, arbitrary: on('join') },
  { weight: 6, arbitrary: on('look') },
  { weight: 1, arbitrary: on('leave') },
  { weight: 3, arbitrary: on('finish') },
  {
    weight: 6,
    arbitrary: fc.record({ do: fc.constant('tick' as const), pump: fc.nat({ max: 1 }) }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant('pass' as const),
      ms: fc.constantFrom(25_000, limits.graceMs + 1, limits.keptMs + 1),
    }),
  },
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

/** What an onlooker knows: who waits at which place, and until when each counts as present. */
type Notes = {
  saleId: string;
  fans: string[];
  waiting: Map<string, { place: number; presentUntil: number }>;
};

async function clockOf(saleId: string): Promise<number> {
  return Number((await bench.redis.hget(bench.names.room(saleId), 'vclock')) ?? 0);
}

async function livePasses(saleId: string): Promise<Map<string, string>> {
  const rows = await bench.catalog.rows<{ fanId: string; passId: string }>(
    "SELECT fan_id AS fanId, pass_id AS passId FROM admission WHERE sale_id = ? AND state = 'LIVE'",
    [saleId],
  );
  expect(new Set(rows.map((row) => row.fanId)).size).toBe(rows.length);
  expect(rows.length).toBeLessThanOrEqual(passCap);
  return new Map(rows.map((row) => [row.fanId, row.passId]));
}

async function tick({ saleId, waiting }: Notes, pump: number): Promise<void> {
  const before = await livePasses(saleId);
  await pumps[pump]?.tick(saleId);
  const now = await clockOf(saleId);
  const after = await livePasses(saleId);
  const entered = [...after.keys()].filter((fanId) => !before.has(fanId));
  for (const fanId of entered) {
    const { place } = waiting.get(fanId) ?? { place: 0 };
    for (const [other, theirs] of waiting) {
      if (theirs.place >= place || theirs.presentUntil < now) continue;
      // Nobody who is there is overtaken, whoever comes and goes around.
      expect([place, theirs.place, entered.includes(other)]).toEqual([place, theirs.place, true]);
    }
  }
  for (const fanId of entered) waiting.delete(fanId);
}

async function take(notes: Notes, wanted: Step): Promise<void> {
  const { saleId, waiting } = notes;
  if (wanted.do === 'tick') return tick(notes, wanted.pump);
  if (wanted.do === 'pass') {
    await bench.redis.hincrby(bench.names.room(saleId), 'vclock', wanted.ms);
    return;
  }
  const fanId = notes.fans[wanted.fan] ?? '';
  const ask = { saleId, fanId };
  if (wanted.do === 'leave') {
    await gate.leave(ask);
    waiting.delete(fanId);
  } else if (wanted.do === 'finish') {
    const passId = (await livePasses(saleId)).get(fanId);
    if (passId !== undefined) await gate.finish({ ...ask, passId });
  } else if (wanted.do === 'join' || waiting.has(fanId)) {
    const place = wanted.do === 'join' ? (await gate.join(ask)).place : await gate.place(ask);
    const known = waiting.get(fanId);
    if (place.state !== 'waiting' && place.state !== 'away') {
      waiting.delete(fanId);
      return;
    }
    // The place told never changes while it is held; one that was kept long enough is over.
    if (known && wanted.do === 'look') expect(place.place).toBe(known.place);
    const presentUntil = (await clockOf(saleId)) + limits.graceMs;
    waiting.set(fanId, { place: place.place ?? 0, presentUntil });
  }
}

describe('any plan of fans who come, sleep, wake up and go', () => {
  it('overtakes nobody who is there, with two pumps, and never passes the cap', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 20, maxLength: 60 }), async (plan) => {
        const notes: Notes = {
          saleId: await bench.addSale({ passCap, passSeconds: 36_000 }),
          fans: await bench.addFans(fanCount),
          waiting: new Map(),
        };
        await pumps[0]?.tick(notes.saleId);
        for (const wanted of plan) await take(notes, wanted);
      }),
      { numRuns: 15, endOnFailure: true },
    );
  });
});
