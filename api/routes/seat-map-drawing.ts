import type { SeatState } from '../../core/domain/states.js';
import type { SeatMap } from '../../core/store/shard/seat-map-rows.js';

/** A seat map as it is sent: both forms at one version. */
export type DrawnSeatMap = { version: number; tag: string; json: string; bits: Buffer };

/** What the public is told of a seat, and its two bits. */
const publicStates = {
  FREE: ['free', 0b00],
  HELD: ['held', 0b01],
  BOOKED: ['booked', 0b10],
  BLOCKED: ['closed', 0b11],
} as const satisfies Record<SeatState, [string, number]>;

/** Draws a map once; everybody who asks gets the same bytes. */
export function drawSeatMap(showId: string, map: SeatMap): DrawnSeatMap {
  const rows: { row: string; seats: Record<string, unknown>[] }[] = [];
  for (const { seat, row, x, zone, kind, price, state } of map.seats) {
    if (rows.at(-1)?.row !== row) rows.push({ row, seats: [] });
    rows.at(-1)?.seats.push({
      seat,
      x,
      state: publicStates[state][0],
      zone,
      ...(kind === 'standard' ? {} : { kind }),
      price: { amount: price, currency: map.currency },
    });
  }
  return {
    version: map.version,
    tag: `${showId}-${map.version}`,
    json: JSON.stringify({
      show_id: showId,
      version: map.version,
      price_version: map.priceVersion,
      orphan_rule: map.orphanRule,
      rows,
    }),
    bits: seatBits(map.seats.map((seat) => seat.state)),
  };
}

/** Two bits a seat in seat order, four seats a byte, the first in the lowest bits. */
export function seatBits(states: readonly SeatState[]): Buffer {
  const bits = Buffer.alloc(Math.ceil(states.length / 4));
  states.forEach((state, index) => {
    const byte = index >> 2;
    bits[byte] = (bits[byte] ?? 0) | (publicStates[state][1] << ((index & 3) * 2));
  });
  return bits;
}
