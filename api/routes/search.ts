import { z } from 'zod';
import { isDate, parseZonedTime } from '../../core/domain/catalog-file-time.js';
import { parseLatLong } from '../../core/domain/geo.js';
import { formatShowId } from '../../core/domain/ids.js';
import { openSearch, type SearchHit } from '../../core/store/catalog/search.js';
import type { ApiDeps } from '../deps.js';
import { type Route, route } from '../route.js';
import { latLongText } from './browse.js';
import { roundKm } from './catalog-shapes.js';
import { listOf, pageOf, pageQuery } from './paging.js';

const radiusKmMax = 20_000;
const localTime = /^(\d{4}-\d{2}-\d{2})[T ]([01]\d|2[0-3]):[0-5]\d(:[0-5]\d)?$/;

function isDateTime(text: string): boolean {
  const local = localTime.exec(text);
  return parseZonedTime(text) !== undefined || (local !== null && isDate(local[1] ?? ''));
}

const searchQuery = z
  .strictObject({
    ...pageQuery,
    keyword: z.string().max(100).optional(),
    city: z.string().max(100).optional(),
    cinema: z.string().max(150).optional(),
    lat_long: latLongText.optional(),
    radius_km: z.coerce.number().positive().max(radiusKmMax).optional(),
    postal_code: z.string().max(16).optional(),
    date: z.string().refine(isDate, 'must be a date such as 2026-12-18').optional(),
    datetime: z
      .string()
      .refine(isDateTime, 'must be a time such as 2026-12-18T19:00 or 2026-12-18T13:30:00Z')
      .optional(),
    sort: z.enum(['relevance', 'showtime', 'rating', 'distance']).default('relevance'),
  })
  .refine((query) => query.lat_long !== undefined || query.radius_km === undefined, {
    path: ['lat_long'],
    error: 'is needed for radius_km',
  })
  .refine((query) => query.lat_long !== undefined || query.sort !== 'distance', {
    path: ['lat_long'],
    error: 'is needed to sort by distance',
  });

const hitShape = z.object({
  movie: z.object({
    movie_id: z.string(),
    kind: z.enum(['film', 'event']),
    title: z.string(),
    genres: z.array(z.string()),
    rating: z.number().nullable(),
    poster: z.string().nullable(),
  }),
  cinema: z.object({
    cinema_id: z.string(),
    name: z.string(),
    city: z.string(),
    time_zone: z.string(),
    postal_code: z.string(),
  }),
  show_id: z.string(),
  sale_id: z.string(),
  starts_at: z.iso.datetime(),
  available_seats: z.number().int(),
  price_from: z.number().int(),
  currency: z.string(),
  distance_km: z.number().nullable(),
});

const suggestion = z.object({
  kind: z.enum(['movie', 'cinema', 'city']),
  id: z.string(),
  text: z.string(),
});

/** Search for shows, and completion of what is being typed. */
export function searchRoutes({ catalog }: Pick<ApiDeps, 'catalog'>): Route[] {
  const search = openSearch(catalog);
  return [
    route({
      method: 'get',
      path: '/api/v1/search',
      summary: 'Shows to come by words, place and time',
      identity: 'none',
      query: searchQuery,
      answers: { 200: listOf(hitShape) },
      cacheSeconds: 2,
      handle: async ({ query }) => {
        const { keyword, city, cinema, date, datetime, sort } = query;
        const hits = await search.find({
          ...{ keyword, city, cinema, date, datetime, sort },
          postalCode: query.postal_code,
          latLong: query.lat_long === undefined ? undefined : parseLatLong(query.lat_long),
          radiusKm: query.radius_km,
        });
        const { results, next_cursor } = pageOf(hits, query);
        return { status: 200, body: { results: results.map(hitJson), next_cursor } };
      },
    }),
    route({
      method: 'get',
      path: '/api/v1/search/suggest',
      summary: 'Completes what is being typed',
      identity: 'none',
      query: z.strictObject({ q: z.string().min(1).max(100) }),
      answers: { 200: listOf(suggestion) },
      cacheSeconds: 5,
      handle: async ({ query }) => ({
        status: 200,
        body: { results: await search.suggest(query.q), next_cursor: null },
      }),
    }),
  ];
}

function hitJson({ show, movie, cinema, distanceKm }: SearchHit): z.infer<typeof hitShape> {
  return {
    movie: {
      movie_id: movie.movie_id,
      kind: movie.kind,
      title: movie.title,
      genres: movie.genres,
      rating: movie.rating,
      poster: movie.poster,
    },
    cinema: {
      cinema_id: cinema.cinema_id,
      name: cinema.name,
      city: cinema.city,
      time_zone: cinema.time_zone,
      postal_code: cinema.postal_code,
    },
    show_id: formatShowId(show.show_id),
    sale_id: show.sale_id,
    starts_at: show.starts_at.toISOString(),
    available_seats: show.seats_free,
    price_from: show.price_from,
    currency: show.currency,
    distance_km: distanceKm === null ? null : roundKm(distanceKm),
  };
}
