// Halls of a catalog file: which layout each has, and the seats that it unfolds into.
import type { Path } from './catalog-file-faults.js';
import type { Reading } from './catalog-file-reading.js';
import { type LayoutBody, layoutBodySchema } from './catalog-file-schema.js';
import type { CatalogHall } from './catalog-file-types.js';
import { expandLayout, type LayoutSeat, zonesOf } from './layout.js';
import { convertPretixPlan } from './layout-pretix.js';

/** Resolves every hall whose layout is sound; the others have brought faults. */
export function resolveHalls(reading: Reading): CatalogHall[] {
  const { sections, faults, options } = reading;
  const named = new Map<string, LayoutSeat[] | undefined>();
  for (const { index, entry } of sections.layouts.found) {
    // Expanded even when no hall uses it: a fault shouldn't wait for the first use.
    const seats = seatsOf(reading, entry, ['layouts', index]);
    if (!named.has(entry.key)) {
      named.set(entry.key, seats);
    }
  }
  const halls: CatalogHall[] = [];
  for (const { index, entry } of sections.halls.found) {
    const known = options.known?.cinemas.has(entry.cinema) ?? false;
    if (!known && !sections.cinemas.declared.has(entry.cinema)) {
      faults.add(['halls', index, 'cinema'], `there is no cinema "${entry.cinema}": add it`);
    }
    const seats = layoutOf(reading, named, entry.layout, ['halls', index, 'layout']);
    if (seats) {
      const { key, cinema, name } = entry;
      halls.push({ key, cinema, name, zones: zonesOf(seats), seats });
    }
  }
  return halls;
}

function layoutOf(
  reading: Reading,
  named: ReadonlyMap<string, LayoutSeat[] | undefined>,
  layout: unknown,
  path: Path,
): LayoutSeat[] | undefined {
  if (typeof layout === 'string') {
    if (!reading.sections.layouts.declared.has(layout)) {
      reading.faults.add(path, `there is no layout "${layout}": add it to layouts`);
    }
    return named.get(layout);
  }
  const inline = layoutBodySchema.safeParse(layout);
  if (!inline.success) {
    reading.faults.addIssues(path, inline.error.issues);
    return undefined;
  }
  return seatsOf(reading, inline.data, path);
}

function seatsOf(reading: Reading, body: LayoutBody, path: Path): LayoutSeat[] | undefined {
  const { faults } = reading;
  if ((body.rows === undefined) === (body.pretix === undefined)) {
    faults.add(path, 'needs either `rows`, or `pretix` with the path of a seating plan');
    return undefined;
  }
  if (body.pretix !== undefined) {
    return seatsOfPretix(reading, body, body.pretix, [...path, 'pretix']);
  }
  for (const field of ['zones', 'accessible', 'companion'] as const) {
    if (body[field] !== undefined) {
      faults.addAtKey([...path, field], 'goes with `pretix` only: write it into the rows');
    }
  }
  const { seats, problems } = expandLayout(body.rows ?? []);
  for (const problem of problems) {
    faults.add([...path, 'rows', ...problem.path], problem.message);
  }
  return problems.length > 0 ? undefined : seats;
}

function seatsOfPretix(
  reading: Reading,
  body: LayoutBody,
  file: string,
  path: Path,
): LayoutSeat[] | undefined {
  const { faults, options } = reading;
  let text: string;
  try {
    if (options.readFile === undefined) {
      throw new Error('files beside the catalog can’t be read here: write the rows out');
    }
    text = options.readFile(file);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    faults.add(path, `can't read ${file}: ${reason}`);
    return undefined;
  }
  const { seats, problems } = convertPretixPlan(text, body);
  for (const problem of problems) {
    faults.add(path, `${file} ${problem}`);
  }
  return problems.length > 0 ? undefined : seats;
}
