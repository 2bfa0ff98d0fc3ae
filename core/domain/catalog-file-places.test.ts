import { describe, expect, it } from '@jest/globals';
import { placeFaults } from './catalog-file-places.js';

const text = `halls:
  - key: one
    layout: tiny
shows:
  - key: first
  - key: second
`;

describe('faults that only the store could see', () => {
  it('are told with the line of their entry', () => {
    const faults = placeFaults(text, 'yaml', [
      { path: ['halls', 0, 'layout'], key: 'one', message: 'would lose A-1' },
      { path: ['shows'], key: 'second', message: 'has another hall' },
      { path: ['shows'], key: 'unfolded', message: 'has another sale' },
    ]);
    expect(faults.map(({ line, field }) => [line, field])).toEqual([
      [3, 'halls[0].layout'],
      [5, 'shows'],
      [6, 'shows[1]'],
    ]);
  });
});
