// Shows of a catalog file: an entry may stand for many, and each gets a key that is the same at
// every import (hall, local date, local time), whatever day the import is made on.
import type { Path } from './catalog-file-faults.js';
import type { Found, Reading } from './catalog-file-reading.js';
import type { ShowEntry } from './catalog-file-schema.js';
import { claimsOf, reportUnknownClaims, saleOfShow } from './catalog-file-show-sales.js';
import { localDateTime } from './catalog-file-time.js';
import type { CatalogHall, CatalogShow } from './catalog-file-types.js';
import { momentsOf, type Timing, timingOf } from './catalog-file-when.js';

/** Most shows that one file may unfold into. */
export const showsMax = 20_000;

/** A hall as shows see it, from this file or from an earlier import. */
interface Venue {
  time_zone: string;
  zones: readonly string[];
}

/** A show with where it came from, for the checks between shows. */
interface Placed {
  show: CatalogShow;
  index: number;
  entry: ShowEntry;
  time_zone: string;
}

/** Expands all show entries, by start and key; what can't be resolved has brought faults. */
export function resolveShows(reading: Reading, halls: readonly CatalogHall[]): CatalogShow[] {
  const { sections, faults } = reading;
  const venues = venuesOf(reading, halls);
  const venueZones = [...halls, ...(reading.options.known?.halls.values() ?? [])];
  const zones = new Set(venueZones.flatMap((venue) => venue.zones));
  const claims = claimsOf(reading);
  const placed: Placed[] = [];
  for (const found of sections.shows.found) {
    const path: Path = ['shows', found.index];
    checkReferences(reading, found.entry, path);
    const venueKeys = hallsOf(found.entry, path, reading);
    checkPrices(reading, found.entry, path, venueKeys, venues, zones);
    const timing = timingOf(found.entry, path, faults);
    if (timing === undefined) {
      continue;
    }
    for (const hall of venueKeys) {
      const venue = venues.get(hall);
      if (venue !== undefined) {
        placed.push(...expandIn(reading, found, hall, venue, timing));
      }
    }
    if (placed.length > showsMax) {
      faults.add(path, `brings more than ${showsMax} shows: split the file`);
      return [];
    }
  }
  const sound = placed.filter(({ show, index, entry }) => {
    const sale = saleOfShow(reading, claims, show.key, index, entry);
    show.sale = sale ?? '';
    return sale !== undefined;
  });
  reportUnknownClaims(reading, claims, new Set(placed.map(({ show }) => show.key)));
  checkClashes(reading, sound);
  const now = reading.nowMs;
  return sound
    .map(({ show }) => show)
    .filter((show) => !show.starts_at_relative || show.starts_at > now)
    .sort((a, b) => a.starts_at - b.starts_at || (a.key < b.key ? -1 : 1));
}

function venuesOf(reading: Reading, halls: readonly CatalogHall[]): Map<string, Venue> {
  const { sections, options } = reading;
  const venues = new Map<string, Venue>(options.known?.halls ?? []);
  for (const hall of halls) {
    const cinema = sections.cinemas.byKey.get(hall.cinema);
    const city = cinema?.entry.city ?? '';
    const zone =
      sections.cities.byKey.get(city)?.entry.time_zone ??
      options.known?.cities.get(city)?.time_zone ??
      options.known?.cinemas.get(hall.cinema)?.time_zone;
    if (zone !== undefined) {
      venues.set(hall.key, { time_zone: zone, zones: hall.zones });
    }
  }
  return venues;
}

function hallsOf(entry: ShowEntry, path: Path, { faults }: Reading): string[] {
  if ((entry.hall === undefined) === (entry.halls === undefined)) {
    faults.add(path, 'needs either `hall` or, for several at once, `halls`');
    return [];
  }
  return entry.halls ?? (entry.hall === undefined ? [] : [entry.hall]);
}

function checkReferences({ sections, faults, options }: Reading, entry: ShowEntry, path: Path) {
  const { known } = options;
  if (!sections.movies.declared.has(entry.movie) && !known?.movies.has(entry.movie)) {
    faults.add([...path, 'movie'], `there is no movie "${entry.movie}": add it to movies`);
  }
  const halls = entry.halls ?? [entry.hall];
  halls.forEach((hall, at) => {
    const where = entry.halls ? [...path, 'halls', at] : [...path, 'hall'];
    if (hall === undefined) {
      return;
    }
    if (!sections.halls.declared.has(hall) && !known?.halls.has(hall)) {
      faults.add(where, `there is no hall "${hall}": add it to halls`);
    } else if (halls.indexOf(hall) !== at) {
      faults.add(where, `"${hall}" is listed twice: remove one`);
    }
  });
  const { sale } = entry;
  if (sale !== undefined && !sections.sales.declared.has(sale) && !known?.sales.has(sale)) {
    faults.add([...path, 'sale'], `there is no sale "${sale}": add it to sales`);
  }
}

function checkPrices(
  { faults, sections }: Reading,
  entry: ShowEntry,
  path: Path,
  halls: readonly string[],
  venues: ReadonlyMap<string, Venue>,
  zones: ReadonlySet<string>,
): void {
  /** Every zone of these halls, with the first hall that has it. */
  const wanted = new Map<string, string>();
  for (const hall of halls) {
    for (const zone of venues.get(hall)?.zones ?? []) {
      wanted.set(zone, wanted.get(zone) ?? hall);
    }
  }
  for (const [zone, hall] of wanted) {
    if (!Object.hasOwn(entry.prices, zone)) {
      const message = `zone "${zone}" of hall ${hall} has no price: add \`${zone}: AMOUNT\``;
      faults.add([...path, 'prices'], message);
    }
  }
  const complete = zones.size > 0 && sections.halls.complete && sections.layouts.complete;
  // One price list may serve halls of several kinds, so only a zone that nobody has is a slip.
  for (const zone of Object.keys(entry.prices)) {
    if (complete && !zones.has(zone)) {
      const message = `isn't a zone of any hall: they have ${[...zones].join(', ')}`;
      faults.addAtKey([...path, 'prices', zone], message);
    }
  }
}

function expandIn(
  reading: Reading,
  { index, entry }: Found<'shows'>,
  hall: string,
  venue: Venue,
  timing: Timing,
): Placed[] {
  const path: Path = ['shows', index];
  const moments = momentsOf(timing, venue.time_zone, reading.nowMs, path, reading.faults);
  return moments.map(({ startsAtMs, relative }) => {
    const local = localDateTime(startsAtMs, venue.time_zone);
    const made = `${hall}-${local.date.replaceAll('-', '')}-${local.time.replace(':', '')}`;
    const prices = venue.zones.map((zone) => [zone, entry.prices[zone] ?? 0] as const);
    const show: CatalogShow = {
      key: timing.single && entry.hall !== undefined && entry.key ? entry.key : made,
      movie: entry.movie,
      hall,
      sale: '',
      starts_at: startsAtMs,
      starts_at_relative: relative,
      currency: entry.currency,
      prices: Object.fromEntries(prices),
    };
    return { show, index, entry, time_zone: venue.time_zone };
  });
}

/** Two shows may share neither a key nor, for any minute, a hall. */
function checkClashes(reading: Reading, placed: readonly Placed[]): void {
  const byKey = new Map<string, Placed>();
  const byHall = new Map<string, Placed[]>();
  for (const item of placed) {
    const { key, hall } = item.show;
    const other = byKey.get(key);
    if (other) {
      const message = `makes the show ${key}, which shows[${other.index}] also makes: remove one`;
      reading.faults.add(['shows', item.index], message);
      continue;
    }
    byKey.set(key, item);
    const items = byHall.get(hall);
    if (items) {
      items.push(item);
    } else {
      byHall.set(hall, [item]);
    }
  }
  // One slip in a compact entry repeats on every day and in every hall: say it once.
  const clashes = new Map<string, { item: Placed; message: string; more: number }>();
  for (const items of byHall.values()) {
    for (const clash of clashesIn(items, reading)) {
      const pair = `${clash.item.index} ${clash.otherIndex}`;
      const known = clashes.get(pair);
      clashes.set(pair, known ? { ...known, more: known.more + 1 } : { ...clash, more: 0 });
    }
  }
  for (const { item, message, more } of clashes.values()) {
    const rest = more > 0 ? ` (and ${more} more like it)` : '';
    reading.faults.add(['shows', item.index], `${message}${rest}`);
  }
}

function clashesIn(items: readonly Placed[], reading: Reading) {
  const sorted = [...items].sort((a, b) => a.show.starts_at - b.show.starts_at);
  const clashes: { item: Placed; otherIndex: number; message: string }[] = [];
  let last: { item: Placed; endMs: number } | undefined;
  for (const item of sorted) {
    if (last && item.show.starts_at < last.endMs) {
      const start = localText(item.show.starts_at, item.time_zone);
      const end = localText(last.endMs, item.time_zone);
      const other = last.item;
      const message =
        `${start} in hall ${item.show.hall} is before the show of ${other.show.movie} from ` +
        `shows[${other.index}] ends (${end}): move one`;
      clashes.push({ item, otherIndex: other.index, message });
    }
    const endMs = item.show.starts_at + runtimeMs(item.show.movie, reading);
    last = last && last.endMs > endMs ? last : { item, endMs };
  }
  return clashes;
}

function runtimeMs(movie: string, { sections, options }: Reading): number {
  const minutes =
    sections.movies.byKey.get(movie)?.entry.runtime_minutes ??
    options.known?.movies.get(movie)?.runtime_minutes ??
    0;
  return minutes * 60_000;
}

function localText(instantMs: number, timeZone: string): string {
  const { date, time } = localDateTime(instantMs, timeZone);
  return `${date} ${time}`;
}
