import { z } from 'zod';
import { UsherError } from '../../core/domain/errors.js';
import { parseLatLong } from '../../core/domain/geo.js';
import { parseShowId } from '../../core/domain/ids.js';
import { microCache } from '../../core/runtime/micro-cache.js';
import {
  listCinemas,
  listCities,
  listMovies,
  listSales,
  listShows,
  readCinema,
  readMovie,
  readSale,
  readShow,
  type ShowFilter,
} from '../../core/store/catalog/browse.js';
import type { ApiDeps } from '../deps.js';
import { type Route, route } from '../route.js';
import {
  cinemaJson,
  cinemaShape,
  cityJson,
  cityShape,
  movieJson,
  movieShape,
  saleJson,
  saleShape,
  showJson,
  showShape,
} from './catalog-shapes.js';
import { listOf, pageOf, pageQuery, readCursor, writeCursor } from './paging.js';

/** How long this process gives the same answer, and how long caches may. */
const keptMs = 1_000;
const cacheSeconds = 1;
const entriesMax = 2_000;
/** Shows that `/sales/:id` lists; the rest is found through movies and cinemas. */
const saleShowsMax = 500;

type Deps = Pick<ApiDeps, 'catalog'>;
type Asked = { limit: number; cursor?: string | undefined };
const page = z.strictObject(pageQuery);
const place = z.string().max(100);
export const latLongText = z
  .string()
  .refine((text) => parseLatLong(text) !== undefined, 'must be latitude,longitude in degrees');

/** What anybody may look at: places, movies, sales and shows. */
export function browseRoutes({ catalog }: Deps): Route[] {
  const cache = microCache<unknown>({ keptMs, entriesMax });
  const kept = <T>(key: unknown[], fill: () => Promise<T>): Promise<T> =>
    cache.get(JSON.stringify(key), fill) as Promise<T>;
  return [
    ...cityRoutes({ catalog }, kept),
    ...cinemaRoutes({ catalog }, kept),
    ...movieRoutes({ catalog }, kept),
    ...saleRoutes({ catalog }, kept),
  ];
}

type Kept = <T>(key: unknown[], fill: () => Promise<T>) => Promise<T>;

function cityRoutes({ catalog }: Deps, kept: Kept): Route[] {
  return [
    route({
      method: 'get',
      path: '/api/v1/cities',
      summary: 'Cities by name',
      identity: 'none',
      query: page,
      answers: { 200: listOf(cityShape) },
      cacheSeconds,
      handle: async ({ query }) => {
        const rows = await kept(['cities'], () => listCities(catalog));
        return { status: 200, body: pageOf(rows.map(cityJson), query) };
      },
    }),
  ];
}

function cinemaRoutes({ catalog }: Deps, kept: Kept): Route[] {
  return [
    route({
      method: 'get',
      path: '/api/v1/cinemas',
      summary: 'Cinemas by name, or by distance from a place',
      identity: 'none',
      query: z.strictObject({
        ...pageQuery,
        city: place.optional(),
        postal_code: z.string().max(16).optional(),
        lat_long: latLongText.optional(),
      }),
      answers: { 200: listOf(cinemaShape) },
      cacheSeconds,
      handle: async ({ query }) => {
        const { city, postal_code: postalCode } = query;
        const rows = await kept(['cinemas', city, postalCode], () =>
          listCinemas(catalog, { city, postalCode }),
        );
        const from = query.lat_long === undefined ? undefined : parseLatLong(query.lat_long);
        const all = rows.map((row) => cinemaJson(row, from));
        if (from) all.sort((a, b) => (a.distance_km ?? 0) - (b.distance_km ?? 0));
        return { status: 200, body: pageOf(all, query) };
      },
    }),
    route({
      method: 'get',
      path: '/api/v1/cinemas/:id',
      summary: 'One cinema',
      identity: 'none',
      answers: { 200: cinemaShape },
      cacheSeconds,
      handle: async ({ params }) => {
        const row = await kept(['cinema', params.id], () => readCinema(catalog, params.id ?? ''));
        return { status: 200, body: cinemaJson(found(row, 'cinema')) };
      },
    }),
    showsRoute({
      path: '/api/v1/cinemas/:id/shows',
      summary: 'Shows to come in a cinema, by start',
      query: page,
      filter: (id) => ({ cinemaId: id }),
      owner: (id) => readCinema(catalog, id).then((row) => found(row, 'cinema')),
      deps: { catalog },
      kept,
    }),
  ];
}

function movieRoutes({ catalog }: Deps, kept: Kept): Route[] {
  return [
    route({
      method: 'get',
      path: '/api/v1/movies',
      summary: 'Movies by title, all or those that are shown in a city',
      identity: 'none',
      query: z.strictObject({ ...pageQuery, city: place.optional() }),
      answers: { 200: listOf(movieShape) },
      cacheSeconds,
      handle: async ({ query }) => {
        const rows = await kept(['movies', query.city], () => listMovies(catalog, query.city));
        return { status: 200, body: pageOf(rows.map(movieJson), query) };
      },
    }),
    route({
      method: 'get',
      path: '/api/v1/movies/:id',
      summary: 'One movie',
      identity: 'none',
      answers: { 200: movieShape },
      cacheSeconds,
      handle: async ({ params }) => {
        const row = await kept(['movie', params.id], () => readMovie(catalog, params.id ?? ''));
        return { status: 200, body: movieJson(found(row, 'movie')) };
      },
    }),
    showsRoute({
      path: '/api/v1/movies/:id/shows',
      summary: 'Shows to come of a movie, by start',
      query: z.strictObject({ ...pageQuery, city: place.optional() }),
      filter: (id, { city }) => ({ movieId: id, ...(city === undefined ? {} : { city }) }),
      owner: (id) => readMovie(catalog, id).then((row) => found(row, 'movie')),
      deps: { catalog },
      kept,
    }),
  ];
}

function saleRoutes({ catalog }: Deps, kept: Kept): Route[] {
  return [
    route({
      method: 'get',
      path: '/api/v1/sales',
      summary: 'Sales by opening, those with a crowd first',
      identity: 'none',
      query: page,
      answers: { 200: listOf(saleShape) },
      cacheSeconds,
      handle: async ({ query }) => {
        const rows = await kept(['sales'], () => listSales(catalog));
        return { status: 200, body: pageOf(rows.map(saleJson), query) };
      },
    }),
    route({
      method: 'get',
      path: '/api/v1/sales/:id',
      summary: 'One sale with its shows',
      identity: 'none',
      answers: { 200: saleShape.extend({ shows: z.array(showShape) }) },
      cacheSeconds,
      handle: async ({ params }) => {
        const saleId = params.id ?? '';
        const body = await kept(['sale', saleId], async () => {
          const row = found(await readSale(catalog, saleId), 'sale');
          const shows = await listShows(catalog, { saleId }, { rowsMax: saleShowsMax });
          return { ...saleJson(row), shows: shows.map(showJson) };
        });
        return { status: 200, body };
      },
    }),
    route({
      method: 'get',
      path: '/api/v1/shows/:id',
      summary: 'One show',
      identity: 'none',
      answers: { 200: showShape },
      cacheSeconds,
      handle: async ({ params }) => {
        const showId = found(parseShowId(params.id ?? ''), 'show');
        const row = await kept(['show', showId], () => readShow(catalog, showId));
        return { status: 200, body: showJson(found(row, 'show')) };
      },
    }),
  ];
}

function showsRoute<Query extends Asked>({
  deps,
  kept,
  ...definition
}: {
  path: string;
  summary: string;
  query: z.ZodType<Query>;
  filter: (id: string, query: Query) => ShowFilter;
  /** @throws UsherError `not_found` when there is no such thing. */
  owner: (id: string) => Promise<unknown>;
  deps: Deps;
  kept: Kept;
}): Route {
  return route({
    method: 'get',
    path: definition.path,
    summary: definition.summary,
    identity: 'none',
    query: definition.query,
    answers: { 200: listOf(showShape) },
    cacheSeconds,
    handle: async ({ params, query }) => {
      const id = params.id ?? '';
      const body = await kept(['shows', definition.path, id, query], async () => {
        await definition.owner(id);
        return pageOfShows(deps, definition.filter(id, query), query);
      });
      return { status: 200, body };
    },
  });
}

async function pageOfShows({ catalog }: Deps, filter: ShowFilter, { limit, cursor }: Asked) {
  const [startsAtMs = 0, showId = 0] = cursor === undefined ? [] : readCursor(cursor, 2);
  const after = cursor === undefined ? undefined : { startsAtMs, showId };
  const rows = await listShows(catalog, filter, { after, rowsMax: limit + 1 });
  const results = rows.slice(0, limit);
  const last = results.at(-1);
  const more = rows.length > limit && last;
  return {
    results: results.map(showJson),
    next_cursor: more ? writeCursor([last.starts_at.getTime(), last.show_id]) : null,
  };
}

/** @throws UsherError `not_found`. */
export function found<T>(value: T | undefined, what: string): T {
  if (value === undefined) throw new UsherError('not_found', `There is no such ${what}.`);
  return value;
}
