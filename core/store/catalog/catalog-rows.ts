import type { Catalog, CatalogSale, CatalogShow } from '../../domain/catalog-file-types.js';
import type { SqlValue } from '../database.js';

/** One row of a catalog table by column. */
export type CatalogRow = Record<string, SqlValue>;

/** How a list of the catalog file lies in its table. */
export type TableShape = { table: string; key: string; columns: string[] };

export const tables = {
  cities: {
    table: 'cities',
    key: 'city_id',
    columns: ['name', 'country', 'time_zone', 'locale', 'lat', 'lon'],
  },
  movies: {
    table: 'movies',
    key: 'movie_id',
    columns: [
      ...['kind', 'title', 'synopsis', 'runtime_minutes', 'certificate', 'languages', 'genres'],
      ...['rating', 'cast_names', 'poster', 'trailer_url'],
    ],
  },
  cinemas: {
    table: 'cinemas',
    key: 'cinema_id',
    columns: ['city_id', 'name', 'address', 'postal_code', 'lat', 'lon'],
  },
  halls: { table: 'halls', key: 'hall_id', columns: ['cinema_id', 'name'] },
  sales: {
    table: 'sales',
    key: 'sale_id',
    columns: [
      ...['name', 'lobby', 'standing', 'lobby_opens_at', 'opens_at', 'rate_per_minute'],
      ...[
        'pass_cap',
        'pass_seconds',
        'seat_cap',
        'sale_cap',
        'card_cap',
        'orphan_rule',
        'price_rules',
        'hold_seconds',
      ],
      ...['hold_limit_seconds', 'refund_until_hours', 'refund_fee_percent', 'booking_fee'],
      ...['tax_rate_bp', 'message', 'offer_seconds', 'offers_stop_minutes', 'payment_seconds'],
    ],
  },
  shows: {
    table: 'shows',
    key: 'show_key',
    columns: [
      ...['sale_id', 'movie_id', 'hall_id', 'starts_at', 'currency', 'prices', 'price_from'],
    ],
  },
} as const satisfies Record<keyof Catalog, TableShape>;

export type SectionName = keyof typeof tables;

/** Parents before children, so that references hold at each statement. */
export const sectionOrder = ['cities', 'movies', 'cinemas', 'halls', 'sales', 'shows'] as const;

/** What the column holds for a sale without a waitlist. */
const offersStopMinutes = 15;

const makers: { [S in SectionName]: (entry: Catalog[S][number]) => CatalogRow } = {
  cities: ({ key, name, country, time_zone, locale, lat_long: [lat, lon] }) => ({
    ...{ city_id: key, name, country, time_zone, locale, lat, lon },
  }),
  movies: (movie) => ({
    movie_id: movie.key,
    kind: movie.kind,
    title: movie.title,
    synopsis: movie.synopsis,
    runtime_minutes: movie.runtime_minutes,
    certificate: movie.certificate,
    languages: JSON.stringify(movie.languages),
    genres: JSON.stringify(movie.genres),
    rating: movie.rating,
    cast_names: JSON.stringify(movie.cast),
    poster: movie.poster,
    trailer_url: movie.trailer_url,
  }),
  cinemas: ({ key, city, name, address, postal_code, lat_long: [lat, lon] }) => ({
    ...{ cinema_id: key, city_id: city, name, address, postal_code, lat, lon },
  }),
  halls: ({ key, cinema, name }) => ({ hall_id: key, cinema_id: cinema, name }),
  sales: saleRow,
  shows: showRow,
};

export function rowsOf(catalog: Catalog, section: SectionName): CatalogRow[] {
  const make = makers[section] as (entry: unknown) => CatalogRow;
  return catalog[section].map((entry) => make(entry));
}

function saleRow(sale: CatalogSale): CatalogRow {
  return {
    sale_id: sale.key,
    name: sale.name,
    lobby: sale.lobby,
    standing: sale.standing ? 1 : 0,
    lobby_opens_at: sale.lobby_opens_at === null ? null : new Date(sale.lobby_opens_at),
    opens_at: new Date(sale.opens_at),
    rate_per_minute: sale.rate_per_minute,
    pass_cap: sale.pass_cap,
    pass_seconds: sale.pass_seconds,
    seat_cap: sale.seat_cap,
    sale_cap: sale.sale_cap,
    card_cap: sale.card_cap,
    orphan_rule: sale.orphan_rule,
    price_rules: sale.price_rules && JSON.stringify(sale.price_rules),
    hold_seconds: sale.hold_seconds,
    hold_limit_seconds: sale.hold_limit_seconds,
    payment_seconds: sale.payment_seconds,
    refund_until_hours: sale.refund?.until_hours_before ?? null,
    refund_fee_percent: sale.refund?.fee_percent ?? null,
    booking_fee: sale.booking_fee,
    tax_rate_bp: sale.tax_rate_bp,
    message: sale.message ?? '',
    offer_seconds: sale.waitlist?.offer_seconds ?? null,
    offers_stop_minutes: sale.waitlist?.stop_minutes_before ?? offersStopMinutes,
  };
}

function showRow(show: CatalogShow): CatalogRow {
  return {
    show_key: show.key,
    sale_id: show.sale,
    movie_id: show.movie,
    hall_id: show.hall,
    starts_at: new Date(show.starts_at),
    currency: show.currency,
    prices: JSON.stringify(show.prices),
    price_from: Math.min(...Object.values(show.prices)),
  };
}

const jsonColumns = new Set(['languages', 'genres', 'cast_names', 'prices']);
const decimalColumns = new Set(['rating', 'refund_fee_percent']);

/** One form for a value as it is given and as either engine returns it. */
export function comparable(column: string, value: SqlValue | undefined): string {
  if (value === null || value === undefined) return 'null';
  if (value instanceof Date) return String(value.getTime());
  if (jsonColumns.has(column)) {
    const parsed: unknown = JSON.parse(String(value));
    return JSON.stringify(Array.isArray(parsed) ? parsed : Object.entries(parsed as object).sort());
  }
  if (decimalColumns.has(column)) return String(Number(value));
  return String(value);
}

/** The columns in which two rows differ. */
export function differingColumns(
  columns: readonly string[],
  given: CatalogRow,
  stored: CatalogRow,
): string[] {
  return columns.filter(
    (column) => comparable(column, given[column]) !== comparable(column, stored[column]),
  );
}
