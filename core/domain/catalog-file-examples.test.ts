import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { catalogOf, now } from '../../test/support/catalog-sample.js';

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

  it('are what the documentation shows: its pieces make one catalog', () => {
    const page = readFileSync(new URL('../../docs/catalog-file.md', import.meta.url), 'utf8');
    const pieces = [...page.matchAll(/^```yaml\n(\w.*?)^```/gms)].map((match) => match[1]);
    expect(pieces).toHaveLength(6);
    const catalog = catalogOf(pieces.join('\n'));
    expect(catalog.halls.map((hall) => hall.zones)).toEqual([['stalls', 'balcony'], ['recliner']]);
    expect(catalog.shows).toHaveLength(29);
  });
});
