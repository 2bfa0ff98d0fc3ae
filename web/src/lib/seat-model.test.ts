import { describe, expect, it } from '@jest/globals';
import { applyDelta, neighbour, seatName, stepFor, zonesOf } from './seat-model.js';
import type { Seat, SeatMap, SeatState } from './types.js';

function seat(name: string, x: number, more: Partial<Seat> = {}): Seat {
  const price = { amount: 48_000, currency: 'INR' };
  return { seat: name, x, state: 'free', zone: 'Premium', price, ...more };
}

function hall(): SeatMap {
  return {
    show_id: 's1',
    version: 7,
    price_version: 3,
    orphan_rule: 'off',
    rows: [
      { row: 'A', seats: [seat('A-1', 0), seat('A-2', 1), seat('A-3', 3)] },
      { row: 'B', seats: [seat('B-1', 0.5), seat('B-2', 2.6)] },
    ],
  };
}

function delta(from_version: number, version: number, changes: [string, SeatState][]) {
  return { show_id: 's1', from_version, version, changes };
}

describe('pushes of seat changes', () => {
  it('change the named seats and leave other rows the very same', () => {
    const before = hall();
    const applied = applyDelta(before, delta(7, 9, [['A-2', 'held']]));
    if (applied.kind !== 'map') throw new Error('a push that fits was refused');
    expect(applied.map.version).toBe(9);
    expect(applied.map.rows[0]?.seats[1]?.state).toBe('held');
    expect(applied.map.rows[1]).toBe(before.rows[1]);
    expect(before.rows[0]?.seats[1]?.state).toBe('free');
  });

  it('that are already known change nothing', () => {
    const before = hall();
    expect(applyDelta(before, delta(5, 7, [['A-2', 'held']]))).toEqual({
      kind: 'map',
      map: before,
    });
  });

  it('that overlap what is known still apply', () => {
    const applied = applyDelta(hall(), delta(5, 8, [['A-1', 'booked']]));
    expect(applied.kind === 'map' && applied.map.rows[0]?.seats[0]?.state).toBe('booked');
  });

  it('that tell of other prices ask for the whole map', () => {
    const same = { ...delta(7, 8, []), price_version: 3 };
    expect(applyDelta(hall(), same)).toMatchObject({ kind: 'map', map: { version: 8 } });
    expect(applyDelta(hall(), { ...same, price_version: 4 })).toEqual({ kind: 'gap' });
  });

  it('that come after a missed one ask for the whole map', () => {
    expect(applyDelta(hall(), delta(8, 9, [['A-1', 'held']]))).toEqual({ kind: 'gap' });
  });
});

describe('walking over the map with the keyboard', () => {
  const { rows } = hall();

  it('stays at the edges', () => {
    expect(neighbour(rows, 'A-1', 'left')).toBe('A-1');
    expect(neighbour(rows, 'A-3', 'right')).toBe('A-3');
    expect(neighbour(rows, 'A-1', 'up')).toBe('A-1');
    expect(neighbour(rows, 'B-1', 'down')).toBe('B-1');
  });

  it('crosses aisles and finds the nearest seat of the next row', () => {
    expect(neighbour(rows, 'A-2', 'right')).toBe('A-3');
    expect(neighbour(rows, 'A-3', 'down')).toBe('B-2');
    expect(neighbour(rows, 'B-1', 'up')).toBe('A-1');
  });

  it('reaches the ends of the row and of the hall', () => {
    expect(neighbour(rows, 'A-2', 'row-end')).toBe('A-3');
    expect(neighbour(rows, 'A-2', 'last')).toBe('B-2');
    expect(neighbour(rows, 'B-2', 'first')).toBe('A-1');
  });

  it('knows the keys', () => {
    expect(stepFor('ArrowLeft', false)).toBe('left');
    expect(stepFor('End', true)).toBe('last');
    expect(stepFor('a', false)).toBeNull();
  });
});

describe('what the map says', () => {
  it('names a seat in full', () => {
    expect(seatName('J', seat('J-12', 0), false)).toMatch(/^Row J, seat 12, Premium, .*480, free$/);
    const wheelchair = seat('J-1', 0, { kind: 'accessible', state: 'booked' });
    expect(seatName('J', wheelchair, false)).toMatch(/wheelchair space, sold$/);
    expect(seatName('J', seat('J-12', 0), true)).toMatch(/chosen$/);
  });

  it('counts free seats by zone, cheapest first', () => {
    const map = hall();
    map.rows.push({
      row: 'C',
      seats: [
        seat('C-1', 0, { zone: 'Front', price: { amount: 20_000, currency: 'INR' } }),
        seat('C-2', 1, {
          zone: 'Front',
          price: { amount: 20_000, currency: 'INR' },
          state: 'held',
        }),
      ],
    });
    expect(zonesOf(map).map(({ zone, free, order }) => ({ zone, free, order }))).toEqual([
      { zone: 'Front', free: 1, order: 0 },
      { zone: 'Premium', free: 5, order: 1 },
    ]);
  });
});
