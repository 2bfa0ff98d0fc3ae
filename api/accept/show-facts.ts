import { UsherError } from '../../core/domain/errors.js';
import { parseShowId, type ShowId } from '../../core/domain/ids.js';
import { readShowOnSale } from '../../core/store/catalog/shows-on-sale.js';
import type { Database } from '../../core/store/database.js';
import { readSeatNames } from '../../core/store/shard/seats.js';
import type { Shards } from '../../core/store/shards.js';

/** What of a show never changes while it is on sale, kept in the process for the hot path. */
export type ShowFacts = {
  showId: ShowId;
  shardId: number;
  saleId: string;
  movieId: string;
  /** The sale has other shows, which may be decided on other shards. */
  hasSisters: boolean;
  /** Seats that one fan may have over all shows of the sale; null: only each show counts. */
  saleCap: number | null;
  currency: string;
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
  const layouts = new Map<string, Promise<Layout>>();
  shards.onMoved(({ showId }) => kept.delete(showId));
  return {
    read: async (text) => {
      const showId = parseShowId(text);
      if (showId === undefined) throw unknownShow(text);
      const known = kept.get(showId);
      if (known && known.untilMs > Date.now()) return known.facts;
      if (kept.size >= keptMax) kept.clear();
      const facts = readFacts(catalog, shards, layouts, showId);
      kept.set(showId, { untilMs: Date.now() + keptMs, facts });
      // A failure is not kept: the next caller asks again.
      facts.catch(() => kept.delete(showId));
      return facts;
    },
  };
}

type Layout = Pick<ShowFacts, 'seatNames' | 'zones'>;

async function readFacts(
  catalog: Database,
  shards: Shards,
  layouts: Map<string, Promise<Layout>>,
  showId: ShowId,
): Promise<ShowFacts> {
  const show = await readShowOnSale(catalog, showId);
  if (!show) throw unknownShow(String(showId));
  return {
    showId,
    shardId: show.shardId,
    saleId: show.saleId,
    movieId: show.movieId,
    hasSisters: show.sisters > 0,
    saleCap: show.saleCap,
    currency: show.currency,
    ...(await layoutOf(shards, layouts, showId, show)),
  };
}

/** The seats of a show in its hall: read once, since a show's layout changes only with its hall. */
function layoutOf(
  shards: Shards,
  layouts: Map<string, Promise<Layout>>,
  showId: ShowId,
  show: { hallId: string; shardId: number },
): Promise<Layout> {
  const key = `${showId}|${show.hallId}`;
  const known = layouts.get(key);
  if (known) return known;
  if (layouts.size >= keptMax) layouts.clear();
  const layout = readSeatNames(shards.byId(show.shardId), showId).then((seats) => ({
    seatNames: new Set(seats.map((row) => row.seat)),
    zones: new Set(seats.map((row) => row.zone)),
  }));
  layouts.set(key, layout);
  layout.catch(() => layouts.delete(key));
  return layout;
}

function unknownShow(text: string): UsherError {
  return new UsherError('not_found', `There is no show ${JSON.stringify(text.slice(0, 20))}.`);
}
