import { UsherError } from '../core/domain/errors.js';
import { RedisAway } from '../core/redis/scripts.js';
import type { Secrets } from '../core/runtime/secrets.js';
import type { Sale } from '../core/store/catalog/sales.js';
import type { Database } from '../core/store/database.js';
import type { RoomFigures } from './answers.js';
import { openSeed } from './draw.js';
import { limits } from './limits.js';
import { type RoomNumbers, roomNumbers } from './numbers.js';
import type { Rooms } from './rooms.js';
import { standingState } from './standing.js';

export type NumbersDeps = { catalog: Database; secrets: Pick<Secrets, 'data'> };

type Entry = { numbers: RoomNumbers; figures?: RoomFigures };

export type RoomNumbersBook = {
  /** The numbers of a room; `figures` are there when they come from a living room. */
  read(saleId: string): Promise<Entry>;
  /** Reads them anew for the next asker. */
  forget(saleId: string): void;
};

/** Numbers of each room, read at most once a second whoever asks and however often. */
export function openRoomNumbers(deps: NumbersDeps, rooms: Rooms): RoomNumbersBook {
  const cache = new Map<string, { readAtMs: number; entry: Promise<Entry> }>();
  const read = async (saleId: string, before: Entry | undefined): Promise<Entry> => {
    const sale = await rooms.sale(saleId);
    if (sale.standing) {
      const { state, seatsLeft } = await standingState(deps.catalog, sale, Date.now());
      return { numbers: roomNumbers(sale, { ...stillFigures(sale), state, seatsLeft }, null) };
    }
    if (sale.roomPruned) {
      const seed = sale.lobby === 'draw' ? openSeed(deps.secrets, sale) : null;
      const figures = { ...stillFigures(sale), state: 'closed', latched: true } as const;
      return { numbers: roomNumbers(sale, figures, seed) };
    }
    try {
      return await rooms.use(saleId, async (room, present) => {
        const figures = await room.room();
        const seed = present.lobby === 'draw' ? openSeed(deps.secrets, present) : null;
        return { numbers: roomNumbers(present, figures, seed), figures };
      });
    } catch (error) {
      if (error instanceof UsherError && error.code !== 'unavailable') throw error;
      if (!(error instanceof RedisAway) && !(error instanceof UsherError)) throw error;
      // The cursor and the epoch of the last good answer stay, so that no page counts backwards.
      const last = before?.numbers ?? roomNumbers(sale, stillFigures(sale), null);
      const updated_at = new Date().toISOString();
      return { numbers: { ...last, state: 'restoring', rate_per_minute: 0, updated_at } };
    }
  };
  const remembered = (saleId: string): Promise<Entry> => {
    const known = cache.get(saleId);
    if (known && performance.now() - known.readAtMs < limits.roomCacheMs) return known.entry;
    const last = known?.entry.catch(() => undefined);
    const entry = Promise.resolve(last).then((before) => read(saleId, before));
    cache.set(saleId, { readAtMs: performance.now(), entry });
    entry.catch(() => cache.delete(saleId));
    return entry;
  };
  return { read: remembered, forget: (saleId) => cache.delete(saleId) };
}

function stillFigures(sale: Sale): RoomFigures {
  return {
    state: 'restoring',
    nowServing: 0,
    waiting: 0,
    measuredPerMinute: 0,
    setPerMinute: sale.ratePerMinute,
    seatsLeft: null,
    message: sale.message,
    livePasses: 0,
    passCap: sale.passCap,
    measuredMs: 0,
    latched: false,
    reason: null,
    seatsHeld: null,
    movedPerMinute: 0,
    pacePercent: 100,
    away: 0,
    noShowPercent: null,
  };
}
