import type { ShowId } from '../../domain/ids.js';
import type { Queryable } from '../database.js';

/** What tickets, mails and calendars say of a show. */
export type BookingShow = {
  showId: ShowId;
  saleId: string;
  movieId: string;
  title: string;
  runtimeMinutes: number;
  cinemaId: string;
  cinema: string;
  address: string;
  city: string;
  hall: string;
  /** The cinema's IANA zone. */
  timeZone: string;
  /** What the cinema writes to its fans in, such as `hi-IN`. */
  locale: string;
  startsAtMs: number;
};

type Row = Omit<BookingShow, 'startsAtMs'> & { startsAt: Date };

/** Shows by number; an unknown one is missing from the map. */
export async function readBookingShows(
  catalog: Pick<Queryable, 'rows'>,
  showIds: ShowId[],
): Promise<Map<ShowId, BookingShow>> {
  if (showIds.length === 0) return new Map();
  const rows = await catalog.rows<Row>(
    `SELECT s.show_id AS showId, s.sale_id AS saleId, s.movie_id AS movieId, m.title,
       m.runtime_minutes AS runtimeMinutes, c.cinema_id AS cinemaId, c.name AS cinema, c.address,
       t.name AS city, h.name AS hall, t.time_zone AS timeZone, t.locale, s.starts_at AS startsAt
     FROM shows s
     JOIN movies m ON m.movie_id = s.movie_id
     JOIN halls h ON h.hall_id = s.hall_id
     JOIN cinemas c ON c.cinema_id = h.cinema_id
     JOIN cities t ON t.city_id = c.city_id
     WHERE s.show_id IN (?)`,
    [showIds],
  );
  return new Map(
    rows.map(({ startsAt, ...row }) => [row.showId, { ...row, startsAtMs: startsAt.getTime() }]),
  );
}
