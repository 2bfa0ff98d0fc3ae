import type { PriceRules } from '../../core/domain/price-rules.js';
import {
  buildSeatMap,
  type Seat,
  type SeatKind,
  type SeatMap,
} from '../../core/domain/seat-map.js';
import type { SeatState } from '../../core/domain/states.js';
import { fc } from './draws.js';

type Place = { gap: number; kind: SeatKind; state: SeatState; zone: string };

const anyPlace: fc.Arbitrary<Place> = fc.record({
  gap: fc.oneof({ weight: 8, arbitrary: fc.constant(0) }, { weight: 1, arbitrary: fc.constant(1) }),
  kind: fc.oneof(
    { weight: 10, arbitrary: fc.constant<SeatKind>('standard') },
    { weight: 1, arbitrary: fc.constantFrom<SeatKind>('accessible', 'companion') },
  ),
  state: fc.oneof(
    { weight: 6, arbitrary: fc.constant<SeatState>('FREE') },
    { weight: 2, arbitrary: fc.constantFrom<SeatState>('HELD', 'BOOKED', 'BLOCKED') },
  ),
  zone: fc.constantFrom('front', 'back'),
});

/** The seats of some hall: rows with aisles, zones, accessible places and seats that are taken. */
export const anySeats: fc.Arbitrary<Seat[]> = fc
  .array(fc.array(anyPlace, { minLength: 1, maxLength: 9 }), { minLength: 1, maxLength: 5 })
  .map((rows) => {
    const seats: Seat[] = [];
    for (const [rowNo, places] of rows.entries()) {
      let x = 0;
      for (const [index, { gap, ...place }] of places.entries()) {
        x += gap;
        const seat = `${'ABCDE'[rowNo]}-${index + 1}`;
        seats.push({ seatNo: seats.length, seat, rowNo, x, price: 100 + seats.length, ...place });
        x += 1;
      }
    }
    return seats;
  });

/** Some rules by which prices move, or none. */
export const anyPriceRules: fc.Arbitrary<PriceRules | null> = fc.option(
  fc.record({
    step: fc.constantFrom(1, 5, 7, 20),
    floor_percent: fc.integer({ min: 50, max: 100 }),
    ceiling_percent: fc.integer({ min: 100, max: 180 }),
    by_share_sold: fc.array(
      fc.record({
        from_percent: fc.integer({ min: 0, max: 100 }),
        change_percent: fc.integer({ min: -60, max: 120 }),
      }),
      { minLength: 1, maxLength: 4 },
    ),
    by_time_to_show: fc.array(
      fc.record({
        within_hours: fc.integer({ min: 1, max: 23 }),
        change_percent: fc.integer({ min: -60, max: 60 }),
      }),
      { maxLength: 2 },
    ),
  }),
);

/**
 * A hall drawn in text: one line a row, `.` free, `#` taken, `a` free accessible, `c` free
 * companion, a space an aisle one seat wide.
 */
export function drawHall(rows: string[]): SeatMap {
  const seats: Seat[] = [];
  for (const [rowNo, row] of rows.entries()) {
    let number = 0;
    for (const [x, mark] of [...row].entries()) {
      if (mark === ' ') continue;
      number += 1;
      seats.push({
        seatNo: seats.length,
        seat: `${String.fromCharCode(65 + rowNo)}-${number}`,
        rowNo,
        x,
        zone: 'all',
        kind: mark === 'a' ? 'accessible' : mark === 'c' ? 'companion' : 'standard',
        price: 100,
        state: mark === '#' ? 'HELD' : 'FREE',
      });
    }
  }
  return buildSeatMap(seats);
}

/** The rows drawn again, with the given seats as `X`. */
export function drawChoice(rows: string[], chosen: Seat[]): string[] {
  const places = new Set(chosen.map((seat) => `${seat.rowNo}|${seat.x}`));
  return rows.map((row, rowNo) =>
    [...row].map((mark, x) => (places.has(`${rowNo}|${x}`) ? 'X' : mark)).join(''),
  );
}
