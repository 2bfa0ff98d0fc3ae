import { describe, expect, it } from '@jest/globals';
import { buildSeatMap, type Seat } from '../../../core/domain/seat-map.js';
import { leavesSingle as asServer, orphanRules } from '../../../core/domain/single-seats.js';
import { fc } from '../../../test/support/draws.js';
import { anySeats } from '../../../test/support/halls.js';
import { leavesSingle } from './single-seats.js';
import type { SeatMap, SeatRow } from './types.js';

/** The map as the server would send it. */
function sent(seats: Seat[], orphan_rule: SeatMap['orphan_rule']): SeatMap {
  const rows: SeatRow[] = [];
  for (const { seat, x, rowNo, zone, kind, state } of seats) {
    rows[rowNo] ??= { row: String(rowNo), seats: [] };
    rows[rowNo].seats.push({
      ...{ seat, x, zone, price: { amount: 1, currency: 'EUR' } },
      state: state === 'FREE' ? 'free' : 'held',
      ...(kind === 'standard' ? {} : { kind }),
    });
  }
  return { show_id: '1', version: 1, price_version: 0, orphan_rule, rows };
}

describe('single seats on the page', () => {
  it('are those that the server would refuse', () => {
    const anyChoice = anySeats.chain((seats) =>
      fc.tuple(
        fc.constant(seats),
        fc.subarray(seats.filter((seat) => seat.state === 'FREE')),
        fc.constantFrom(...orphanRules),
      ),
    );
    fc.assert(
      fc.property(anyChoice, ([seats, chosen, rule]) => {
        const names = chosen.map((seat) => seat.seat);
        const expected = asServer(buildSeatMap(seats), chosen, rule).map((seat) => seat.seat);
        expect(leavesSingle(sent(seats, rule), names).sort()).toEqual(expected.sort());
      }),
      { numRuns: 500 },
    );
  });
});
