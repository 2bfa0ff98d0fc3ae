import MiniSearch from 'minisearch';
import type { Queryable } from '../database.js';
import { type CinemaRow, listCinemas, listMovies, type MovieRow } from './browse.js';

/** One show as search needs it. */
export type FoundShow = {
  show_id: number;
  sale_id: string;
  movie_id: string;
  cinema_id: string;
  starts_at: Date;
  seats_free: number;
  price_from: number;
  currency: string;
};

/** Scores of what one word matches, by movie or cinema. */
export type WordIndex = (word: string) => Map<string, number>;

/** The part of the catalog that is on sale, as it was a few seconds ago. */
export type SearchSnapshot = {
  readMs: number;
  movies: Map<string, MovieRow>;
  cinemas: Map<string, CinemaRow>;
  /** By start. */
  shows: FoundShow[];
  moviesByWord: WordIndex;
  cinemasByWord: WordIndex;
  /** What the indexes were made of; they are made again only when it changed. */
  indexed: string;
};

const showsMax = 50_000;
const fuzzyCharsMin = 4;

/** Reads all that can be searched; `old` lends its indexes when no text has changed. */
export async function readSearchSnapshot(
  catalog: Pick<Queryable, 'rows'>,
  old: SearchSnapshot | undefined,
): Promise<SearchSnapshot> {
  const readMs = Date.now();
  const [movies, cinemas, shows] = await Promise.all([
    listMovies(catalog),
    listCinemas(catalog, {}),
    catalog.rows<FoundShow>(
      `SELECT s.show_id, s.sale_id, s.movie_id, h.cinema_id, s.starts_at, s.seats_free,
         s.price_from, s.currency
       FROM shows AS s JOIN halls AS h ON h.hall_id = s.hall_id
       WHERE s.state = 'ACTIVE' AND s.starts_at > NOW(3)
       ORDER BY s.starts_at, s.show_id LIMIT ?`,
      [showsMax],
    ),
  ]);
  const indexed = JSON.stringify([movies, cinemas]);
  const indexes =
    old?.indexed === indexed
      ? { moviesByWord: old.moviesByWord, cinemasByWord: old.cinemasByWord }
      : { moviesByWord: indexMovies(movies), cinemasByWord: indexCinemas(cinemas) };
  return {
    readMs,
    movies: new Map(movies.map((movie) => [movie.movie_id, movie])),
    cinemas: new Map(cinemas.map((cinema) => [cinema.cinema_id, cinema])),
    shows,
    ...indexes,
    indexed,
  };
}

function indexMovies(movies: MovieRow[]): WordIndex {
  return indexOf(
    movies.map((movie) => ({
      id: movie.movie_id,
      title: movie.title,
      genres: movie.genres.join(' '),
      cast: movie.cast.join(' '),
      languages: movie.languages.join(' '),
    })),
    { title: 4, cast: 2, genres: 1.5, languages: 1 },
  );
}

function indexCinemas(cinemas: CinemaRow[]): WordIndex {
  return indexOf(
    cinemas.map((cinema) => ({ id: cinema.cinema_id, name: cinema.name, city: cinema.city })),
    { name: 2, city: 2 },
  );
}

function indexOf(documents: { id: string }[], boost: Record<string, number>): WordIndex {
  const index = new MiniSearch({
    fields: Object.keys(boost),
    processTerm: plainWord,
    searchOptions: {
      boost,
      prefix: true,
      // Short words have too many neighbours at one letter's distance.
      fuzzy: (word) => (word.length >= fuzzyCharsMin ? 0.25 : false),
      weights: { prefix: 0.6, fuzzy: 0.2 },
    },
  });
  index.addAll(documents);
  return (word) =>
    new Map(index.search(word).map((hit) => [String(hit.id), hit.score] as [string, number]));
}

/** Words compare without case and accents. */
export function plainWord(word: string): string {
  return word.normalize('NFKD').replace(/\p{M}/gu, '').toLowerCase();
}
