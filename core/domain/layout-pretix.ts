// Reads a pretix seating plan (their open JSON format) and gives it our words: a category becomes
// a zone, pixel positions become whole seat widths, and a row drawn as several blocks becomes one.
import { z } from 'zod';
import { hallSeatsMax, type LayoutSeat, layoutXMax } from './layout.js';

const position = z.object({ x: z.number(), y: z.number() });
// Their editor writes more fields with every release, so what isn't needed here is let through.
const planSchema = z.object({
  zones: z
    .array(
      z.object({
        name: z.string().default(''),
        position: position.default({ x: 0, y: 0 }),
        rows: z.array(
          z.object({
            row_number: z.string(),
            position: position.default({ x: 0, y: 0 }),
            seats: z.array(
              z.object({
                seat_number: z.string(),
                position,
                category: z.string().trim().min(1).max(32),
              }),
            ),
          }),
        ),
      }),
    )
    .min(1),
});
type Plan = z.infer<typeof planSchema>;

/** What a pretix plan doesn't say, said beside the reference to it. */
export interface PretixOptions {
  /** Zone names by pretix category; a category that isn't here keeps its own name. */
  zones?: Readonly<Record<string, string>> | undefined;
  /** Seat labels (`A-1`) of places for wheelchairs. */
  accessible?: readonly string[] | undefined;
  /** Seat labels of the seats beside them. */
  companion?: readonly string[] | undefined;
}

export interface ConvertedPlan {
  seats: LayoutSeat[];
  problems: string[];
}

/**
 * Converts the text of a pretix seating plan. Without problems the seats are numbered like those
 * of `expandLayout`; with any, they are not to be used.
 */
export function convertPretixPlan(text: string, options: PretixOptions = {}): ConvertedPlan {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    return { seats: [], problems: ["isn't JSON: export the plan from pretix again"] };
  }
  const parsed = planSchema.safeParse(json);
  if (!parsed.success) {
    const problems = parsed.error.issues.map(
      (issue) =>
        `isn't a pretix seating plan: ${issue.path.join('.') || 'the file'}: ${issue.message}`,
    );
    return { seats: [], problems };
  }
  const problems: string[] = [];
  const rows = gatherRows(parsed.data, problems);
  const seats = placeRows(rows, options.zones ?? {}, problems);
  markKinds(seats, options, problems);
  if (problems.length === 0 && (seats.length === 0 || seats.length > hallSeatsMax)) {
    problems.push(`has ${seats.length} seats, a hall has 1 to ${hallSeatsMax}`);
  }
  return { seats, problems };
}

interface PixelSeat {
  number: string;
  x: number;
  category: string;
}
interface PixelRow {
  label: string;
  y: number;
  seats: PixelSeat[];
}

/** Rows of one zone with the same name are one row: pretix draws the blocks beside an aisle apart. */
function gatherRows(plan: Plan, problems: string[]): PixelRow[] {
  const rows = new Map<string, PixelRow>();
  const zoneOfLabel = new Map<string, number>();
  plan.zones.forEach((zone, zoneIndex) => {
    for (const row of zone.rows) {
      if (row.seats.length === 0) {
        continue;
      }
      const label = labelFor(row.row_number, zone.name, zoneIndex, zoneOfLabel);
      if (label === undefined) {
        problems.push(
          `row "${row.row_number}" of zone "${zone.name}" has no usable name: name it in pretix ` +
            'with up to 6 letters or digits that no other row has',
        );
        continue;
      }
      const left = zone.position.x + row.position.x;
      const top = zone.position.y + row.position.y;
      const known = rows.get(label) ?? {
        label,
        y: top + (row.seats[0]?.position.y ?? 0),
        seats: [],
      };
      for (const seat of row.seats) {
        known.seats.push({
          number: seat.seat_number.trim().toUpperCase(),
          x: left + seat.position.x,
          category: seat.category,
        });
      }
      rows.set(label, known);
    }
  });
  return [...rows.values()].sort((a, b) => a.y - b.y);
}

/** Two zones may both have a row 1; the later one's rows then begin with the zone's initial. */
function labelFor(
  rowNumber: string,
  zoneName: string,
  zoneIndex: number,
  zoneOfLabel: Map<string, number>,
): string | undefined {
  const plain = rowNumber.toUpperCase().replace(/[^A-Z0-9]/g, '');
  const initial = zoneName
    .toUpperCase()
    .replace(/[^A-Z0-9]/g, '')
    .slice(0, 1);
  for (const label of [plain, `${initial}${plain}`]) {
    if (plain === '' || label.length > 6) {
      continue;
    }
    const owner = zoneOfLabel.get(label) ?? zoneIndex;
    if (owner === zoneIndex) {
      zoneOfLabel.set(label, zoneIndex);
      return label;
    }
  }
  return undefined;
}

function placeRows(
  rows: PixelRow[],
  zones: Readonly<Record<string, string>>,
  problems: string[],
): LayoutSeat[] {
  const seatWidth = usualGap(rows);
  const left = Math.min(...rows.flatMap((row) => row.seats.map((seat) => seat.x)));
  const seats: LayoutSeat[] = [];
  const seen = new Set<string>();
  rows.forEach((row, rowNo) => {
    let lastX = -1;
    for (const seat of row.seats.sort((a, b) => a.x - b.x)) {
      const label = `${row.label}-${seat.number}`;
      if (!/^\d{1,4}[A-Z]?$/.test(seat.number)) {
        problems.push(`seat "${seat.number}" of row ${row.label} needs a number such as 12 or 12A`);
      } else if (seen.has(label)) {
        problems.push(`seat ${label} is listed twice: number the seats of a row once`);
      }
      seen.add(label);
      // Curved rows squeeze seats together; two must never share a place in the grid.
      lastX = Math.max(lastX + 1, Math.round((seat.x - left) / seatWidth));
      if (lastX > layoutXMax) {
        problems.push(`seat ${label} is more than ${layoutXMax} seat widths from the left edge`);
      }
      seats.push({
        seat_no: seats.length,
        seat: label,
        row: row.label,
        row_no: rowNo,
        x: lastX,
        zone: Object.hasOwn(zones, seat.category) ? (zones[seat.category] ?? '') : seat.category,
        kind: 'standard',
      });
    }
  });
  return seats;
}

/** The middle one of all distances between neighbours, in pixels: aisles are rarer than seats. */
function usualGap(rows: PixelRow[]): number {
  const gaps: number[] = [];
  for (const row of rows) {
    const xs = row.seats.map((seat) => seat.x).sort((a, b) => a - b);
    for (const [index, x] of xs.entries()) {
      const next = xs[index + 1];
      if (next !== undefined && next > x) {
        gaps.push(next - x);
      }
    }
  }
  gaps.sort((a, b) => a - b);
  return gaps[Math.floor(gaps.length / 2)] ?? 1;
}

function markKinds(seats: LayoutSeat[], options: PretixOptions, problems: string[]): void {
  const byLabel = new Map(seats.map((seat) => [seat.seat, seat]));
  for (const kind of ['accessible', 'companion'] as const) {
    for (const label of options[kind] ?? []) {
      const seat = byLabel.get(label);
      if (seat === undefined) {
        problems.push(`has no seat ${label} (listed under \`${kind}\`)`);
      } else if (seat.kind !== 'standard') {
        problems.push(`seat ${label} is already ${seat.kind}: list it once`);
      } else {
        seat.kind = kind;
      }
    }
  }
}
