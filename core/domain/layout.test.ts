import { describe, expect, it } from '@jest/globals';
import { fc } from '../../test/support/draws.js';
import { expandLayout, hallSeatsMax, zonesOf } from './layout.js';
import { convertPretixPlan } from './layout-pretix.js';

describe('expandLayout', () => {
  it('numbers seats from the screen backwards and leaves room for aisles', () => {
    const { seats, problems } = expandLayout([
      { row: 'A', zone: 'front', seats: '1-2 _ 3', accessible: '1', companion: '2' },
      { aisle: 2 },
      { row: 'B', zone: 'back', seats: '_ 3-1' },
    ]);
    expect(problems).toEqual([]);
    expect(
      seats.map(({ seat_no, seat, row_no, x, zone, kind }) => [
        seat_no,
        seat,
        row_no,
        x,
        zone,
        kind,
      ]),
    ).toEqual([
      [0, 'A-1', 0, 0, 'front', 'accessible'],
      [1, 'A-2', 0, 1, 'front', 'companion'],
      [2, 'A-3', 0, 3, 'front', 'standard'],
      [3, 'B-3', 3, 1, 'back', 'standard'],
      [4, 'B-2', 3, 2, 'back', 'standard'],
      [5, 'B-1', 3, 3, 'back', 'standard'],
    ]);
    expect(zonesOf(seats)).toEqual(['front', 'back']);
  });

  it('reads ranges of rows, letters without I and O, and numbers', () => {
    const rowsOf = (row: string) => [
      ...new Set(expandLayout([{ row, zone: 'z', seats: '1' }]).seats.map((seat) => seat.row)),
    ];
    expect(rowsOf('G-H J AA')).toEqual(['G', 'H', 'J', 'AA']);
    expect(rowsOf('9-11')).toEqual(['9', '10', '11']);
    expect(rowsOf('C-A')).toEqual(['C', 'B', 'A']);
  });

  it('reports every problem with the row and field it is in', () => {
    const { problems } = expandLayout([
      { row: 'A', zone: 'z', seats: '1-4 3' },
      { row: 'A', zone: 'z', seats: '1-4', accessible: '9', companion: '1' },
      { row: 'b', seats: 'many' },
      { row: 'C', zone: 'z', seats: '1-4', accessible: '1', companion: '1' },
      { row: 'D', aisle: 1 },
    ]);
    expect(problems.map(({ path }) => path.join('.'))).toEqual([
      '0.seats',
      '1.accessible',
      '1.row',
      '2.row',
      '2.zone',
      '2.seats',
      '3.companion',
      '4.aisle',
    ]);
  });

  it('takes 4,095 seats and refuses one more', () => {
    const full = [{ row: '1-9', zone: 'z', seats: '1-455' }];
    expect(expandLayout(full)).toMatchObject({ problems: [], seats: { length: hallSeatsMax } });
    const over = expandLayout([...full, { row: '10', zone: 'z', seats: '1' }]);
    expect(over.problems).toHaveLength(1);
    expect(expandLayout([{ aisle: 1 }]).problems).toHaveLength(1);
  });

  it('gives every seat its own label, number and place, whatever the aisles', () => {
    const blocks = fc.array(fc.tuple(fc.nat(3), fc.integer({ min: 1, max: 12 })), {
      minLength: 1,
      maxLength: 5,
    });
    fc.assert(
      fc.property(fc.array(blocks, { minLength: 1, maxLength: 8 }), (rows) => {
        const lines = rows.map((row, index) => {
          let next = 1;
          const seats = row.map(([gap, size]) => {
            const block = `${gap > 0 ? `_${gap} ` : ''}${next}-${next + size - 1}`;
            next += size;
            return block;
          });
          return { row: String(index + 1), zone: 'z', seats: seats.join(' ') };
        });
        const { seats, problems } = expandLayout(lines);
        const total = rows.flat().reduce((sum, [, size]) => sum + size, 0);
        expect(problems).toEqual([]);
        expect(seats.map((seat) => seat.seat_no)).toEqual([...seats.keys()]);
        expect(new Set(seats.map((seat) => seat.seat)).size).toBe(total);
        expect(new Set(seats.map((seat) => `${seat.row_no} ${seat.x}`)).size).toBe(total);
      }),
    );
  });
});

describe('convertPretixPlan', () => {
  const seat = (number: string, x: number, category = 'Stalls') => ({
    seat_guid: `${category}${number}`,
    seat_number: number,
    position: { x, y: 0 },
    category,
  });
  const plan = (zones: unknown[]) =>
    JSON.stringify({ name: 'Plan', categories: [{ name: 'Stalls' }], zones });

  it('joins the blocks of a row, keeps aisles and tells zones with equal rows apart', () => {
    const text = plan([
      {
        name: 'Balcony',
        position: { x: 100, y: 500 },
        rows: [{ row_number: '1', position: { x: 0, y: 0 }, seats: [seat('1', 0, 'Up')] }],
      },
      {
        name: 'Main',
        position: { x: 100, y: 0 },
        rows: [
          { row_number: '1', position: { x: 0, y: 0 }, seats: [seat('1', 0), seat('2', 25)] },
          { row_number: '1', position: { x: 75, y: 0 }, seats: [seat('3', 0), seat('4', 25)] },
        ],
      },
    ]);
    const { seats, problems } = convertPretixPlan(text, {
      zones: { Up: 'balcony' },
      accessible: ['M1-1'],
      companion: ['M1-2'],
    });
    expect(problems).toEqual([]);
    expect(seats.map(({ seat, x, row_no, zone, kind }) => [seat, x, row_no, zone, kind])).toEqual([
      ['M1-1', 0, 0, 'Stalls', 'accessible'],
      ['M1-2', 1, 0, 'Stalls', 'companion'],
      ['M1-3', 3, 0, 'Stalls', 'standard'],
      ['M1-4', 4, 0, 'Stalls', 'standard'],
      ['1-1', 0, 1, 'balcony', 'standard'],
    ]);
  });

  it('never puts two seats of a curved row on one place', () => {
    const seats = [0, 30, 60, 61, 62, 120].map((x, index) => seat(String(index + 1), x));
    const text = plan([{ position: { x: 0, y: 0 }, rows: [{ row_number: 'A', seats }] }]);
    const xs = convertPretixPlan(text).seats.map((made) => made.x);
    expect(new Set(xs).size).toBe(6);
  });

  it('says what keeps a plan from being used', () => {
    expect(convertPretixPlan('{').problems).toHaveLength(1);
    expect(convertPretixPlan('{"zones": [{}]}').problems[0]).toContain('zones.0');
    const text = plan([
      {
        rows: [
          { row_number: '', seats: [seat('1', 0)] },
          { row_number: 'A', seats: [seat('1', 0), seat('1', 30), seat('left', 60)] },
        ],
      },
    ]);
    const { problems } = convertPretixPlan(text, { accessible: ['Z-1'] });
    expect(problems.join('\n')).toMatch(/no usable name.*listed twice.*"LEFT".*no seat Z-1/s);
  });
});
