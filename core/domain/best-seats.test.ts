import { describe, expect, it } from '@jest/globals';
import { fc } from '../../test/support/draws.js';
import { anySeats, drawChoice, drawHall } from '../../test/support/halls.js';
import {
  type Choosing,
  findAlternatives,
  findBestSeats as findBest,
  type SeatWish,
} from './best-seats.js';
import { areAdjacent, buildSeatMap, type Seat, type SeatMap } from './seat-map.js';

/** Without a strict rule there is always a choice while seats are left. */
function findBestSeats(map: SeatMap, wish: SeatWish, choosing?: Choosing): Seat[] | undefined {
  const found = findBest(map, wish, choosing);
  if (found === 'leaves_single') throw new Error('no rule forbids anything here');
  return found;
}

const anyWish: fc.Arbitrary<SeatWish> = fc.record(
  {
    quantity: fc.integer({ min: 1, max: 6 }),
    zone: fc.constantFrom('front', 'back'),
    accessible: fc.boolean(),
  },
  { requiredKeys: ['quantity'] },
);
const quick: fc.Arbitrary<SeatWish> = anyWish.filter((wish) => !wish.accessible);

/** Every unbroken block of a size that a wish may have, found by looking at all seats. */
function allBlocks(seats: Seat[], size: number, zone?: string): Seat[][] {
  const open = seats.filter(
    (seat) => seat.state === 'FREE' && seat.kind === 'standard' && (!zone || seat.zone === zone),
  );
  return open.flatMap((first) => {
    const block = Array.from({ length: size }, (_, step) =>
      open.find((seat) => seat.rowNo === first.rowNo && seat.x === first.x + step),
    );
    return block.every((seat) => seat !== undefined) ? [block as Seat[]] : [];
  });
}

/** Free seats without a free neighbour that had one before the chosen seats were taken. */
function leftAlone(seats: Seat[], chosen: Seat[]): Seat[] {
  const at = (rowNo: number, x: number) =>
    seats.find((seat) => seat.rowNo === rowNo && seat.x === x && seat.state === 'FREE');
  const beside = (seat: Seat) =>
    [at(seat.rowNo, seat.x - 1), at(seat.rowNo, seat.x + 1)].filter((one) => one !== undefined);
  return seats.filter((seat) => {
    if (seat.state !== 'FREE' || chosen.includes(seat) || seat.kind !== 'standard') return false;
    const before = beside(seat);
    return before.length > 0 && before.every((one) => chosen.includes(one));
  });
}

describe('best seats', () => {
  it('are as many free seats as wished, in the zone, accessible ones only when asked for', () => {
    fc.assert(
      fc.property(anySeats, anyWish, (seats, wish) => {
        const found = findBestSeats(buildSeatMap(seats), wish);
        if (!found) return;
        expect(new Set(found).size).toBe(wish.quantity);
        for (const seat of found) {
          expect(seat.state).toBe('FREE');
          if (wish.zone) expect(seat.zone).toBe(wish.zone);
        }
        const special = found.filter((seat) => seat.kind !== 'standard');
        if (wish.accessible) {
          expect(found.filter((seat) => seat.kind === 'accessible')).toHaveLength(1);
        } else {
          expect(special).toEqual([]);
        }
      }),
    );
  });

  it('are refused only when too few are free', () => {
    fc.assert(
      fc.property(anySeats, anyWish, (seats, wish) => {
        const open = seats.filter(
          (seat) => seat.state === 'FREE' && (!wish.zone || seat.zone === wish.zone),
        );
        const count = (kind: string) => open.filter((seat) => seat.kind === kind).length;
        const enough = wish.accessible
          ? count('accessible') > 0 && open.length - count('accessible') >= wish.quantity - 1
          : count('standard') >= wish.quantity;
        expect(findBestSeats(buildSeatMap(seats), wish) !== undefined).toBe(enough);
      }),
    );
  });

  it('are side by side whenever any block is free', () => {
    fc.assert(
      fc.property(anySeats, quick, (seats, wish) => {
        const found = findBestSeats(buildSeatMap(seats), wish);
        if (allBlocks(seats, wish.quantity, wish.zone).length === 0) return;
        expect(found && areAdjacent(found)).toBe(true);
      }),
    );
  });

  it('leave nobody’s neighbour alone where that can be avoided', () => {
    fc.assert(
      fc.property(anySeats, quick, (seats, wish) => {
        const found = findBestSeats(buildSeatMap(seats), wish);
        const blocks = allBlocks(seats, wish.quantity, wish.zone);
        if (!found || blocks.length === 0) return;
        const least = Math.min(...blocks.map((block) => leftAlone(seats, block).length));
        expect(leftAlone(seats, found)).toHaveLength(least);
      }),
    );
  });

  it('are the same seats for the same hall, whatever the order in which it was read', () => {
    const read = anySeats.chain((seats) =>
      fc.tuple(fc.constant(seats), fc.shuffledSubarray(seats, { minLength: seats.length })),
    );
    fc.assert(
      fc.property(read, anyWish, ([seats, shuffled], wish) => {
        const once = findBestSeats(buildSeatMap(seats), wish);
        const again = findBestSeats(buildSeatMap(shuffled), wish);
        expect(again).toEqual(once);
      }),
    );
  });

  it('differ among equals by the request alone', () => {
    const rows = ['..........'];
    const starts = Array.from({ length: 64 }, (_, seed) =>
      findBestSeats(drawHall(rows), { quantity: 3 }, { seed })
        ?.map((seat) => seat.x)
        .join(),
    );
    expect(new Set(starts)).toEqual(new Set(['3,4,5', '4,5,6']));
    expect(findBestSeats(drawHall(rows), { quantity: 2 }, { seed: 1 })?.[0]?.x).toBe(4);
  });

  const chosenIn = (rows: string[], wish: SeatWish) => {
    const map = drawHall(rows);
    const found = findBestSeats(map, wish);
    return found && drawChoice(rows, found);
  };

  it('are in the middle, two thirds back', () => {
    expect(chosenIn(['.......', '.......', '.......', '.......'], { quantity: 3 })).toEqual([
      '.......',
      '.......',
      '..XXX..',
      '.......',
    ]);
  });

  it('keep to one side of an aisle', () => {
    expect(chosenIn(['...  ...'], { quantity: 3 })).toEqual(['XXX  ...']);
  });

  it('fill a gap rather than leave one seat of it', () => {
    expect(chosenIn(['#...#..#'], { quantity: 2 })).toEqual(['#...#XX#']);
  });

  it('are near each other when no block is free', () => {
    expect(chosenIn(['.#.#.#.', '#######', '.#####.'], { quantity: 2 })).toEqual([
      '.#X#X#.',
      '#######',
      '.#####.',
    ]);
  });

  it('give a companion the seat beside the accessible place', () => {
    expect(chosenIn(['......', 'ca..ac'], { quantity: 2, accessible: true })).toEqual([
      '......',
      'XX..ac',
    ]);
  });
});

describe('alternatives', () => {
  const wanted = (map: SeatMap, picks: number[]) =>
    [...new Set(picks.map((pick) => map.seats[pick % map.seats.length]))].filter(
      (seat) => seat !== undefined,
    );
  const plain = (seats: Seat[]) =>
    seats.map((seat): Seat => (seat.kind === 'accessible' ? { ...seat, kind: 'companion' } : seat));
  const anyPicks = fc.array(fc.nat(50), { minLength: 1, maxLength: 5 });

  it('are free standard seats of the wanted number, and share none', () => {
    fc.assert(
      fc.property(anySeats.map(plain), anyPicks, (seats, picks) => {
        const map = buildSeatMap(seats);
        const size = wanted(map, picks).length;
        const found = findAlternatives(map, wanted(map, picks), 3);
        expect(found.length).toBeLessThanOrEqual(3);
        for (const block of found) {
          expect(block).toHaveLength(size);
          for (const seat of block) expect([seat.state, seat.kind]).toEqual(['FREE', 'standard']);
        }
        const all = found.flat();
        expect(new Set(all).size).toBe(all.length);
      }),
    );
  });

  it('have an accessible place for those, and only for those, who wanted one', () => {
    const map = drawHall(['#a....', '.....a']);
    const names = (wanted: string[]) =>
      findAlternatives(
        map,
        wanted.flatMap((name) => map.byName.get(name) ?? []),
        3,
      ).map((block) => block.map((seat) => seat.seat));
    expect(names(['A-1', 'A-2'])).toEqual([['A-2', 'A-3']]);
    expect(names(['A-1', 'A-3']).flat()).not.toContain('A-2');
    expect(names(['A-1', 'A-3']).flat()).not.toContain('B-6');
  });

  it('exist whenever enough seats are free, side by side when a block is', () => {
    fc.assert(
      fc.property(anySeats.map(plain), anyPicks, (seats, picks) => {
        const map = buildSeatMap(seats);
        const size = wanted(map, picks).length;
        const found = findAlternatives(map, wanted(map, picks), 3);
        expect(found.length > 0).toBe(map.freeStandard >= size);
        if (allBlocks(seats, size).length === 0) return;
        for (const block of found) expect(areAdjacent(block)).toBe(true);
      }),
    );
  });

  it('are near what was wanted', () => {
    const map = drawHall(['........', '..##....', '........']);
    const seats = ['B-3', 'B-4'].flatMap((name) => map.byName.get(name) ?? []);
    const [nearest] = findAlternatives(map, seats, 3);
    expect(nearest?.every((seat) => Math.abs(seat.x - 2.5) <= 3)).toBe(true);
  });
});
