import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { parseCatalogFile } from './catalog-file.js';
import type { Catalog, CatalogFault, CatalogFileOptions } from './catalog-file-types.js';

const now = Date.parse('2026-11-20T06:00:00Z');

function catalogOf(text: string, options: Partial<CatalogFileOptions> = {}): Catalog {
  const result = parseCatalogFile(text, { format: 'yaml', now, ...options });
  if (!result.ok) {
    throw new Error(JSON.stringify(result.faults, null, 1));
  }
  return result.catalog;
}

function faultsOf(text: string, options: Partial<CatalogFileOptions> = {}): CatalogFault[] {
  const result = parseCatalogFile(text, { format: 'yaml', now, ...options });
  return result.ok ? [] : result.faults;
}

/** Where the faults are: the line's own text beside the field, so that line numbers are proven. */
function placesOf(text: string, options: Partial<CatalogFileOptions> = {}): string[] {
  const lines = text.split('\n');
  return faultsOf(text, options).map(
    ({ line, column, field }) => `${field} @ ${(lines[line - 1] ?? '').slice(column - 1)}`,
  );
}

const base = `
cities:
  - { key: paris, name: Paris, country: FR, time_zone: Europe/Paris, lat_long: [48.85, 2.35] }
cinemas:
  - { key: rex, name: Rex, city: paris, address: 1 rue A, postal_code: '75002', lat_long: [48.87, 2.34] }
layouts:
  - key: tiny
    rows:
      - { row: A, zone: front, seats: 1-4 }
      - { row: B, zone: back, seats: 1-4 }
halls:
  - { key: rex-1, cinema: rex, name: One, layout: tiny }
  - { key: rex-2, cinema: rex, name: Two, layout: { rows: [{ row: A, zone: back, seats: 1-3 }] } }
movies:
  - key: amelie
    title: Amélie
    runtime_minutes: 122
    certificate: U
    languages: [French]
    genres: [Comedy]
sales:
  - { key: desk, name: Desk, standing: true }
  - { key: rush, name: Rush, opens_at: +30s, rate_per_minute: 600, pass_cap: 50 }
`;

const shows = (entries: string) => `${base}shows:\n${entries}`;
const show = (fields: string) =>
  shows(
    `  - { movie: amelie, sale: desk, currency: EUR, prices: { front: 900, back: 1200 }, ${fields} }\n`,
  );

describe('what a catalog file means', () => {
  it('fills in defaults and makes times absolute', () => {
    const { movies, sales, halls } = catalogOf(base);
    expect(movies[0]).toEqual({
      key: 'amelie',
      kind: 'film',
      title: 'Amélie',
      synopsis: '',
      runtime_minutes: 122,
      certificate: 'U',
      languages: ['French'],
      genres: ['Comedy'],
      rating: null,
      cast: [],
      poster: null,
      trailer_url: null,
    });
    expect(sales[0]).toMatchObject({ standing: true, opens_at: now, opens_at_relative: true });
    expect(sales[1]).toEqual({
      key: 'rush',
      name: 'Rush',
      standing: false,
      lobby: 'arrival',
      opens_at: now + 30_000,
      opens_at_relative: true,
      lobby_opens_at: null,
      rate_per_minute: 600,
      pass_cap: 50,
      pass_seconds: 300,
      seat_cap: 10,
      sale_cap: null,
      hold_seconds: 300,
      hold_limit_seconds: 600,
      refund: null,
      message: null,
    });
    expect(halls.map((hall) => [hall.key, hall.zones, hall.seats.length])).toEqual([
      ['rex-1', ['front', 'back'], 8],
      ['rex-2', ['back'], 3],
    ]);
  });

  it('unfolds a compact entry on the clock of the cinema', () => {
    const { shows: made } = catalogOf(
      show("halls: [rex-1, rex-2], days: 1-2, times: ['14:00', '20:30']"),
    );
    expect(made).toHaveLength(8);
    expect(made[0]).toEqual({
      key: 'rex-1-20261121-1400',
      movie: 'amelie',
      hall: 'rex-1',
      sale: 'desk',
      starts_at: Date.parse('2026-11-21T13:00:00Z'),
      starts_at_relative: true,
      currency: 'EUR',
      prices: { front: 900, back: 1200 },
    });
    expect(made.find((one) => one.hall === 'rex-2')?.prices).toEqual({ back: 1200 });
  });

  it('gives a show the same key whenever and however it is written', () => {
    const keyAt = (fields: string, at: number) =>
      catalogOf(show(fields), { now: at }).shows[0]?.key;
    const key = 'rex-1-20261122-2030';
    expect(keyAt("hall: rex-1, day: 2, time: '20:30'", now)).toBe(key);
    expect(keyAt("hall: rex-1, day: 1, time: '20:30'", now + 86_400_000)).toBe(key);
    expect(keyAt("hall: rex-1, date: 2026-11-22, time: '20:30'", now)).toBe(key);
    expect(keyAt('hall: rex-1, starts_at: 2026-11-22T19:30:00Z', now)).toBe(key);
    expect(keyAt("key: gala, hall: rex-1, day: 2, time: '20:30'", now)).toBe('gala');
  });

  it('counts days from the date at the cinema, not from that in UTC', () => {
    const late = Date.parse('2026-11-20T23:30:00Z');
    const { shows: made } = catalogOf(show("hall: rex-1, day: 0, time: '20:30'"), { now: late });
    expect(made[0]?.key).toBe('rex-1-20261121-2030');
  });

  it('leaves out what was over before the import, on days counted from it only', () => {
    const evening = Date.parse('2026-11-20T20:00:00Z');
    const made = catalogOf(show("hall: rex-1, days: 0-1, times: ['20:30']"), { now: evening });
    expect(made.shows.map((one) => one.key)).toEqual(['rex-1-20261121-2030']);
    const past = show('hall: rex-1, starts_at: 2026-01-22T19:30:00Z');
    expect(catalogOf(past, { now: evening }).shows).toHaveLength(1);
  });

  it('lets a sale list shows, by their key or by that of their entry', () => {
    const text = shows(`  - { key: gala, movie: amelie, hall: rex-1, currency: EUR, day: 1,
      time: '20:30', prices: { front: 900, back: 1200 } }
  - { key: week, movie: amelie, hall: rex-2, currency: EUR, days: 1-3, times: ['20:30'],
      prices: { back: 1200 } }
`).replace('pass_cap: 50', 'pass_cap: 50, shows: [gala, week]');
    const { shows: made } = catalogOf(text);
    expect(made.map((one) => one.sale)).toEqual(['rush', 'rush', 'rush', 'rush']);
  });

  it('reads JSON as well, indented with tabs or not at all, but no bare words', () => {
    const { cities } = catalogOf(base);
    for (const indent of ['', '\t', '  ']) {
      expect(
        catalogOf(JSON.stringify({ cities }, null, indent), { format: 'json' }).cities,
      ).toEqual(cities);
    }
    expect(faultsOf('{"cities": [{"key": paris}]}', { format: 'json' })[0]).toMatchObject({
      line: 1,
      column: 21,
    });
  });

  it('builds on what earlier imports left', () => {
    const text = `shows:
  - { movie: amelie, hall: rex-1, sale: desk, currency: EUR, day: 1, time: '20:30', prices: { front: 900 } }
`;
    expect(placesOf(text).map((place) => place.split(' @')[0])).toEqual([
      'shows[0].movie',
      'shows[0].hall',
      'shows[0].sale',
    ]);
    const known = {
      cities: new Map([['paris', { time_zone: 'Europe/Paris' }]]),
      cinemas: new Map([['rex', { time_zone: 'Europe/Paris' }]]),
      halls: new Map([['rex-1', { time_zone: 'Europe/Paris', zones: ['front'] }]]),
      movies: new Map([['amelie', { runtime_minutes: 122 }]]),
      sales: new Set(['desk']),
    };
    expect(catalogOf(text, { known }).shows[0]?.key).toBe('rex-1-20261121-2030');
  });
});

describe('nights on which clocks change', () => {
  it('refuses a date on which the time is skipped or comes twice', () => {
    expect(faultsOf(show("hall: rex-1, date: 2027-03-28, time: '02:30'"))[0]?.message).toContain(
      'skip 02:30',
    );
    expect(faultsOf(show("hall: rex-1, date: 2026-10-25, time: '02:30'"))[0]?.message).toContain(
      'twice',
    );
  });

  it('moves a show on a day counted from the import', () => {
    const before = Date.parse('2027-03-27T12:00:00Z');
    const { shows: made } = catalogOf(show("hall: rex-1, day: 1, time: '02:30'"), { now: before });
    expect(made[0]?.key).toBe('rex-1-20270328-0330');
  });

  it('measures clashes in real minutes, not on the clock', () => {
    // From 01:30 to 03:40 the clock runs 130 minutes, but 190 pass.
    const fall = show("hall: rex-1, date: 2026-10-25, times: ['01:30', '03:40']");
    expect(faultsOf(fall)).toEqual([]);
    const spring = show("hall: rex-1, date: 2027-03-28, times: ['01:30', '03:40']");
    expect(faultsOf(spring)[0]?.message).toContain('move one');
  });
});

describe('faults', () => {
  it('come all together, each with its line and field', () => {
    const text = base
      .replace('country: FR', 'country: France')
      .replace('Europe/Paris', 'Europe/Pariis')
      .replace("'75002'", '75002')
      .replace('runtime_minutes: 122', 'runtime: 122')
      .replace('zone: back, seats: 1-4', 'zone: back, seats: 1-4 4')
      .replace('layout: tiny', 'layout: huge')
      .replace('opens_at: +30s', 'opens_at: soon');
    expect(placesOf(text)).toEqual([
      'cities[0].country @ France, time_zone: Europe/Pariis, lat_long: [48.85, 2.35] }',
      'cities[0].time_zone @ Europe/Pariis, lat_long: [48.85, 2.35] }',
      'cinemas[0].postal_code @ 75002, lat_long: [48.87, 2.34] }',
      'layouts[0].rows[1].seats @ 1-4 4 }',
      'halls[0].layout @ huge }',
      'movies[0].runtime_minutes @ key: amelie',
      'movies[0].runtime @ runtime: 122',
      'sales[1].opens_at @ soon, rate_per_minute: 600, pass_cap: 50 }',
    ]);
  });

  it.each([
    ['a missing reference', "hall: rex-9, day: 1, time: '20:30'", 'there is no hall "rex-9"'],
    ['no hall', "day: 1, time: '20:30'", 'either `hall` or'],
    ['no time', 'hall: rex-1, day: 1', 'needs `starts_at`'],
    ['two ways to say when', 'hall: rex-1, starts_at: 2026-11-22T19:30Z, day: 1', 'keep one'],
    ['a time without zone', 'hall: rex-1, starts_at: 2026-11-22T19:30:00', 'with its offset'],
    ['a count for a range', "hall: rex-1, days: 7, times: ['20:30']", 'range or list'],
    ['a date that is none', "hall: rex-1, date: 2026-02-30, time: '20:30'", 'a date such as'],
    ['an impossible time', "hall: rex-1, day: 1, time: '25:00'", 'from 00:00 to 23:59'],
    ['a hall listed twice', "halls: [rex-1, rex-1], day: 1, time: '20:30'", 'listed twice'],
    ['films that overlap', "hall: rex-1, day: 1, times: ['18:00', '20:01']", 'move one'],
  ])('names %s', (_, fields, message) => {
    expect(
      faultsOf(show(fields))
        .map((fault) => fault.message)
        .join('\n'),
    ).toContain(message);
  });

  it.each([
    ['{ back: 1200 }', 'zone "front" of hall rex-1 has no price'],
    ['{ front: 900, back: 12.5 }', 'whole minor units'],
    ['{ front: 900, back: "1200" }', 'must be a number of minor units'],
    ['{ front: 900, back: 1200, frnt: 1 }', "isn't a zone of any hall"],
    ['{ front: 0, back: 1200 }', 'at least 1'],
    ['*nowhere', 'no anchor &nowhere'],
  ])('finds what is wrong with prices %s', (prices, message) => {
    const text = show("hall: rex-1, day: 1, time: '20:30'").replace(
      '{ front: 900, back: 1200 }',
      prices,
    );
    const faults = faultsOf(text);
    expect(faults).toHaveLength(1);
    expect(faults[0]?.message).toContain(message);
  });

  it.each([
    ['{ key: s, name: S }', ['opens_at', 'rate_per_minute', 'pass_cap']],
    [
      '{ key: s, name: S, standing: true, lobby: draw, lobby_opens_at: -1m }',
      ['lobby_opens_at', 'lobby'],
    ],
    ['{ key: s, name: S, standing: true, hold_seconds: 900 }', ['hold_limit_seconds']],
    ['{ key: s, name: S, standing: true, refund: { until: 1 } }', ['refund.until', 'refund']],
    [
      '{ key: s, name: S, opens_at: +1h, lobby_opens_at: +2h, rate_per_minute: 1, pass_cap: 1 }',
      ['lobby_opens_at'],
    ],
    ['{ key: desk, name: S, standing: true }', ['key']],
    ['{ key: Desk One, name: S, standing: true }', ['key']],
    ['{ key: s, name: S, standing: true, shows: [nothing] }', ['shows[0]']],
  ])('finds what is wrong with a sale %s', (sale, fields) => {
    const found = faultsOf(`${base}  - ${sale}\n`).map(({ field }) => field);
    for (const field of fields) {
      expect(found.some((name) => name.startsWith(`sales[2].${field}`))).toBe(true);
    }
  });

  it('keeps a show in exactly one sale', () => {
    const text = show("key: gala, hall: rex-1, day: 1, time: '20:30'");
    const none = faultsOf(text.replace('sale: desk, ', ''));
    expect(none.map((fault) => fault.message).join()).toContain('belongs to no sale');
    const two = placesOf(text.replace('pass_cap: 50', 'pass_cap: 50, shows: [gala]'));
    expect(two).toEqual(['sales[1].shows[0] @ gala] }']);
  });

  it('says once what a compact entry repeats, and which entries clash', () => {
    const entry = (times: string) =>
      `  - { movie: amelie, sale: desk, halls: [rex-1, rex-2], days: 1-9, times: ['${times}'],
      currency: EUR, prices: { front: 900, back: 1200 } }\n`;
    const clash = faultsOf(shows(entry('18:00') + entry('19:00')));
    expect(clash).toHaveLength(1);
    expect(clash[0]).toMatchObject({ field: 'shows[1]' });
    expect(clash[0]?.message).toMatch(/shows\[0\] ends \(2026-11-21 20:02\).*17 more/);
    const same = faultsOf(shows(entry('18:00') + entry('18:00')));
    expect(new Set(same.map((fault) => fault.field))).toEqual(new Set(['shows[1]']));
  });

  it('does not blame what refers to a faulty entry', () => {
    const text = show("hall: rex-1, day: 1, time: '20:30'")
      .replace('runtime_minutes: 122', 'runtime_minutes: long')
      .replace('name: Rex,', 'name: 7,')
      .replace('name: Desk, standing: true', 'standing: true');
    expect(placesOf(text).map((place) => place.split(' @')[0])).toEqual([
      'cinemas[0].name',
      'movies[0].runtime_minutes',
      'sales[0].name',
    ]);
  });

  it.each([
    ['', 'must hold the lists'],
    ['- a', 'must hold the lists'],
    ['cities: {}', 'must be a list'],
    ['cities: [7]', 'must be a group'],
    ['towns: []', "isn't a list here"],
    ['constructor: []', "isn't a list here"],
    ['cities: [', "can't be read here"],
    ['cities: []\ncities: []', 'given twice'],
    ['a: &a [x]\nb: !!secret 1', "can't be read here"],
  ])('survives a file such as %j', (text, message) => {
    const faults = faultsOf(text);
    expect(faults.map((fault) => fault.message).join()).toContain(message);
    expect(faults.every(({ line, column }) => line >= 1 && column >= 1)).toBe(true);
  });

  it('stops at a file that unfolds into far more than it says', () => {
    const levels = Array.from({ length: 9 }, (_, level) => {
      const inner = level === 0 ? '1' : `*l${level - 1}`;
      return `  - &l${level} [${Array(10).fill(inner).join(', ')}]`;
    });
    expect(faultsOf(`x-bomb:\n${levels.join('\n')}\n`)[0]?.message).toContain('one anchor');
  });

  it('points into the value of an anchor, where the fault is', () => {
    const text = `x-prices:\n  - &low { front: 900, back: 1.5 }\n${show(
      "hall: rex-1, day: 1, time: '20:30'",
    ).replace('{ front: 900, back: 1200 }', '*low')}`;
    expect(placesOf(text)).toEqual(['shows[0].prices.back @ 1.5 }']);
  });

  it('reports a pretix plan at the line that names it', () => {
    const text = base.replace('layout: tiny', 'layout: { pretix: plan.json }');
    expect(faultsOf(text)[0]?.message).toContain('can’t be read here');
    const readFile = () => '{"zones": []}';
    expect(placesOf(text, { readFile })).toEqual(['halls[0].layout.pretix @ plan.json } }']);
  });
});

describe('the examples', () => {
  const readExample = (name: string) =>
    readFileSync(new URL(`../../examples/${name}`, import.meta.url), 'utf8');

  it('keep the promises of the premiere, whenever it is imported', () => {
    for (const at of [
      now,
      Date.parse('2027-03-26T23:59:00Z'),
      Date.parse('2028-10-28T12:00:00Z'),
    ]) {
      const catalog = catalogOf(readExample('premiere.yaml'), { now: at });
      const sizes = new Set(catalog.halls.map((hall) => hall.seats.length));
      expect(catalog.cities.length).toBeGreaterThanOrEqual(12);
      expect(catalog.cinemas).toHaveLength(30);
      expect(catalog.halls).toHaveLength(60);
      expect(catalog.movies).toHaveLength(10);
      expect([...sizes].sort((a, b) => a - b)).toEqual([48, 96, 150, 186, 240, 500]);
      expect(catalog.shows).toHaveLength(489);
      expect(catalog.shows.every((one) => one.starts_at > at)).toBe(true);
      const rushes = catalog.sales.filter((sale) => !sale.standing);
      expect(rushes.map((sale) => sale.opens_at - at)).toEqual([-60_000, 30_000]);
      const kinds = catalog.halls.map((hall) => new Set(hall.seats.map((seat) => seat.kind)).size);
      expect(new Set(kinds)).toEqual(new Set([3]));
    }
  });

  it('read the small catalog with its pretix plan', () => {
    const catalog = catalogOf(readExample('small.yaml'), { readFile: readExample });
    expect(catalog.halls.map((hall) => [hall.zones, hall.seats.length])).toEqual([
      [['front', 'back'], 42],
      [['front', 'back'], 80],
    ]);
    expect(catalog.shows).toHaveLength(3);
  });
});
