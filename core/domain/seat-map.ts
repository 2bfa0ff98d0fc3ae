import type { SeatState } from './states.js';

export type SeatKind = 'standard' | 'accessible' | 'companion';

/** One seat of a show as the lane knows it. `x` counts grid places, so an aisle is a step of 2. */
export type Seat = {
  seatNo: number;
  seat: string;
  rowNo: number;
  x: number;
  zone: string;
  kind: SeatKind;
  price: number;
  state: SeatState;
};

/** Seats side by side in one row: each the next place of the one before. */
export type Run = Seat[];

export type Row = { rowNo: number; middleX: number; runs: Run[] };

/**
 * The seats of one show at one version, with what a decision needs to find fast. Decisions change
 * it through `hold` and `free`; when their transaction doesn't commit, it is thrown away.
 */
export type SeatMap = {
  seats: Seat[];
  byName: Map<string, Seat>;
  byNo: Map<number, Seat>;
  rows: Row[];
  /** Free seats that anyone may have. */
  freeStandard: number;
  /** Free accessible and companion places. */
  freeAccessible: number;
  /** Seats that are not on sale. */
  blocked: number;
  /** Grows with every change, so that what was worked out of it can be kept until then. */
  revision: number;
};

export function buildSeatMap(seats: Seat[]): SeatMap {
  const inOrder = [...seats].sort((a, b) => a.rowNo - b.rowNo || a.x - b.x);
  const rows: Row[] = [];
  for (const seat of inOrder) {
    const row = rows.at(-1);
    if (row?.rowNo !== seat.rowNo) {
      rows.push({ rowNo: seat.rowNo, middleX: 0, runs: [[seat]] });
      continue;
    }
    const run = row.runs.at(-1);
    if (run?.at(-1)?.x === seat.x - 1) run.push(seat);
    else row.runs.push([seat]);
  }
  for (const row of rows) {
    const first = row.runs[0]?.[0]?.x ?? 0;
    const last = row.runs.at(-1)?.at(-1)?.x ?? 0;
    row.middleX = (first + last) / 2;
  }
  const free = (standard: boolean) =>
    seats.filter((seat) => seat.state === 'FREE' && (seat.kind === 'standard') === standard).length;
  return {
    seats: [...seats].sort((a, b) => a.seatNo - b.seatNo),
    byName: new Map(seats.map((seat) => [seat.seat, seat])),
    byNo: new Map(seats.map((seat) => [seat.seatNo, seat])),
    rows,
    freeStandard: free(true),
    freeAccessible: free(false),
    blocked: seats.filter((seat) => seat.state === 'BLOCKED').length,
    revision: 0,
  };
}

export function freeSeats(map: SeatMap): number {
  return map.freeStandard + map.freeAccessible;
}

/** Moves a seat to another state and keeps the counts. */
export function setSeat(map: SeatMap, seat: Seat, state: SeatState): void {
  const step = Number(state === 'FREE') - Number(seat.state === 'FREE');
  if (seat.kind === 'standard') map.freeStandard += step;
  else map.freeAccessible += step;
  map.blocked += Number(state === 'BLOCKED') - Number(seat.state === 'BLOCKED');
  seat.state = state;
  map.revision += 1;
}

/** True when the seats are one unbroken block of one row. */
export function areAdjacent(seats: Seat[]): boolean {
  const sorted = [...seats].sort((a, b) => a.x - b.x);
  return sorted.every((seat, index) => {
    const before = sorted[index - 1];
    return !before || (seat.rowNo === before.rowNo && seat.x === before.x + 1);
  });
}
