import { showMoving } from '../domain/errors.js';
import type { ShowId } from '../domain/ids.js';
import { type MoveNews, readMoveNews, showPlace } from './catalog/show-moves.js';
import type { Queryable } from './database.js';

/** Where shows are: the row of the catalog is the only truth, and this a memory of it. */
export type Directory = {
  /**
   * The shard of a show; undefined for an unknown show.
   * @throws UsherError `show_moving` while it is between two shards.
   */
  idOf(showId: ShowId): Promise<number | undefined>;
  forget(showId: ShowId): void;
  /** Tells of each show that leaves a shard or has come to one. */
  onMoved(tell: (move: MoveNews) => void): void;
  close(): void;
};

const rememberedShowsMax = 200_000;
/** How often a process asks which shows are being moved. */
export const askEveryMs = 250;
/** A process that heard nothing for this long forgets every place: it may have missed a move. */
const silenceMsMax = 5_000;

/**
 * Opens the memory of places. Whoever moves a show waits after announcing it until every process
 * must have asked again, so that none uses a place that is no longer true.
 */
export function openDirectory(catalog: Pick<Queryable, 'rows'>): Directory {
  const places = new Map<ShowId, number>();
  const hooks: ((move: MoveNews) => void)[] = [];
  let moving = new Set<ShowId>();
  let told = new Set<string>();
  let heardAtMs = Date.now();
  const hear = (news: MoveNews[], startedMs: number): void => {
    if (startedMs - heardAtMs > silenceMsMax) places.clear();
    heardAtMs = startedMs;
    moving = new Set(news.filter((move) => move.isBetween).map((move) => move.showId));
    const keys = new Set<string>();
    for (const move of news) {
      const key = `${move.showId} ${move.state} ${move.changedAt}`;
      keys.add(key);
      if (told.has(key)) continue;
      places.delete(move.showId);
      for (const tell of hooks) tell(move);
    }
    told = keys;
  };
  let asking = false;
  const timer = setInterval(() => {
    if (asking) return;
    asking = true;
    const startedMs = Date.now();
    readMoveNews(catalog)
      // While the catalog is away nothing can move, so what is remembered stays true.
      .then((news) => hear(news, startedMs), ignore)
      .finally(() => {
        asking = false;
      });
  }, askEveryMs);
  timer.unref();
  return {
    idOf: async (showId) => {
      if (moving.has(showId)) throw showMoving();
      const known = places.get(showId);
      if (known !== undefined) return known;
      const shardId = await showPlace(catalog, showId);
      if (shardId === undefined) return undefined;
      if (moving.has(showId)) throw showMoving();
      if (places.size >= rememberedShowsMax) places.clear();
      places.set(showId, shardId);
      return shardId;
    },
    forget: (showId) => places.delete(showId),
    onMoved: (tell) => hooks.push(tell),
    close: () => clearInterval(timer),
  };
}

function ignore(): void {
  // The next look comes soon.
}
