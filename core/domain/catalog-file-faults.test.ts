import { describe, expect, it } from '@jest/globals';
import { base, faultsOf, placesOf, show, shows } from '../../test/support/catalog-sample.js';

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
