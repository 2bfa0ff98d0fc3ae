import { describe, expect, it } from '@jest/globals';
import { fc } from '../../test/support/draws.js';
import { anySeats, drawChoice, drawHall } from '../../test/support/halls.js';
import { buildSeatMap, type Seat, type SeatMap } from './seat-map.js';
import { leavesSingle } from './single-seats.js';
import { findTidySeats } from './tidy-seats.js';

const isOpen = (seat: Seat) => seat.kind === 'standard' && seat.state === 'FREE';
const near = (seat: Seat) => seat.rowNo + seat.x;

describe('tidy seats', () => {
  it('are found exactly when looking at every choice finds one, in as few pieces', () => {
    const anySmallHall = anySeats.filter((seats) => seats.filter(isOpen).length <= 12);
    fc.assert(
      fc.property(anySmallHall, fc.integer({ min: 1, max: 5 }), (seats, size) => {
        const map = buildSeatMap(seats);
        const found = findTidySeats(map, size, isOpen, near);
        const tidy = choicesOf(map.seats.filter(isOpen), size).filter((chosen) =>
          isTidy(map, chosen),
        );
        expect(found !== undefined).toBe(tidy.length > 0);
        if (!found) return;
        expect(found).toHaveLength(size);
        expect(isTidy(map, found)).toBe(true);
        const best = Math.min(...tidy.map((chosen) => piecesOf(map, chosen)));
        expect(piecesOf(map, found)).toBe(best);
      }),
      { numRuns: 400 },
    );
  });

  it.each([
    ['a pair that fits in a row whole', ['#...#'], 3, ['#XXX#']],
    ['the other way around the middle', ['.....'], 3, ['XXX..']],
    [
      'one seat and a pair, where three would leave a seat alone',
      ['....', '..'],
      3,
      ['X...', 'XX'],
    ],
    ['nothing, where any three leave a seat alone', ['....'], 3, undefined],
    ['two pieces that only fit together', ['...', '....', '.'], 4, ['...', 'XXXX', '.']],
    ['a seat that was alone before', ['....', '.'], 3, ['XX..', 'X']],
  ])('are %s', (_what, rows, size, drawn) => {
    const found = findTidySeats(drawHall(rows), size, isOpen, near);
    expect(found && drawChoice(rows, found)).toEqual(drawn);
  });
});

function isTidy(map: SeatMap, chosen: Seat[]): boolean {
  return leavesSingle(map, chosen, 'strict').length === 0;
}

/** Blocks side by side that the chosen seats make up. */
function piecesOf(map: SeatMap, chosen: Seat[]): number {
  const runs = map.rows.flatMap((row) => row.runs);
  return runs.reduce((sum, run) => {
    const picked = run.map((seat) => chosen.includes(seat));
    return sum + picked.filter((is, at) => is && !picked[at - 1]).length;
  }, 0);
}

function choicesOf(seats: Seat[], size: number): Seat[][] {
  if (size === 0) return [[]];
  return seats.flatMap((seat, at) =>
    choicesOf(seats.slice(at + 1), size - 1).map((rest) => [seat, ...rest]),
  );
}
