import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Wish } from '../../core/domain/decide.js';
import type { Seat } from '../../core/domain/seat-map.js';
import type { Want } from '../../core/domain/waitlist.js';
import { fc } from '../../test/support/draws.js';
import { anySeats } from '../../test/support/halls.js';
import { type LaneWorld, openLaneWorld } from '../../test/support/lane-world.js';
import { type LineStep, openLineShow } from '../../test/support/line-show.js';

const seatCap = 4;
const fans = 6;
const fanOf = (no: number) => `fan-${no % fans}`.padEnd(12, '0');
const anyFan = fc.nat(fans - 1).map(fanOf);
const anyPick = fc.nat(20);
const anyZone = fc.constantFrom('front', 'back');
const anyWant: fc.Arbitrary<Want> = fc.record({
  quantity: fc.integer({ min: 1, max: 4 }),
  zone: fc.option(anyZone, { freq: 3 }),
  accessible: fc.integer({ min: 0, max: 7 }).map((lot) => lot === 0),
  acceptFewer: fc.boolean(),
});

const anyWish = (seats: Seat[]): fc.Arbitrary<Wish> =>
  fc.oneof(
    { weight: 1, arbitrary: fc.nat(seats.length - 1).map((at) => ({ seats: nameAt(seats, at) })) },
    {
      weight: 3,
      arbitrary: fc.record(
        { quantity: fc.integer({ min: 1, max: 4 }), zone: anyZone },
        { requiredKeys: ['quantity'] },
      ),
    },
  );

const nameAt = (seats: Seat[], at: number) => seats.slice(at, at + 1).map(({ seat }) => seat);

const anyStep = (seats: Seat[]): fc.Arbitrary<LineStep> => {
  const request = fc.record({ fanId: anyFan, wish: anyWish(seats) });
  const runOut = fc.array(anyPick, { maxLength: 3 });
  const requests = fc.array(request, { minLength: 1, maxLength: 6 });
  const one = fc.constantFrom('release', 'release', 'pay', 'payLate', 'block', 'unblock');
  const count = fc.integer({ min: 1, max: 3 });
  return fc.oneof(
    { weight: 5, arbitrary: fc.record({ do: fc.constant('ask'), requests, runOut }) },
    { weight: 3, arbitrary: fc.record({ do: fc.constant('runOut'), runOut }) },
    { weight: 8, arbitrary: fc.record({ do: one, pick: anyPick }) },
    { weight: 1, arbitrary: fc.record({ do: fc.constant('gate'), pick: anyPick }) },
    { weight: 2, arbitrary: fc.record({ do: fc.constant('cancel'), pick: anyPick, count }) },
    { weight: 5, arbitrary: fc.record({ do: fc.constant('join'), fanId: anyFan, want: anyWant }) },
    { weight: 1, arbitrary: fc.record({ do: fc.constant('leave'), fanId: anyFan }) },
  ) as fc.Arbitrary<LineStep>;
};

/** A house that is sold out, so that there is a line from the beginning. */
const filled = (seats: Seat[]): LineStep => {
  const free = seats.filter(({ state }) => state === 'FREE');
  const requests = free.map(({ seat }, at) => ({ fanId: fanOf(at), wish: { seats: [seat] } }));
  return { do: 'ask', requests, runOut: [] };
};

const anyPlan = anySeats
  .map((all) =>
    all.slice(0, 8).map((seat): Seat => {
      return { ...seat, state: seat.state === 'FREE' ? 'FREE' : 'BLOCKED' };
    }),
  )
  .chain((seats) =>
    fc.record({
      seats: fc.constant(seats),
      steps: fc
        .array(anyStep(seats), { minLength: 8, maxLength: 24 })
        .map((steps) => [filled(seats), ...steps]),
    }),
  );

describe('the waitlist beside the model', () => {
  let world: LaneWorld;
  const counts = new Map<string, number>();
  beforeAll(async () => {
    world = await openLaneWorld();
  });
  afterAll(() => world.close());

  it(
    'serves by place, never twice, in the change that frees, and leaves nothing free that fits',
    () =>
      fc.assert(
        fc.asyncProperty(anyPlan, async ({ seats, steps }) => {
          const show = await openLineShow(world, { seats, seatCap });
          for (const step of steps) await show.act(step);
          for (const [name, count] of Object.entries(show.rows.counts)) {
            counts.set(name, (counts.get(name) ?? 0) + count);
          }
        }),
        { numRuns: 25, interruptAfterTimeLimit: 60_000, markInterruptAsFailure: true },
      ),
    120_000,
  );

  it('has met everything that a line is for', () => {
    expect(counts.size).toBeGreaterThan(0);
    for (const [, count] of counts) expect(count).toBeGreaterThan(1);
  });
});
