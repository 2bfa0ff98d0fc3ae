import type { ShowId } from '../../domain/ids.js';
import type { StoredSaleState } from '../../domain/sale-state.js';
import type { OrphanRule } from '../../domain/single-seats.js';
import type { Queryable, SqlValue } from '../database.js';

type Reader = Pick<Queryable, 'rows'>;

export type CityRow = {
  city_id: string;
  name: string;
  country: string;
  time_zone: string;
  lat: number;
  lon: number;
};

export type MovieRow = {
  movie_id: string;
  kind: 'film' | 'event';
  title: string;
  synopsis: string;
  runtime_minutes: number;
  certificate: string;
  languages: string[];
  genres: string[];
  rating: number | null;
  cast: string[];
  poster: string | null;
  trailer_url: string | null;
};

export type CinemaRow = {
  cinema_id: string;
  name: string;
  address: string;
  postal_code: string;
  lat: number;
  lon: number;
  city_id: string;
  city: string;
  time_zone: string;
};

export type ShowRow = {
  show_id: ShowId;
  sale_id: string;
  state: 'ACTIVE' | 'CANCELLED';
  movie_id: string;
  title: string;
  cinema_id: string;
  cinema: string;
  city_id: string;
  city: string;
  time_zone: string;
  hall_id: string;
  hall: string;
  starts_at: Date;
  seats_free: number;
  price_from: number;
  currency: string;
};

export type SaleRow = {
  sale_id: string;
  name: string;
  state: StoredSaleState;
  lobby: 'arrival' | 'draw';
  standing: number;
  lobby_opens_at: Date | null;
  opens_at: Date;
  rate_per_minute: number;
  pass_cap: number;
  pass_seconds: number;
  draining: number;
  no_show_percent: number;
  seat_cap: number;
  sale_cap: number | null;
  card_cap: number | null;
  orphan_rule: OrphanRule;
  price_rules: string | null;
  hold_seconds: number;
  hold_limit_seconds: number;
  payment_seconds: number;
  refund_until_hours: number | null;
  refund_fee_percent: number | null;
  booking_fee: number;
  tax_rate_bp: number;
  offer_seconds: number | null;
  offers_stop_minutes: number;
  message: string;
  seed_hash: string;
  version: number;
  seats_left: number;
  /** Whether it has any show, also past ones. */
  has_shows: boolean;
  now: Date;
};

/** Where a list of shows goes on: after this start and id. */
export type ShowCursor = { startsAtMs: number; showId: ShowId };

export type ShowFilter = {
  movieId?: string;
  cinemaId?: string;
  saleId?: string;
  /** Key or name, in any case. */
  city?: string;
  /** Also shows that have begun. */
  past?: boolean;
};

const inCity = '(ci.city_id = ? OR LOWER(ci.name) = LOWER(?))';

export async function listCities(catalog: Reader): Promise<CityRow[]> {
  return catalog.rows<CityRow>(
    'SELECT city_id, name, country, time_zone, lat, lon FROM cities ORDER BY name, city_id',
  );
}

const movieColumns = `m.movie_id, m.kind, m.title, m.synopsis, m.runtime_minutes, m.certificate,
  m.languages, m.genres, m.rating, m.cast_names, m.poster, m.trailer_url`;

type StoredMovie = Omit<MovieRow, 'languages' | 'genres' | 'cast' | 'rating'> & {
  languages: string;
  genres: string;
  cast_names: string;
  rating: string | null;
};

/** All movies, or those with a show to come in a city, by title. */
export async function listMovies(catalog: Reader, city?: string): Promise<MovieRow[]> {
  const rows = await catalog.rows<StoredMovie>(
    city === undefined
      ? `SELECT ${movieColumns} FROM movies AS m ORDER BY m.title, m.movie_id`
      : `SELECT ${movieColumns} FROM movies AS m WHERE EXISTS (
           SELECT 1 FROM shows AS s
           JOIN halls AS h ON h.hall_id = s.hall_id
           JOIN cinemas AS c ON c.cinema_id = h.cinema_id
           JOIN cities AS ci ON ci.city_id = c.city_id
           WHERE s.movie_id = m.movie_id AND s.state = 'ACTIVE' AND s.starts_at > NOW(3)
             AND ${inCity})
         ORDER BY m.title, m.movie_id`,
    city === undefined ? [] : [city, city],
  );
  return rows.map(movieOf);
}

export async function readMovie(catalog: Reader, movieId: string): Promise<MovieRow | undefined> {
  const [row] = await catalog.rows<StoredMovie>(
    `SELECT ${movieColumns} FROM movies AS m WHERE m.movie_id = ?`,
    [movieId],
  );
  return row && movieOf(row);
}

function movieOf({ cast_names, languages, genres, rating, ...row }: StoredMovie): MovieRow {
  return {
    ...row,
    languages: JSON.parse(languages) as string[],
    genres: JSON.parse(genres) as string[],
    rating: rating === null ? null : Number(rating),
    cast: JSON.parse(cast_names) as string[],
  };
}

const cinemaSelect = `SELECT c.cinema_id, c.name, c.address, c.postal_code, c.lat, c.lon, ci.city_id,
    ci.name AS city, ci.time_zone
  FROM cinemas AS c JOIN cities AS ci ON ci.city_id = c.city_id`;

/** Cinemas by name, all or those of a city or postal code. */
export async function listCinemas(
  catalog: Reader,
  { city, postalCode }: { city?: string | undefined; postalCode?: string | undefined },
): Promise<CinemaRow[]> {
  const where: string[] = [];
  const params: SqlValue[] = [];
  if (city !== undefined) {
    where.push(inCity);
    params.push(city, city);
  }
  if (postalCode !== undefined) {
    where.push("UPPER(REPLACE(c.postal_code, ' ', '')) = UPPER(REPLACE(?, ' ', ''))");
    params.push(postalCode);
  }
  const condition = where.length > 0 ? `WHERE ${where.join(' AND ')}` : '';
  return catalog.rows<CinemaRow>(
    `${cinemaSelect} ${condition} ORDER BY c.name, c.cinema_id`,
    params,
  );
}

export async function readCinema(
  catalog: Reader,
  cinemaId: string,
): Promise<CinemaRow | undefined> {
  const [row] = await catalog.rows<CinemaRow>(`${cinemaSelect} WHERE c.cinema_id = ?`, [cinemaId]);
  return row;
}

const showSelect = `SELECT s.show_id, s.sale_id, s.state, s.movie_id, m.title, c.cinema_id,
    c.name AS cinema, ci.city_id, ci.name AS city, ci.time_zone, h.hall_id, h.name AS hall,
    s.starts_at, s.seats_free, s.price_from, s.currency
  FROM shows AS s
  JOIN movies AS m ON m.movie_id = s.movie_id
  JOIN halls AS h ON h.hall_id = s.hall_id
  JOIN cinemas AS c ON c.cinema_id = h.cinema_id
  JOIN cities AS ci ON ci.city_id = c.city_id`;

/** Shows on sale by start, at most `rowsMax`, after the cursor. */
export async function listShows(
  catalog: Reader,
  filter: ShowFilter,
  { after, rowsMax }: { after?: ShowCursor | undefined; rowsMax: number },
): Promise<ShowRow[]> {
  const where = ["s.state = 'ACTIVE'"];
  const params: SqlValue[] = [];
  const add = (condition: string, ...values: SqlValue[]) => {
    where.push(condition);
    params.push(...values);
  };
  if (!filter.past) add('s.starts_at > NOW(3)');
  if (filter.movieId !== undefined) add('s.movie_id = ?', filter.movieId);
  if (filter.cinemaId !== undefined) add('h.cinema_id = ?', filter.cinemaId);
  if (filter.saleId !== undefined) add('s.sale_id = ?', filter.saleId);
  if (filter.city !== undefined) add(inCity, filter.city, filter.city);
  if (after) {
    const at = new Date(after.startsAtMs);
    add('(s.starts_at > ? OR (s.starts_at = ? AND s.show_id > ?))', at, at, after.showId);
  }
  return catalog.rows<ShowRow>(
    `${showSelect} WHERE ${where.join(' AND ')} ORDER BY s.starts_at, s.show_id LIMIT ?`,
    [...params, rowsMax],
  );
}

/** One show, also a cancelled or past one; undefined while it is being made. */
export async function readShow(catalog: Reader, showId: ShowId): Promise<ShowRow | undefined> {
  const [row] = await catalog.rows<ShowRow>(
    `${showSelect} WHERE s.show_id = ? AND s.state <> 'PLANNED'`,
    [showId],
  );
  return row;
}

const saleSelect = `SELECT a.sale_id, a.name, a.state, a.lobby, a.standing, a.lobby_opens_at,
    a.opens_at, a.rate_per_minute, a.pass_cap, a.pass_seconds, a.seat_cap, a.sale_cap,
    a.card_cap, a.orphan_rule, a.price_rules, a.hold_seconds, a.hold_limit_seconds, a.payment_seconds, a.refund_until_hours, a.refund_fee_percent,
    a.booking_fee, a.tax_rate_bp, a.offer_seconds, a.offers_stop_minutes, a.message,
    a.draining, a.no_show_percent, a.seed_hash, a.version, NOW(3) AS now,
    (SELECT COALESCE(SUM(s.seats_free), 0) FROM shows AS s
     WHERE s.sale_id = a.sale_id AND s.state = 'ACTIVE' AND s.starts_at > NOW(3)) AS seats_left,
    EXISTS (SELECT 1 FROM shows AS s WHERE s.sale_id = a.sale_id) AS has_shows
  FROM sales AS a`;

type StoredSale = Omit<SaleRow, 'seats_left' | 'has_shows' | 'refund_fee_percent'> & {
  seats_left: string;
  has_shows: number;
  refund_fee_percent: string | null;
};

/** All sales, those with a crowd first, each by its opening. */
export async function listSales(catalog: Reader): Promise<SaleRow[]> {
  const rows = await catalog.rows<StoredSale>(
    `${saleSelect} ORDER BY a.standing, a.opens_at, a.sale_id`,
  );
  return rows.map(saleOf);
}

export async function readSale(catalog: Reader, saleId: string): Promise<SaleRow | undefined> {
  const [row] = await catalog.rows<StoredSale>(`${saleSelect} WHERE a.sale_id = ?`, [saleId]);
  return row && saleOf(row);
}

function saleOf({ seats_left, has_shows, refund_fee_percent, ...row }: StoredSale): SaleRow {
  return {
    ...row,
    seats_left: Number(seats_left),
    has_shows: has_shows === 1,
    refund_fee_percent: refund_fee_percent === null ? null : Number(refund_fee_percent),
  };
}
