import { describe, expect, it } from '@jest/globals';
import { judge, type ModelSeat, type Plan, whatIsWrong } from '../../simulate/seat-model.js';
import { fc } from '../../test/support/draws.js';
import { anyPriceRules, anySeats, drawHall } from '../../test/support/halls.js';
import { decide, type Quota, type Rules, type UndecidedRequest, type Wish } from './decide.js';
import { buildSeatMap, freeSeats, type Seat } from './seat-map.js';
import { orphanRules } from './single-seats.js';

const nowMs = 1_700_000_000_000;
const baseRules: Rules = {
  seatCap: 6,
  orphanRule: 'off',
  prices: null,
  bookingFee: 150,
  holdMs: 300_000,
  holdLimitMs: 900_000,
  startsAtMs: nowMs + 86_400_000,
  undecidedMsMax: 60_000,
};

const rules = baseRules;
const anyMoment = fc.tuple(anyPriceRules, fc.integer({ min: 1, max: 30 }));
const anyRule = fc.constantFrom(...orphanRules);

const anyWish = (seats: Seat[]): fc.Arbitrary<Wish> =>
  fc.oneof(
    {
      weight: 5,
      arbitrary: fc
        .uniqueArray(fc.nat(seats.length - 1), { minLength: 1, maxLength: 4 })
        .map((picks) => ({ seats: picks.flatMap((pick) => seats[pick]?.seat ?? []) })),
    },
    { weight: 1, arbitrary: fc.constant<Wish>({ seats: ['Z-9'] }) },
    {
      weight: 5,
      arbitrary: fc.record(
        {
          quantity: fc.integer({ min: 1, max: 5 }),
          zone: fc.constantFrom('front', 'back'),
          accessible: fc.boolean(),
        },
        { requiredKeys: ['quantity'] },
      ),
    },
  );

type HallPlan = Plan & { seats: Seat[] };

const anyPlan: fc.Arbitrary<HallPlan> = anySeats.chain((seats) =>
  fc.record({
    seats: fc.constant(seats),
    requests: fc
      .array(
        fc.record({
          fan: fc.nat(5),
          pass: fc.nat(2),
          wish: anyWish(seats),
          agedMs: fc.oneof(
            { weight: 9, arbitrary: fc.nat(1_000) },
            { weight: 1, arbitrary: fc.integer({ min: 59_999, max: 60_002 }) },
          ),
        }),
        { maxLength: 40 },
      )
      .map((requests) =>
        requests.map(
          ({ fan, pass, wish, agedMs }, index): UndecidedRequest => ({
            requestId: index + 1,
            fanId: `fan-${fan}`,
            passId: `pass-${fan}-${pass}`,
            wish,
            acceptedAtMs: nowMs - agedMs,
          }),
        ),
      ),
    quotas: fc
      .array(fc.record({ fan: fc.nat(5), taken: fc.nat(6), spent: fc.option(fc.nat(2)) }))
      .map(
        (rows) =>
          new Map<string, Quota>(
            rows.map(({ fan, taken, spent }) => [
              `fan-${fan}`,
              { taken, spentPass: spent === null ? null : `pass-${fan}-${spent}` },
            ]),
          ),
      ),
  }),
);

const copySeats = (seats: Seat[]): Seat[] => seats.map((seat) => ({ ...seat }));

describe('decide', () => {
  it('agrees with a plain model on any hall and any requests', () => {
    fc.assert(
      fc.property(anyPlan, anyRule, anyMoment, (plan, orphanRule, [prices, hours]) => {
        const startsAtMs = nowMs + hours * 3_600_000;
        const rules = { ...baseRules, orphanRule, prices, startsAtMs };
        const map = buildSeatMap(copySeats(plan.seats));
        const decisions = decide(plan.requests, map, new Map(plan.quotas), rules, nowMs);
        expect(whatIsWrong(plan, decisions, rules, nowMs)).toEqual([]);
        const free = map.seats.filter((seat) => seat.state === 'FREE').length;
        expect(freeSeats(map)).toBe(free);
      }),
      { numRuns: 400 },
    );
  });

  it('decides the same in one batch as in several', () => {
    fc.assert(
      fc.property(anyPlan, fc.nat(40), (plan, cut) => {
        const whole = buildSeatMap(copySeats(plan.seats));
        const parts = buildSeatMap(copySeats(plan.seats));
        const quotas = new Map(plan.quotas);
        const once = decide(plan.requests, whole, new Map(plan.quotas), rules, nowMs);
        const twice = [
          ...decide(plan.requests.slice(0, cut), parts, quotas, rules, nowMs),
          ...decide(plan.requests.slice(cut), parts, quotas, rules, nowMs),
        ];
        expect(twice).toEqual(once);
      }),
    );
  });

  it('lets nobody be overtaken who was told that nothing is left', () => {
    fc.assert(
      fc.property(anyPlan, (plan) => {
        const map = buildSeatMap(copySeats(plan.seats));
        const decisions = decide(plan.requests, map, new Map(plan.quotas), rules, nowMs);
        const model = plan.seats.map((seat): ModelSeat => ({ ...seat }));
        for (const [index, decision] of decisions.entries()) {
          if (decision.kind === 'REFUSED' && decision.reason === 'sold_out') {
            const later = decisions.slice(index + 1);
            const won = later.flatMap((one) => (one.kind === 'GRANTED' ? one.seats : []));
            const names = new Set(won.map((seat) => seat.seat));
            const lost = model.filter((seat) => seat.state === 'FREE' && names.has(seat.seat));
            expect(judge(lost, decision.request.wish)).not.toBe('fits');
          }
          if (decision.kind !== 'GRANTED') continue;
          for (const { seat } of decision.seats) {
            const own = model.find((one) => one.seat === seat);
            if (own) own.state = 'HELD';
          }
        }
      }),
    );
  });

  const request = (requestId: number, wish: Wish, more: Partial<UndecidedRequest> = {}) => ({
    requestId,
    fanId: `fan-${requestId}`,
    passId: `pass-${requestId}`,
    wish,
    acceptedAtMs: nowMs,
    ...more,
  });

  it('gives the first of two overlapping groups all of its seats and the other none', () => {
    const map = drawHall(['.....']);
    const decisions = decide(
      [request(1, { seats: ['A-3', 'A-1', 'A-2'] }), request(2, { seats: ['A-5', 'A-4', 'A-3'] })],
      map,
      new Map(),
      rules,
      nowMs,
    );
    expect(decisions.map((one) => one.kind)).toEqual(['GRANTED', 'REFUSED']);
    expect(map.freeStandard).toBe(2);
  });

  it('keeps a pass unspent when it wins nothing', () => {
    const map = drawHall(['##..']);
    const decisions = decide(
      [
        request(1, { seats: ['A-1'] }),
        request(2, { seats: ['A-3'] }, { fanId: 'fan-1', passId: 'pass-1' }),
        request(3, { seats: ['A-4'] }, { fanId: 'fan-1', passId: 'pass-1' }),
      ],
      map,
      new Map(),
      rules,
      nowMs,
    );
    expect(decisions.map((one) => (one.kind === 'REFUSED' ? one.reason : one.kind))).toEqual([
      'seats_taken',
      'GRANTED',
      'pass_spent',
    ]);
  });

  const outcomes = (rows: string[], wishes: Wish[], orphanRule: Rules['orphanRule']) =>
    decide(
      wishes.map((wish, index) => request(index + 1, wish)),
      drawHall(rows),
      new Map(),
      { ...rules, orphanRule },
      nowMs,
    );

  it.each([
    ['.....', ['A-2', 'A-3'], 'leaves_single', 'leaves_single'],
    ['.....', ['A-1', 'A-2'], 'GRANTED', 'GRANTED'],
    ['...', ['A-1', 'A-2'], 'GRANTED', 'leaves_single'],
    ['...', ['A-2'], 'leaves_single', 'leaves_single'],
    ['.. ..', ['A-2', 'A-3'], 'GRANTED', 'leaves_single'],
    ['a..', ['A-2'], 'leaves_single', 'leaves_single'],
    ['.a..', ['A-3', 'A-4'], 'GRANTED', 'GRANTED'],
    ['#.#..', ['A-4', 'A-5'], 'GRANTED', 'GRANTED'],
  ])('in %s, for %s, is lenient: %s, or strict: %s', (row, seats, lenient, strict) => {
    const of = (rule: Rules['orphanRule']) => {
      const [decision] = outcomes([row], [{ seats }], rule);
      return decision?.kind === 'REFUSED' ? decision.reason : decision?.kind;
    };
    expect([of('off'), of('lenient'), of('strict')]).toEqual(['GRANTED', lenient, strict]);
  });

  it('explains a single seat with the nearest choices that leave none', () => {
    const [decision] = outcomes(['......', '......'], [{ seats: ['A-2', 'A-3'] }], 'strict');
    expect(decision).toMatchObject({ reason: 'leaves_single' });
    const [first] = decision?.kind === 'REFUSED' ? decision.alternatives : [];
    expect([
      ['A-1', 'A-2'],
      ['A-3', 'A-4'],
    ]).toContainEqual(first);
  });

  it('sends those who are refused together to different seats', () => {
    const hall = ['....####....', '....####....', '....####....'];
    const wishes = Array.from({ length: 40 }, () => ({ seats: ['B-6', 'B-7'] }));
    const firsts = outcomes(hall, wishes, 'off').flatMap((one) =>
      one.kind === 'REFUSED' ? [one.alternatives[0]?.join()] : [],
    );
    expect(new Set(firsts).size).toBeGreaterThan(1);
  });

  it('ends a hold no later than the show begins', () => {
    const map = drawHall(['.']);
    const soon = { ...rules, startsAtMs: nowMs + 1_000 };
    const [decision] = decide([request(1, { quantity: 1 })], map, new Map(), soon, nowMs);
    expect(decision).toMatchObject({
      kind: 'GRANTED',
      expiresAtMs: nowMs + 1_000,
      limitAtMs: nowMs + 1_000,
    });
  });

  it('grants nothing once the show has begun', () => {
    const map = drawHall(['.']);
    const begun = { ...rules, startsAtMs: nowMs };
    const [decision] = decide([request(1, { quantity: 1 })], map, new Map(), begun, nowMs);
    expect(decision?.kind).toBe('LAPSED');
  });
});
