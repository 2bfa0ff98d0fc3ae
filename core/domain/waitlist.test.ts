import { describe, expect, it } from '@jest/globals';
import { playOffers } from '../../simulate/line-model.js';
import { fc } from '../../test/support/draws.js';
import { anySeats } from '../../test/support/halls.js';
import type { Quota } from './decide.js';
import { buildSeatMap } from './seat-map.js';
import { decideOffers, type Entry, etrSeconds, isLineOpen, type OfferRules } from './waitlist.js';

const rules: OfferRules = {
  seatCap: 4,
  bookingFee: 50,
  prices: null,
  offerMs: 300_000,
  stopMs: 900_000,
  startsAtMs: 10_000_000,
};

const anyEntry: fc.Arbitrary<Omit<Entry, 'place'>> = fc.record({
  fanId: fc.integer({ min: 0, max: 5 }).map((no) => `fan-${no}`),
  quantity: fc.integer({ min: 1, max: 4 }),
  zone: fc.constantFrom('front', 'back', null),
  accessible: fc.boolean(),
  acceptFewer: fc.boolean(),
  joinedAtMs: fc.constant(0),
});

const anyLine = fc
  .uniqueArray(anyEntry, { selector: (entry) => entry.fanId, maxLength: 6 })
  .map((entries) => entries.map((entry, place) => ({ ...entry, place })));

const anyQuotas = fc
  .array(fc.tuple(fc.integer({ min: 0, max: 5 }), fc.integer({ min: 0, max: 4 })))
  .map(
    (list) =>
      new Map<string, Quota>(list.map(([no, taken]) => [`fan-${no}`, { taken, spentPass: null }])),
  );

describe('offers to the line', () => {
  it('go to the first that they fit, one after another, within every cap', () => {
    fc.assert(
      fc.property(anySeats, anyLine, anyQuotas, (hall, line, quotas) => {
        const model = hall.map((seat) => ({ ...seat }));
        const taken = new Map([...quotas].map(([fan, quota]) => [fan, quota.taken]));
        const offers = decideOffers(
          line,
          buildSeatMap(hall.map((seat) => ({ ...seat }))),
          new Map([...quotas].map(([fan, quota]) => [fan, { ...quota }])),
          rules,
          0,
        );
        const plan = { line, seats: model, taken, seatCap: rules.seatCap };
        const told = offers.map(({ entry, seats }) => ({ fanId: entry.fanId, seats }));
        expect(playOffers(plan, told)).toEqual([]);
        for (const offer of offers) {
          const prices = offer.seats.reduce((sum, seat) => sum + seat.price, 0);
          expect(offer.amount).toBe(prices + rules.bookingFee * offer.seats.length);
          expect(offer.expiresAtMs).toBe(rules.offerMs);
        }
      }),
      { numRuns: 300 },
    );
  });

  it('end before the show does not, and stop minutes before it', () => {
    const late = rules.startsAtMs - rules.stopMs;
    expect(isLineOpen(rules, late - 1)).toBe(true);
    expect(isLineOpen(rules, late)).toBe(false);
    expect(isLineOpen({ ...rules, offerMs: 0 }, 0)).toBe(false);
  });

  it('are estimated from what came back lately, and not at all when nothing did', () => {
    expect(etrSeconds(6, { freedSeats: 3, windowMs: 60_000 })).toBe(120);
    expect(etrSeconds(6, { freedSeats: 0, windowMs: 60_000 })).toBeNull();
  });
});
