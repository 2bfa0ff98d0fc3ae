import { describe, expect, it } from '@jest/globals';
import { fc } from '../../test/support/draws.js';
import { drawHall } from '../../test/support/halls.js';
import { decide, type Rules } from './decide.js';
import { discountOn, plainDiscountCode } from './discount.js';

const nowMs = 1_700_000_000_000;
const rules: Rules = {
  seatCap: 6,
  orphanRule: 'off',
  prices: null,
  bookingFee: 150,
  holdMs: 300_000,
  holdLimitMs: 900_000,
  startsAtMs: nowMs + 86_400_000,
  undecidedMsMax: 60_000,
};

describe('a discount', () => {
  it.each([
    [1_005, { percent: 10 }, 101],
    [1_004, { percent: 10 }, 100],
    [999, { percent: 100 }, 999],
    [999, { amount: 500 }, 500],
    [400, { amount: 500 }, 400],
    [0, { percent: 50 }, 0],
  ])('on %i of %j is %i', (prices, off, taken) => {
    expect(discountOn(prices, { code: 'X', ...off })).toBe(taken);
  });

  it('is a whole number of units and never more than the prices', () => {
    const off = fc.oneof(
      fc.record({ percent: fc.integer({ min: 1, max: 100 }) }),
      fc.record({ amount: fc.integer({ min: 1, max: 1_000_000_000 }) }),
    );
    fc.assert(
      fc.property(fc.nat(1_000_000_000), off, (prices, one) => {
        const taken = discountOn(prices, { code: 'X', ...one });
        return Number.isInteger(taken) && taken >= 0 && taken <= prices;
      }),
    );
  });

  it('is taken off the prices and not off the fee, while its code lasts', () => {
    const off = { code: 'HALF', percent: 50, untilMs: nowMs + 1 };
    const ask = (atMs: number) => {
      const more = { requestId: 1, fanId: 'f', passId: 'p', acceptedAtMs: nowMs };
      const request = { ...more, wish: { quantity: 2, off } };
      const map = drawHall(['..']);
      const [decision] = decide([request], map, new Map(), rules, atMs);
      return { decision, free: [...map.byNo.values()].filter((seat) => seat.state === 'FREE') };
    };
    const { decision } = ask(nowMs);
    if (decision?.kind !== 'GRANTED') throw new Error('refused');
    const prices = decision.seats.reduce((sum, seat) => sum + seat.price, 0);
    expect(decision.discount).toEqual({ code: 'HALF', amount: Math.round(prices / 2) });
    expect(decision.amount).toBe(prices - Math.round(prices / 2) + 300);
    const late = ask(nowMs + 1);
    expect(late.decision).toMatchObject({ kind: 'REFUSED', reason: 'discount_over' });
    expect(late.free).toHaveLength(2);
  });

  it('is found however its code is typed', () => {
    expect(plainDiscountCode(' diwali - 10 ')).toBe('DIWALI10');
  });
});
