import { money } from './format.js';
import type { Seat, SeatDelta, SeatMap, SeatRow } from './types.js';

/** The outcome of applying a push: the new map, or that pushes were missed and the map must be read again. */
export type Applied = { kind: 'map'; map: SeatMap } | { kind: 'gap' };

/** Applies one push. Rows without a change stay the same object, so that they aren't drawn again. */
export function applyDelta(map: SeatMap, delta: SeatDelta): Applied {
  if (delta.version <= map.version) return { kind: 'map', map };
  if (delta.from_version > map.version) return { kind: 'gap' };
  // A push has no prices: the map is read again for them.
  if ((delta.price_version ?? map.price_version) !== map.price_version) return { kind: 'gap' };
  const changes = new Map(delta.changes);
  const rows = map.rows.map((row) => {
    if (!row.seats.some((seat) => changes.has(seat.seat))) return row;
    return {
      ...row,
      seats: row.seats.map((seat) => {
        const state = changes.get(seat.seat);
        return state === undefined || state === seat.state ? seat : { ...seat, state };
      }),
    };
  });
  return { kind: 'map', map: { ...map, version: delta.version, rows } };
}

export function seatNumber(seat: Seat): string {
  return seat.seat.slice(seat.seat.lastIndexOf('-') + 1);
}

export function allSeats(map: SeatMap): Seat[] {
  return map.rows.flatMap((row) => row.seats);
}

const stateWords = { free: 'free', held: 'held by someone', booked: 'sold', closed: 'not on sale' };

/** The seat's full name: "Row J, seat 12, Premium, ₹480, free". */
export function seatName(row: string, seat: Seat, chosen: boolean): string {
  const kinds = { accessible: 'wheelchair space', companion: 'companion seat' };
  const parts = [`Row ${row}`, `seat ${seatNumber(seat)}`, seat.zone, money(seat.price)];
  if (seat.kind !== undefined) parts.push(kinds[seat.kind]);
  parts.push(chosen ? 'chosen' : stateWords[seat.state]);
  return parts.join(', ');
}

export type Step = 'left' | 'right' | 'up' | 'down' | 'row-start' | 'row-end' | 'first' | 'last';

const stepOfKey: Record<string, Step> = {
  ArrowLeft: 'left',
  ArrowRight: 'right',
  ArrowUp: 'up',
  ArrowDown: 'down',
  Home: 'row-start',
  End: 'row-end',
};

/** The move that a key asks for. */
export function stepFor(key: string, ctrl: boolean): Step | null {
  const step = stepOfKey[key] ?? null;
  if (ctrl && step === 'row-start') return 'first';
  if (ctrl && step === 'row-end') return 'last';
  return step;
}

/** The seat that a move from `from` leads to; at the edge it is `from` itself. */
export function neighbour(rows: SeatRow[], from: string, step: Step): string {
  const full = rows.filter((row) => row.seats.length > 0);
  const rowAt = full.findIndex((row) => row.seats.some((seat) => seat.seat === from));
  const row = full[rowAt];
  if (row === undefined) return full[0]?.seats[0]?.seat ?? from;
  const line = byX(row);
  const at = line.findIndex((seat) => seat.seat === from);
  switch (step) {
    case 'left':
      return line[at - 1]?.seat ?? from;
    case 'right':
      return line[at + 1]?.seat ?? from;
    case 'row-start':
      return line[0]?.seat ?? from;
    case 'row-end':
      return line.at(-1)?.seat ?? from;
    case 'first':
      return byX(full[0] ?? row)[0]?.seat ?? from;
    case 'last':
      return byX(full.at(-1) ?? row).at(-1)?.seat ?? from;
    case 'up':
      return nearest(full[rowAt - 1], line[at]) ?? from;
    case 'down':
      return nearest(full[rowAt + 1], line[at]) ?? from;
  }
}

function byX(row: SeatRow): Seat[] {
  return [...row.seats].sort((a, b) => a.x - b.x);
}

function nearest(row: SeatRow | undefined, seat: Seat | undefined): string | undefined {
  if (row === undefined || seat === undefined) return undefined;
  const line = [...row.seats].sort((a, b) => Math.abs(a.x - seat.x) - Math.abs(b.x - seat.x));
  return line[0]?.seat;
}

export interface Zone {
  zone: string;
  price: Seat['price'];
  free: number;
  /** Its number in the order of price, from 0, which picks its colour. */
  order: number;
}

/** The zones of a hall, cheapest first, with how many seats are free in each. */
export function zonesOf(map: SeatMap): Zone[] {
  const zones = new Map<string, Zone>();
  for (const seat of allSeats(map)) {
    const known = zones.get(seat.zone) ?? { zone: seat.zone, price: seat.price, free: 0, order: 0 };
    zones.set(seat.zone, { ...known, free: known.free + (seat.state === 'free' ? 1 : 0) });
  }
  return [...zones.values()]
    .sort((a, b) => a.price.amount - b.price.amount || a.zone.localeCompare(b.zone))
    .map((zone, order) => ({ ...zone, order }));
}
