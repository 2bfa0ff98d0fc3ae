import { describe, expect, it } from '@jest/globals';
import { microCache } from './micro-cache.js';

describe('the micro-cache', () => {
  it('asks once for everybody who comes at the same time', async () => {
    const cache = microCache<number>({ keptMs: 60_000, entriesMax: 10 });
    let fills = 0;
    const fill = async () => {
      fills += 1;
      return fills;
    };
    const answers = await Promise.all([1, 2, 3].map(() => cache.get('a', fill)));
    expect([answers, fills]).toEqual([[1, 1, 1], 1]);
  });

  it('keeps no failure, nothing for longer than it says, and no more than it may', async () => {
    const cache = microCache<number>({ keptMs: 60_000, entriesMax: 2 });
    await expect(cache.get('a', () => Promise.reject(new Error('away')))).rejects.toThrow('away');
    expect(await cache.get('a', async () => 1)).toBe(1);
    await cache.get('b', async () => 1);
    await cache.get('c', async () => 1);
    expect(await cache.get('a', async () => 2)).toBe(2);
    const gone = microCache<number>({ keptMs: 0, entriesMax: 2 });
    await gone.get('a', async () => 1);
    expect(await gone.get('a', async () => 2)).toBe(2);
  });
});
