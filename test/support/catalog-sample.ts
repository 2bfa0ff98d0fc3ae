// A small catalog for tests of catalog files, and ways to look at what reading one gives.
import { parseCatalogFile } from '../../core/domain/catalog-file.js';
import type {
  Catalog,
  CatalogFault,
  CatalogFileOptions,
} from '../../core/domain/catalog-file-types.js';

export const now = Date.parse('2026-11-20T06:00:00Z');

export function catalogOf(text: string, options: Partial<CatalogFileOptions> = {}): Catalog {
  const result = parseCatalogFile(text, { format: 'yaml', now, ...options });
  if (!result.ok) {
    throw new Error(JSON.stringify(result.faults, null, 1));
  }
  return result.catalog;
}

export function faultsOf(text: string, options: Partial<CatalogFileOptions> = {}): CatalogFault[] {
  const result = parseCatalogFile(text, { format: 'yaml', now, ...options });
  return result.ok ? [] : result.faults;
}

/** Where the faults are: the line's own text beside the field, so that line numbers are proven. */
export function placesOf(text: string, options: Partial<CatalogFileOptions> = {}): string[] {
  const lines = text.split('\n');
  return faultsOf(text, options).map(
    ({ line, column, field }) => `${field} @ ${(lines[line - 1] ?? '').slice(column - 1)}`,
  );
}

export const base = `
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

export const shows = (entries: string) => `${base}shows:\n${entries}`;
export const show = (fields: string) =>
  shows(
    `  - { movie: amelie, sale: desk, currency: EUR, prices: { front: 900, back: 1200 }, ${fields} }\n`,
  );
