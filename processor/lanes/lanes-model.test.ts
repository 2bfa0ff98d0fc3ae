import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Rules, Wish } from '../../core/domain/decide.js';
import type { Seat } from '../../core/domain/seat-map.js';
import { orphanRules } from '../../core/domain/single-seats.js';
import { readNowMs } from '../../core/store/database.js';
import { insertRequests } from '../../core/store/shard/journal.js';
import { type ModelSeat, type Plan, play } from '../../simulate/seat-model.js';
import { fc } from '../../test/support/draws.js';
import { anyPriceRules, anySeats } from '../../test/support/halls.js';
import {
  brokenRows,
  decidedRows,
  type LaneWorld,
  laneRules,
  openLaneWorld,
} from '../../test/support/lane-world.js';

type Step = {
  requests: { fan: number; wish: Wish }[];
  /** Which of the holds there are, counted around, run out before this step. */
  runOut: number[];
};

const anyWish = (seats: Seat[]): fc.Arbitrary<Wish> =>
  fc.oneof(
    fc
      .uniqueArray(fc.nat(seats.length - 1), { minLength: 1, maxLength: 3 })
      .map((picks) => ({ seats: picks.flatMap((pick) => seats[pick]?.seat ?? []) })),
    fc.record(
      { quantity: fc.integer({ min: 1, max: 4 }), zone: fc.constantFrom('front', 'back') },
      { requiredKeys: ['quantity'] },
    ),
    fc.record({ quantity: fc.integer({ min: 1, max: 3 }), accessible: fc.constant(true) }),
  );

const anyPlan = anySeats.chain((seats) =>
  fc.record({
    orphanRule: fc.constantFrom(...orphanRules),
    prices: anyPriceRules,
    seats: fc.constant(
      seats.map((seat): Seat => ({ ...seat, state: seat.state === 'FREE' ? 'FREE' : 'BLOCKED' })),
    ),
    steps: fc.array(
      fc.record({
        requests: fc.array(fc.record({ fan: fc.nat(6), wish: anyWish(seats) }), { maxLength: 12 }),
        runOut: fc.array(fc.nat(20), { maxLength: 3 }),
      }),
      { minLength: 1, maxLength: 5 },
    ),
  }),
);

describe('the lanes beside the model', () => {
  let world: LaneWorld;
  beforeAll(async () => {
    world = await openLaneWorld();
  });
  afterAll(() => world.close());

  it(
    'decide as it does, write what they decide, and keep no seat of a hold that ran out',
    () =>
      fc.assert(
        fc.asyncProperty(anyPlan, async ({ seats, steps, orphanRule, prices }) => {
          const showId = await world.addShow(seats, { orphanRule });
          const rules = { ...baseRules, orphanRule, prices };
          await world.shard.change('UPDATE show_head SET price_rules = ? WHERE show_id = ?', [
            prices && JSON.stringify(prices),
            showId,
          ]);
          const { lanes, batches } = world.openLanes();
          let state: Pick<Plan, 'seats' | 'quotas'> = { seats, quotas: new Map() };
          for (const step of steps) {
            state = await runOut(world, showId, step, state);
            await accept(world, showId, step);
            batches.length = 0;
            await world.drain(lanes, showId);
            const decisions = batches.flat().flatMap((show) => show.decisions);
            const plan = { ...state, requests: decisions.map((one) => one.request) };
            const { faults, ...after } = play(plan, decisions, rules, await readNowMs(world.shard));
            expect(faults).toEqual([]);
            expect(decisions).toHaveLength(step.requests.length);
            state = after;
            await compare(world, showId, state);
          }
        }),
        { numRuns: 25 },
      ),
    120_000,
  );
});

const baseRules: Rules = {
  seatCap: laneRules.seatCap,
  orphanRule: 'off',
  prices: null,
  bookingFee: laneRules.bookingFee,
  holdMs: laneRules.holdSeconds * 1000,
  holdLimitMs: laneRules.holdLimitSeconds * 1000,
  startsAtMs: Number.MAX_SAFE_INTEGER,
  undecidedMsMax: 60_000,
};

async function accept(world: LaneWorld, showId: number, step: Step): Promise<void> {
  for (const { fan, wish } of step.requests) {
    const entry = world.entry(showId, wish, { fanId: `fan-${fan}`.padEnd(12, '0') });
    await insertRequests(world.shard, [entry]);
  }
}

/** Sets back the end of some holds, and takes them from the model. */
async function runOut(
  world: LaneWorld,
  showId: number,
  step: Step,
  state: Pick<Plan, 'seats' | 'quotas'>,
): Promise<Pick<Plan, 'seats' | 'quotas'>> {
  const held = await world.shard.rows<{ no: number; fanId: string; seats: string }>(
    `SELECT reservation_id AS no, fan_id AS fanId, seats FROM reservation
     WHERE show_id = ? AND state = 'HELD' ORDER BY reservation_id`,
    [showId],
  );
  const ends = [...new Set(step.runOut.map((pick) => held[pick % held.length]))];
  const seats = state.seats.map((seat): ModelSeat => ({ ...seat }));
  const quotas = new Map([...state.quotas].map(([fan, quota]) => [fan, { ...quota }]));
  for (const hold of ends) {
    // Without a request nothing wakes the lane in this test, so nothing would be freed.
    if (!hold || step.requests.length === 0) continue;
    await world.shard.change(
      'UPDATE reservation SET due_at = NOW(3) - INTERVAL 1 SECOND WHERE show_id = ? AND reservation_id = ?',
      [showId, hold.no],
    );
    const names = (JSON.parse(hold.seats) as [number, string, number][]).map(([, name]) => name);
    for (const seat of seats) if (names.includes(seat.seat)) seat.state = 'FREE';
    const quota = quotas.get(hold.fanId);
    if (quota) quota.taken -= names.length;
  }
  return { seats, quotas };
}

async function compare(
  world: LaneWorld,
  showId: number,
  { seats, quotas }: Pick<Plan, 'seats' | 'quotas'>,
): Promise<void> {
  const rows = await world.shard.rows<{ seat: string; state: string }>(
    'SELECT seat, state FROM show_seat WHERE show_id = ? ORDER BY seat_no',
    [showId],
  );
  expect(rows).toEqual(seats.map(({ seat, state }) => ({ seat, state })));
  const taken = await world.shard.rows<{ fanId: string; taken: number }>(
    'SELECT fan_id AS fanId, taken FROM quota WHERE show_id = ? AND taken > 0 ORDER BY fan_id',
    [showId],
  );
  const expected = [...quotas].filter(([, quota]) => quota.taken > 0).sort();
  expect(taken).toEqual(expected.map(([fanId, quota]) => ({ fanId, taken: quota.taken })));
  expect((await decidedRows(world.shard, showId)).map((row) => row.state)).not.toContain(
    'ACCEPTED',
  );
  expect(await brokenRows(world.shard, showId)).toEqual([]);
}
