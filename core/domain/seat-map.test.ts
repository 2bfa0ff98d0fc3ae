import { describe, expect, it } from '@jest/globals';
import { fc } from '../../test/support/draws.js';
import { anySeats, drawHall } from '../../test/support/halls.js';
import { areAdjacent, buildSeatMap, freeSeats, setSeat } from './seat-map.js';
import type { SeatState } from './states.js';

describe('a seat map', () => {
  it('has every seat in exactly one run, side by side, in any order of the rows read', () => {
    fc.assert(
      fc.property(
        anySeats.chain((seats) => fc.shuffledSubarray(seats, { minLength: seats.length })),
        (seats) => {
          const map = buildSeatMap(seats);
          const runs = map.rows.flatMap((row) => row.runs);
          expect(runs.flat().map((seat) => seat.seatNo)).toEqual(
            [...seats].sort((a, b) => a.seatNo - b.seatNo).map((seat) => seat.seatNo),
          );
          for (const run of runs) expect(areAdjacent(run)).toBe(true);
          for (const row of map.rows) {
            const first = row.runs[0]?.[0]?.x ?? 0;
            const last = row.runs.at(-1)?.at(-1)?.x ?? 0;
            expect(row.middleX).toBe((first + last) / 2);
          }
        },
      ),
    );
  });

  it('counts free seats as a recount does, after any moves', () => {
    const moves = fc.array(
      fc.tuple(fc.nat(50), fc.constantFrom<SeatState>('FREE', 'HELD', 'BOOKED', 'BLOCKED')),
    );
    fc.assert(
      fc.property(anySeats, moves, (seats, steps) => {
        const map = buildSeatMap(seats);
        for (const [index, state] of steps) {
          const seat = seats[index % seats.length];
          const before = map.revision;
          if (seat) setSeat(map, seat, state);
          expect(map.revision).toBeGreaterThan(before);
        }
        const free = seats.filter((seat) => seat.state === 'FREE');
        const standard = free.filter((seat) => seat.kind === 'standard').length;
        expect(map.freeStandard).toBe(standard);
        expect(map.freeAccessible).toBe(free.length - standard);
        expect(freeSeats(map)).toBe(free.length);
      }),
    );
  });

  it('knows seats by name and by number', () => {
    fc.assert(
      fc.property(anySeats, (seats) => {
        const map = buildSeatMap(seats);
        for (const seat of seats) {
          expect(map.byName.get(seat.seat)).toBe(seat);
          expect(map.byNo.get(seat.seatNo)).toBe(seat);
        }
      }),
    );
  });
});

describe('adjacent', () => {
  const map = drawHall(['.. ..', '.....']);
  const pick = (...names: string[]) => names.flatMap((name) => map.byName.get(name) ?? []);

  it.each<[string, string[], boolean]>([
    ['one seat', ['A-1'], true],
    ['two neighbours in any order', ['A-2', 'A-1'], true],
    ['with an aisle between', ['A-2', 'A-3'], false],
    ['one above the other', ['A-1', 'B-1'], false],
    ['with a seat between', ['B-1', 'B-3'], false],
    ['a whole row', ['B-3', 'B-1', 'B-2', 'B-5', 'B-4'], true],
  ])('%s', (_name, names, expected) => {
    expect(areAdjacent(pick(...names))).toBe(expected);
  });
});
