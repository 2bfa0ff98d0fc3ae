import { describe, expect, it } from '@jest/globals';
import { publicSaleState } from './sale-state.js';

const sale = { state: 'ACTIVE' as const, lobbyOpensAtMs: 100, opensAtMs: 200, seatsLeft: 5 };

describe('the public state of a sale', () => {
  it('follows from the clock', () => {
    const at = [99, 100, 199, 200].map((nowMs) => publicSaleState(sale, nowMs));
    expect(at).toEqual(['scheduled', 'lobby', 'lobby', 'open']);
    expect(publicSaleState({ ...sale, lobbyOpensAtMs: null }, 0)).toBe('lobby');
  });

  it('is what people made it, and sold out only once it is open', () => {
    expect(publicSaleState({ ...sale, state: 'PAUSED' }, 300)).toBe('paused');
    expect(publicSaleState({ ...sale, state: 'CLOSED' }, 0)).toBe('closed');
    expect(publicSaleState({ ...sale, seatsLeft: 0 }, 300)).toBe('sold_out');
    expect(publicSaleState({ ...sale, seatsLeft: 0 }, 150)).toBe('lobby');
    expect(publicSaleState({ ...sale, seatsLeft: null }, 300)).toBe('open');
  });
});
