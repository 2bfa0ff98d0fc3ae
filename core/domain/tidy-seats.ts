import type { Run, Seat, SeatMap } from './seat-map.js';
import { stretchesOf } from './single-seats.js';

type Choice = { seats: Seat[]; cost: number };
/** The cheapest choice of each size, by size; what isn't there can't be chosen. */
type BySize = (Choice | undefined)[];

/** What one more piece costs: more than any way through a hall. */
const pieceCost = 10_000;

/**
 * As many seats as wished in as few pieces as possible, none of which leaves a seat alone, and
 * among those the cheapest. Undefined exactly when there is no such choice: stretches of free seats
 * don't touch each other, so the best of each size per stretch is put together as a knapsack.
 */
export function findTidySeats(
  map: SeatMap,
  size: number,
  fits: (seat: Seat) => boolean,
  cost: (seat: Seat) => number,
): Seat[] | undefined {
  let whole: BySize = [{ seats: [], cost: 0 }];
  for (const row of map.rows) {
    for (const stretch of row.runs.flatMap(stretchesOf)) {
      whole = joined(whole, choicesIn(stretch, size, fits, cost), size);
    }
  }
  return whole[size]?.seats.sort((a, b) => a.seatNo - b.seatNo);
}

function joined(before: BySize, added: BySize, size: number): BySize {
  const after = [...before];
  for (const one of before) {
    for (const other of added) {
      if (!one || !other || one.seats.length + other.seats.length > size) continue;
      keep(after, [...one.seats, ...other.seats], one.cost + other.cost);
    }
  }
  return after;
}

function keep(choices: BySize, seats: Seat[], cost: number): void {
  const known = choices[seats.length];
  if (!known || cost < known.cost) choices[seats.length] = { seats, cost };
}

/**
 * What stands left of the next seat: a gap that may stay, a seat that was picked, the end of the
 * stretch, or a seat that stays alone unless the next one is left free too.
 */
const sides = ['gap', 'picked', 'end', 'alone'] as const;
type Side = (typeof sides)[number];

/** The cheapest choices within one stretch of free seats, seat by seat from its left end. */
function choicesIn(
  stretch: Run,
  size: number,
  fits: (seat: Seat) => boolean,
  cost: (seat: Seat) => number,
): BySize {
  let known: Record<Side, BySize> = { gap: [], picked: [], end: [none], alone: [] };
  for (const seat of stretch) {
    const next: Record<Side, BySize> = { gap: [], picked: [], end: [], alone: [] };
    for (const side of sides) {
      for (const choice of known[side]) {
        if (!choice) continue;
        keep(next[leftFree(seat, side)], choice.seats, choice.cost);
        if (side === 'alone' || choice.seats.length === size || !fits(seat)) continue;
        const added = cost(seat) + (side === 'picked' ? 0 : pieceCost);
        keep(next.picked, [...choice.seats, seat], choice.cost + added);
      }
    }
    known = next;
  }
  const ends: BySize = [];
  for (const choice of [...known.gap, ...known.picked]) {
    if (choice && choice.seats.length > 0) keep(ends, choice.seats, choice.cost);
  }
  return ends;
}

const none: Choice = { seats: [], cost: 0 };

/** Only a standard seat can be left alone; its right neighbour, left free, keeps it company. */
function leftFree(seat: Seat, side: Side): Side {
  const isEdge = side === 'picked' || side === 'end';
  return isEdge && seat.kind === 'standard' ? 'alone' : 'gap';
}
