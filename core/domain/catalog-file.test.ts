import { describe, expect, it } from '@jest/globals';
import {
  base,
  catalogOf,
  faultsOf,
  now,
  placesOf,
  show,
  shows,
} from '../../test/support/catalog-sample.js';

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
      card_cap: null,
      orphan_rule: 'off',
      price_rules: null,
      hold_seconds: 300,
      hold_limit_seconds: 600,
      payment_seconds: 120,
      refund: null,
      booking_fee: 0,
      tax_rate_bp: 0,
      message: null,
      waitlist: null,
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
