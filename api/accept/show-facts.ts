import { UsherError } from '../../core/domain/errors.js';
import { parseShowId, type ShowId } from '../../core/domain/ids.js';
import type { Database } from '../../core/store/database.js';
import type { Shards } from '../../core/store/shards.js';

/** What of a show never changes while it is on sale, kept in the process for the hot path. */
export type ShowFacts = {
  showId: ShowId;
  shardId: number;
  saleId: string;
  movieId: string;
  seatNames: Set<string>;
  zones: Set<string>;
};

export type ShowFactsReader = {
  /** @throws UsherError `not_found` when there is no such show. */
  read(showIdText: string): Promise<ShowFacts>;
};

/** Kept this long, so that a moved or changed show is noticed within seconds. */
const keptMs = 5_000;
const keptMax = 5_000;

export function openShowFacts(catalog: Database, shards: Shards): ShowFactsReader {
  const kept = new Map<ShowId, { untilMs: number; facts: Promise<ShowFacts> }>();
  return {
    read: async (text) => {
      const showId = parseShowId(text);
      if (showId === undefined) throw unknownShow(text);
      const known = kept.get(showId);
      if (known && known.untilMs > Date.now()) return known.facts;
      if (kept.size >= keptMax) kept.clear();
      const facts = readFacts(catalog, shards, showId);
      kept.set(showId, { untilMs: Date.now() + keptMs, facts });
      // A failure is not kept: the next caller asks again.
      facts.catch(() => kept.delete(showId));
      return facts;
    },
  };
}

async function readFacts(catalog: Database, shards: Shards, showId: ShowId): Promise<ShowFacts> {
  const [show] = await catalog.rows<{ sale_id: string; movie_id: string; shard_id: number }>(
    "SELECT sale_id, movie_id, shard_id FROM shows WHERE show_id = ? AND state <> 'PLANNED'",
    [showId],
  );
  if (!show) throw unknownShow(String(showId));
  const seats = await shards
    .byId(show.shard_id)
    .rows<{ seat: string; zone: string }>('SELECT seat, zone FROM show_seat WHERE show_id = ?', [
      showId,
    ]);
  return {
    showId,
    shardId: show.shard_id,
    saleId: show.sale_id,
    movieId: show.movie_id,
    seatNames: new Set(seats.map((row) => row.seat)),
    zones: new Set(seats.map((row) => row.zone)),
  };
}

function unknownShow(text: string): UsherError {
  return new UsherError('not_found', `There is no show ${JSON.stringify(text.slice(0, 20))}.`);
}
