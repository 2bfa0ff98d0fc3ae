// A layout is written the way a person reads a seating plan, row by row from the screen, and is
// expanded once, at import, into numbered seats: everything later works with `seat_no` alone.

/** Most seats that a hall may have: seat maps and journals number seats with 12 bits. */
export const hallSeatsMax = 4_095;
/** Widest grid position, in seat widths; it bounds what `_99` tokens can make. */
export const layoutXMax = 999;

export type SeatKind = 'standard' | 'accessible' | 'companion';

/** One place in a hall. */
export interface LayoutSeat {
  /** Ordinal in seat order, from 0: rows from the screen backwards, in a row by `x`. */
  seat_no: number;
  /** What people read, `ROW-NUMBER`; unique in the hall. */
  seat: string;
  row: string;
  /** Grid position of the row from the screen, from 0; a cross aisle leaves numbers out. */
  row_no: number;
  /** Grid position in the row, in whole seat widths from 0; an aisle leaves numbers out. */
  x: number;
  zone: string;
  kind: SeatKind;
}

/** One line of a layout: seat rows that look alike, or a cross aisle. */
export interface LayoutRow {
  row?: string | undefined;
  zone?: string | undefined;
  seats?: string | undefined;
  accessible?: string | undefined;
  companion?: string | undefined;
  /** Height of a cross aisle, in rows. */
  aisle?: number | undefined;
}

/** What is wrong with a layout, and where in it. */
export interface LayoutProblem {
  path: (string | number)[];
  message: string;
}

export interface ExpandedLayout {
  seats: LayoutSeat[];
  problems: LayoutProblem[];
}

/**
 * Expands rows into seats. Problems are all reported together; `seats` is complete only without
 * any. A path in a problem begins with the index of the row.
 */
export function expandLayout(rows: readonly LayoutRow[]): ExpandedLayout {
  const problems: LayoutProblem[] = [];
  const seats: LayoutSeat[] = [];
  const rowsSeen = new Set<string>();
  let rowNo = 0;
  rows.forEach((line, index) => {
    const complain = (field: string, message: string) => {
      problems.push({ path: [index, field], message });
    };
    if (line.aisle !== undefined) {
      if (line.row ?? line.zone ?? line.seats ?? line.accessible ?? line.companion) {
        complain('aisle', 'a cross aisle stands alone: put the row into a line of its own');
      }
      rowNo += line.aisle;
      return;
    }
    const plan = planOfLine(line, complain);
    for (const row of plan.rows) {
      if (rowsSeen.has(row)) {
        complain('row', `row ${row} is listed twice: give each row once, aisles go into \`seats\``);
        continue;
      }
      rowsSeen.add(row);
      for (const place of plan.places) {
        seats.push({
          seat_no: seats.length,
          seat: `${row}-${place.number}`,
          row,
          row_no: rowNo,
          x: place.x,
          zone: plan.zone,
          kind: place.kind,
        });
      }
      rowNo += 1;
    }
  });
  if (problems.length === 0 && (seats.length === 0 || seats.length > hallSeatsMax)) {
    const message = `a hall has 1 to ${hallSeatsMax} seats, this layout has ${seats.length}`;
    problems.push({ path: [], message });
  }
  return { seats, problems };
}

/** The zones of a hall in the order in which they first appear from the screen. */
export function zonesOf(seats: readonly LayoutSeat[]): string[] {
  return [...new Set(seats.map((seat) => seat.zone))];
}

interface Place {
  number: number;
  x: number;
  kind: SeatKind;
}

type Complain = (field: string, message: string) => void;

function planOfLine(line: LayoutRow, complain: Complain) {
  const rows = line.row === undefined ? undefined : rowLabels(line.row);
  if (rows === undefined) {
    complain(
      'row',
      'name the row with up to 6 capitals or digits (A, AA, 12), or several: A-H J-M',
    );
  }
  if (line.zone === undefined) {
    complain('zone', 'say which zone the row is in: prices are given per zone');
  }
  const placed = line.seats === undefined ? undefined : placesOf(line.seats);
  if (placed === undefined) {
    complain('seats', 'list the seats from left to right: 1-8 _ 9-20 (an underscore is an aisle)');
  } else if (placed.twice !== undefined) {
    complain('seats', `seat ${placed.twice} is listed twice: remove one`);
  }
  const places = placed?.places ?? [];
  for (const kind of ['accessible', 'companion'] as const) {
    markKind(places, kind, line[kind], complain);
  }
  return { rows: rows ?? [], zone: line.zone ?? '', places };
}

function markKind(
  places: Place[],
  kind: 'accessible' | 'companion',
  text: string | undefined,
  complain: Complain,
): void {
  if (text === undefined) {
    return;
  }
  const wanted = placesOf(text);
  if (wanted === undefined) {
    complain(kind, 'list seat numbers: 1, 2, 19-20');
    return;
  }
  for (const { number } of wanted.places) {
    const place = places.find((candidate) => candidate.number === number);
    if (place === undefined) {
      complain(
        kind,
        `seat ${number} isn't in \`seats\` of this row: add it there or remove it here`,
      );
    } else if (place.kind !== 'standard') {
      complain(kind, `seat ${number} is already ${place.kind}: list it once`);
    } else {
      place.kind = kind;
    }
  }
}

const seatToken = /^(\d{1,4})(?:-(\d{1,4}))?$/;
const gapToken = /^_(\d{0,2})$/;

/** Reads `1-8 _2 9-12`; undefined when it isn't of that form. */
function placesOf(text: string): { places: Place[]; twice?: number } | undefined {
  const places: Place[] = [];
  const seen = new Set<number>();
  let twice: number | undefined;
  let x = 0;
  for (const token of words(text)) {
    const gap = gapToken.exec(token);
    if (gap) {
      x += gap[1] === '' ? 1 : Number(gap[1]);
      continue;
    }
    const match = seatToken.exec(token);
    if (!match) {
      return undefined;
    }
    const from = Number(match[1]);
    const to = Number(match[2] ?? match[1]);
    const step = from <= to ? 1 : -1;
    for (let number = from; number !== to + step; number += step) {
      if (seen.has(number)) {
        twice ??= number;
      }
      seen.add(number);
      places.push({ number, x, kind: 'standard' });
      x += 1;
    }
    if (x > layoutXMax) {
      return undefined;
    }
  }
  if (places.length === 0) {
    return undefined;
  }
  return twice === undefined ? { places } : { places, twice };
}

const rowLabel = /^[A-Z0-9]{1,6}$/;

/** Reads `A-H J-M AA 12`; undefined when it isn't of that form. */
function rowLabels(text: string): string[] | undefined {
  const labels: string[] = [];
  for (const token of words(text)) {
    const [from, to, ...more] = token.split('-');
    if (from === undefined || !rowLabel.test(from) || more.length > 0) {
      return undefined;
    }
    const range = to === undefined ? [from] : rowRange(from, to);
    if (range === undefined) {
      return undefined;
    }
    labels.push(...range);
  }
  return labels.length === 0 ? undefined : labels;
}

/** Rows from `from` to `to`: single letters or numbers, in either direction. */
function rowRange(from: string, to: string): string[] | undefined {
  const digits = /^\d{1,3}$/;
  const letter = /^[A-Z]$/;
  const numbers = digits.test(from) && digits.test(to);
  if (!numbers && !(letter.test(from) && letter.test(to))) {
    return undefined;
  }
  const first = numbers ? Number(from) : from.charCodeAt(0);
  const last = numbers ? Number(to) : to.charCodeAt(0);
  const step = first <= last ? 1 : -1;
  return Array.from({ length: Math.abs(last - first) + 1 }, (_, index) => {
    const code = first + index * step;
    return numbers ? String(code) : String.fromCharCode(code);
  });
}

function words(text: string): string[] {
  return text.split(/[\s,]+/).filter((word) => word !== '');
}
