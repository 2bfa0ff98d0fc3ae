import { describe, expect, it } from '@jest/globals';
import { judge } from '../../simulate/seat-model.js';
import { fc } from '../../test/support/draws.js';
import { anySeats } from '../../test/support/halls.js';
import type { Quota } from './decide.js';
import { buildSeatMap, type Seat } from './seat-map.js';
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
  accessible: fc.constant(false),
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

/** How many seats the plain rule gives an entry: all that it wants, fewer where it takes fewer. */
function shouldGet(entry: Entry, seats: Seat[], taken: number): number {
  const most = Math.min(entry.quantity, rules.seatCap - taken);
  const least = entry.acceptFewer ? 1 : entry.quantity;
  for (let quantity = most; quantity >= least; quantity -= 1) {
    const wish = { quantity, ...(entry.zone === null ? {} : { zone: entry.zone }) };
    if (judge(seats, wish) === 'fits') return quantity;
  }
  return 0;
}

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
        for (const entry of line) {
          const expected = shouldGet(entry, model, taken.get(entry.fanId) ?? 0);
          const offer = offers.find((one) => one.entry === entry);
          expect(offer?.seats.length ?? 0).toBe(expected);
          for (const won of offer?.seats ?? []) {
            const seat = model[won.seatNo];
            expect(seat?.state).toBe('FREE');
            expect(entry.zone ?? won.zone).toBe(won.zone);
            if (seat) seat.state = 'HELD';
          }
          taken.set(entry.fanId, (taken.get(entry.fanId) ?? 0) + expected);
          if (!offer) continue;
          const prices = offer.seats.reduce((sum, seat) => sum + seat.price, 0);
          expect(offer.amount).toBe(prices + rules.bookingFee * expected);
          expect(offer.expiresAtMs).toBe(rules.offerMs);
        }
        expect(offers.map((offer) => offer.entry.place)).toEqual(
          offers.map((offer) => offer.entry.place).sort((a, b) => a - b),
        );
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
