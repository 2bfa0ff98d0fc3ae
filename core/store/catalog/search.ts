import { addDays, instantOf, parseZonedTime } from '../../domain/catalog-file-time.js';
import { distanceKm } from '../../domain/geo.js';
import type { Queryable } from '../database.js';
import type { CinemaRow, MovieRow } from './browse.js';
import {
  type FoundShow,
  plainWord,
  readSearchSnapshot,
  type SearchSnapshot,
} from './search-snapshot.js';

export type SearchSort = 'relevance' | 'showtime' | 'rating' | 'distance';

/** What is looked for; everything that is given must fit. */
export type SearchQuery = {
  keyword?: string | undefined;
  /** Key or name. */
  city?: string | undefined;
  /** Key or a part of the name. */
  cinema?: string | undefined;
  postalCode?: string | undefined;
  /** A day of the cinema's own calendar, `2026-12-18`. */
  date?: string | undefined;
  /** Shows that start then or later: an instant, or a clock reading where the cinema is. */
  datetime?: string | undefined;
  latLong?: readonly [number, number] | undefined;
  radiusKm?: number | undefined;
  sort: SearchSort;
};

export type SearchHit = {
  show: FoundShow;
  movie: MovieRow;
  cinema: CinemaRow;
  distanceKm: number | null;
};
export type Suggestion = { kind: 'movie' | 'cinema' | 'city'; id: string; text: string };

export type Search = {
  /** All hits in order; pages are cut by the caller. */
  find(query: SearchQuery): Promise<SearchHit[]>;
  suggest(text: string): Promise<Suggestion[]>;
};

const freshMs = 3_000;
const staleMsMax = 60_000;
const wordsMax = 8;
const suggestionsMax = 8;
const fillers = new Set(['the', 'a', 'an', 'at', 'in', 'of', 'on', 'and', 'near', 'with']);

/**
 * Search over a snapshot in memory. Who asks after a few seconds starts a new reading, and is
 * answered from the old one meanwhile, unless that is very old.
 */
export function openSearch(catalog: Pick<Queryable, 'rows'>): Search {
  let snapshot: SearchSnapshot | undefined;
  let reading: Promise<SearchSnapshot> | undefined;
  const read = (): Promise<SearchSnapshot> => {
    reading ??= readSearchSnapshot(catalog, snapshot)
      .then((made) => {
        snapshot = made;
        return made;
      })
      .finally(() => {
        reading = undefined;
      });
    return reading;
  };
  const current = async (): Promise<SearchSnapshot> => {
    const ageMs = snapshot ? Date.now() - snapshot.readMs : Number.POSITIVE_INFINITY;
    if (snapshot && ageMs <= freshMs) return snapshot;
    const next = read();
    if (!snapshot || ageMs > staleMsMax) return next;
    next.catch(() => undefined);
    return snapshot;
  };
  return {
    find: async (query) => findIn(await current(), query),
    suggest: async (text) => suggestFrom(await current(), text),
  };
}

function wordsOf(text: string): string[] {
  const words = plainWord(text)
    .split(/[^\p{L}\p{N}]+/u)
    .filter(Boolean)
    .slice(0, wordsMax);
  const telling = words.filter((word) => !fillers.has(word));
  return telling.length > 0 ? telling : words;
}

function findIn(snapshot: SearchSnapshot, query: SearchQuery): SearchHit[] {
  const cinemaFits = cinemaFilter(query);
  const distances = new Map<string, number | null>();
  for (const cinema of snapshot.cinemas.values()) {
    if (!cinemaFits(cinema)) continue;
    const km = query.latLong ? distanceKm(query.latLong, [cinema.lat, cinema.lon]) : null;
    if (km !== null && query.radiusKm !== undefined && km > query.radiusKm) continue;
    distances.set(cinema.cinema_id, km);
  }
  const score = scorer(snapshot, query.keyword);
  const timeFits = timeFilter(query, Date.now());
  const hits: (SearchHit & { score: number })[] = [];
  for (const show of snapshot.shows) {
    const km = distances.get(show.cinema_id);
    const movie = snapshot.movies.get(show.movie_id);
    const cinema = snapshot.cinemas.get(show.cinema_id);
    if (km === undefined || !movie || !cinema || !timeFits(show, cinema)) continue;
    const points = score(show.movie_id, show.cinema_id);
    if (points === undefined) continue;
    hits.push({ show, movie, cinema, distanceKm: km, score: points });
  }
  return hits.sort(orders[query.sort]);
}

type Scored = SearchHit & { score: number };

// Sorting is stable and the snapshot lies by start, so that settles every tie.
const orders: Record<SearchSort, (a: Scored, b: Scored) => number> = {
  relevance: (a, b) => b.score - a.score,
  showtime: () => 0,
  rating: (a, b) => (b.movie.rating ?? -1) - (a.movie.rating ?? -1),
  distance: (a, b) => (a.distanceKm ?? 0) - (b.distanceKm ?? 0),
};

function cinemaFilter({ city, cinema, postalCode }: SearchQuery): (row: CinemaRow) => boolean {
  const wantedCity = city === undefined ? undefined : plainWord(city);
  const wantedCinema = cinema === undefined ? undefined : plainWord(cinema);
  const wantedCode = postalCode === undefined ? undefined : plainCode(postalCode);
  return (row) =>
    (wantedCity === undefined || [row.city_id, plainWord(row.city)].includes(wantedCity)) &&
    (wantedCinema === undefined ||
      row.cinema_id === wantedCinema ||
      plainWord(row.name).includes(wantedCinema)) &&
    (wantedCode === undefined || plainCode(row.postal_code) === wantedCode);
}

function plainCode(code: string): string {
  return code.replaceAll(/[\s-]/g, '').toUpperCase();
}

/** A show fits when each word fits its movie or its cinema; undefined when one fits neither. */
function scorer(
  snapshot: SearchSnapshot,
  keyword: string | undefined,
): (movieId: string, cinemaId: string) => number | undefined {
  const words = wordsOf(keyword ?? '').map((word) => ({
    movies: snapshot.moviesByWord(word),
    cinemas: snapshot.cinemasByWord(word),
  }));
  // What has no letter and no digit names nothing.
  if (words.length === 0 && keyword?.trim()) return () => undefined;
  return (movieId, cinemaId) => {
    let total = 0;
    for (const word of words) {
      const best = Math.max(word.movies.get(movieId) ?? 0, word.cinemas.get(cinemaId) ?? 0);
      if (best === 0) return undefined;
      total += best;
    }
    return total;
  };
}

function timeFilter(
  { date, datetime }: SearchQuery,
  nowMs: number,
): (show: FoundShow, cinema: CinemaRow) => boolean {
  const days = new Map<string, { fromMs: number; toMs: number }>();
  const dayIn = (zone: string) => {
    const known = days.get(zone);
    if (known || date === undefined) return known;
    const made = {
      fromMs: instantOf(date, '00:00', zone).instantMs,
      toMs: instantOf(addDays(date, 1), '00:00', zone).instantMs,
    };
    days.set(zone, made);
    return made;
  };
  return (show, cinema) => {
    const startsAtMs = show.starts_at.getTime();
    if (startsAtMs <= nowMs) return false;
    const day = dayIn(cinema.time_zone);
    if (day && (startsAtMs < day.fromMs || startsAtMs >= day.toMs)) return false;
    return datetime === undefined || startsAtMs >= instantIn(datetime, cinema.time_zone);
  };
}

function instantIn(datetime: string, zone: string): number {
  const [date = '', time = ''] = datetime.split(/[T ]/);
  return parseZonedTime(datetime) ?? instantOf(date, time.slice(0, 5), zone).instantMs;
}

function suggestFrom(snapshot: SearchSnapshot, text: string): Suggestion[] {
  const words = wordsOf(text);
  const best = <T>(
    index: SearchSnapshot['moviesByWord'],
    rows: Map<string, T>,
  ): { id: string; row: T; score: number }[] => {
    const perWord = words.map(index);
    return [...rows]
      .map(([id, row]) => {
        const scores = perWord.map((hits) => hits.get(id) ?? 0);
        const all = scores.length > 0 && scores.every((score) => score > 0);
        return { id, row, score: all ? scores.reduce((sum, score) => sum + score, 0) : 0 };
      })
      .filter(({ score }) => score > 0)
      .sort((a, b) => b.score - a.score);
  };
  const start = plainWord(text.trim());
  const cities = new Map(
    [...snapshot.cinemas.values()]
      .filter((cinema) => start !== '' && plainWord(cinema.city).startsWith(start))
      .map((cinema) => [cinema.city_id, cinema.city]),
  );
  return [
    ...[...cities].map(([id, name]) => ({ kind: 'city' as const, id, text: name })),
    ...best(snapshot.moviesByWord, snapshot.movies).map(({ id, row }) => ({
      ...{ kind: 'movie' as const, id, text: row.title },
    })),
    ...best(snapshot.cinemasByWord, snapshot.cinemas).map(({ id, row }) => ({
      ...{ kind: 'cinema' as const, id, text: `${row.name}, ${row.city}` },
    })),
  ].slice(0, suggestionsMax);
}
