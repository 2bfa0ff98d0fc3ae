import { setTimeout as pause } from 'node:timers/promises';
import { UsherError } from '../core/domain/errors.js';
import type { Redis } from '../core/redis/connect.js';
import type { RedisNames } from '../core/redis/keys.js';
import { type RunId, watchRunId } from '../core/redis/scripts.js';
import type { Logger } from '../core/runtime/log.js';
import { countRecentAdmissions, listAdmissions } from '../core/store/catalog/admission.js';
import { listExits } from '../core/store/catalog/room-exits.js';
import {
  moveEpoch,
  readSale,
  readTickOnRecord,
  reserveSequence,
  type Sale,
} from '../core/store/catalog/sales.js';
import { type Database, readNowMs } from '../core/store/database.js';
import type { RoomSettings } from './answers.js';
import { limits } from './limits.js';
import { closed } from './refusals.js';
import { OtherEpoch, type RoomScripts, roomScripts } from './scripts.js';

/** What api and pump both stand on: the catalog's sales and the rooms that index them in Redis. */
export type RoomsDeps = {
  redis: Redis;
  names: RedisNames;
  catalog: Database;
  log: Logger;
  /** How long a restored room only takes receipts; the default is a minute. */
  restoreMs?: number;
};

export type Rooms = {
  /** A sale, at most a second old. @throws UsherError `not_found`. */
  sale(saleId: string): Promise<Sale>;
  /** The sale as it is this moment. @throws UsherError `not_found`. */
  refresh(saleId: string): Promise<Sale>;
  /** Takes a sale that was just read for the present one. */
  remember(sale: Sale): void;
  /** Works on a sale's room, which is built or restored first when it isn't there. */
  use<T>(saleId: string, work: (room: RoomScripts, sale: Sale) => Promise<T>): Promise<T>;
  /** Reserves more sequence numbers in SQL and gives them to the room. */
  extend(saleId: string): Promise<void>;
  /** Makes the settings of the sale as remembered effective in its room. */
  configure(saleId: string): Promise<void>;
};

export function openRooms(deps: RoomsDeps): Rooms {
  const runId = watchRunId(deps.redis);
  const sales = new Map<string, { sale: Sale; readAtMs: number }>();
  const reading = new Map<string, Promise<Sale>>();
  const restoring = new Map<string, Promise<void>>();
  const extending = new Map<string, Promise<void>>();

  const remember = (sale: Sale): void => {
    sales.set(sale.saleId, { sale, readAtMs: performance.now() });
  };
  const read = (saleId: string): Promise<Sale> =>
    once(reading, saleId, async () => {
      const sale = await readSale(deps.catalog, saleId);
      if (!sale) {
        sales.delete(saleId);
        throw new UsherError('not_found', `There is no sale ${saleId}.`);
      }
      remember(sale);
      return sale;
    });
  const sale = async (saleId: string): Promise<Sale> => {
    const known = sales.get(saleId);
    if (known && performance.now() - known.readAtMs < limits.saleCacheMs) return known.sale;
    try {
      return await read(saleId);
    } catch (error) {
      // The room goes on by what it last knew while the catalog is away.
      if (known && !(error instanceof UsherError)) return known.sale;
      throw error;
    }
  };
  const roomOf = async (of: Sale): Promise<RoomScripts> =>
    roomScripts(deps.redis, deps.names, of.saleId, identOf(of.epoch, await runId()));
  const restore = (saleId: string): Promise<void> =>
    once(restoring, saleId, async () => {
      remember(await restoreRoom(deps, runId, saleId));
    });
  const use: Rooms['use'] = async (saleId, work) => {
    for (let tries = 1; ; tries += 1) {
      const present = await sale(saleId);
      // A room that is thrown away comes back only when its sale goes on.
      if (present.roomPruned) throw closed();
      try {
        return await work(await roomOf(present), present);
      } catch (error) {
        if (!(error instanceof OtherEpoch) || tries >= 3) throw error;
        await restore(saleId);
      }
    }
  };
  return {
    sale,
    refresh: read,
    remember,
    use,
    extend: (saleId) =>
      once(extending, saleId, () =>
        use(saleId, async (room, present) => {
          const seqMax = await deps.catalog.transaction((tx) =>
            reserveSequence(tx, present, limits.seqBlock),
          );
          if (seqMax === undefined) {
            await read(saleId);
            throw new OtherEpoch();
          }
          await room.extend(seqMax);
        }),
      ),
    configure: (saleId) => use(saleId, (room, present) => room.configure(settingsOf(present))),
  };
}

/** Lets callers who ask the same thing at the same time share one answer. */
function once<T>(
  underWay: Map<string, Promise<T>>,
  key: string,
  work: () => Promise<T>,
): Promise<T> {
  const known = underWay.get(key);
  if (known) return known;
  const started = work().finally(() => underWay.delete(key));
  underWay.set(key, started);
  return started;
}

function identOf(epoch: number, runId: string): string {
  return `${epoch}.${runId}`;
}

function settingsOf(sale: Sale): RoomSettings {
  return {
    version: sale.version,
    state: sale.state,
    lobby: sale.lobby,
    lobbyMs: sale.lobbyOpensAt ? sale.lobbyOpensAt.getTime() : 0,
    opensMs: sale.opensAt.getTime(),
    ratePerMinute: sale.ratePerMinute,
    passCap: sale.passCap,
    message: sale.message,
    priorityShare: sale.priorityShare,
    draining: sale.draining,
    noShowPercent: sale.noShowPercent,
  };
}

/**
 * Builds the room of a sale under a new epoch: settings, the last minute's rate, leases and
 * admitted marks come from SQL, sequence numbers go on above everything that may have been given
 * out, and the order comes back with the receipts. Any number of processes may try at once: the
 * guarded move of the epoch decides who begins, and the others help or wait.
 * @returns the sale with the epoch whose room now stands.
 */
async function restoreRoom(deps: RoomsDeps, runId: RunId, saleId: string): Promise<Sale> {
  let movedTo: number | undefined;
  for (let tries = 1; tries <= limits.restoreTriesMax; tries += 1) {
    const sale = await readSale(deps.catalog, saleId);
    if (!sale) throw new UsherError('not_found', `There is no sale ${saleId}.`);
    const ident = identOf(sale.epoch, await runId());
    const room = roomScripts(deps.redis, deps.names, saleId, ident);
    if (movedTo === sale.epoch && (await buildRoom(deps, sale, room))) return sale;
    const claim = await room.restoreClaim(limits.restoreClaimMs);
    if (claim === 'done') return sale;
    if (claim === 'building' && (await buildRoom(deps, sale, room))) return sale;
    if (claim === 'mine' && (await moveEpoch(deps.catalog, sale, limits.seqBlock))) {
      const first = sale.seqReserved === 0;
      movedTo = first ? sale.epoch : sale.epoch + 1;
      if (!first) deps.log.warn({ saleId, epoch: movedTo }, 'restoring a room');
    } else {
      await pause(limits.restoreRetryMs);
    }
  }
  throw new UsherError(
    'unavailable',
    'The room is being restored. Your place is kept; try again.',
    {
      retryAfterSeconds: limits.retrySeconds,
    },
  );
}

/** @returns false when somebody else's building went ahead meanwhile. */
async function buildRoom(deps: RoomsDeps, sale: Sale, room: RoomScripts): Promise<boolean> {
  const begun = await room.restoreBegin(sale.epoch);
  if (begun.outcome !== 'building') return begun.outcome === 'done';
  try {
    const loaded = await loadAdmissions(deps.catalog, room, sale.saleId);
    await loadExits(deps.catalog, room, sale.saleId);
    // The block of this epoch was reserved last, so all before it may have been given out.
    const seq = Math.max(0, sale.seqReserved - limits.seqBlock);
    const isFirst = seq === 0;
    await room.restoreFinish(
      {
        seq,
        seqMax: sale.seqReserved,
        restoreMs: isFirst ? 0 : await restoreMsOf(deps, sale.saleId, begun.keptMs),
        opened: loaded > 0,
      },
      settingsOf(sale),
      await countRecentAdmissions(deps.catalog, sale.saleId),
    );
    return true;
  } catch (error) {
    if (error instanceof OtherEpoch) return false;
    throw error;
  }
}

/**
 * A copy that has seen the last tick on record lacks a second of joins at most, whose pages are
 * there and show their receipts at once; anything older needs the long wait.
 */
async function restoreMsOf(
  deps: RoomsDeps,
  saleId: string,
  keptMs: number | null,
): Promise<number> {
  const witness = await readTickOnRecord(deps.catalog, saleId);
  const fresh = keptMs !== null && witness !== undefined && keptMs >= witness;
  const longMs = deps.restoreMs ?? limits.restoreMs;
  return fresh ? Math.min(limits.restoreShortMs, longMs) : longMs;
}

async function loadAdmissions(
  catalog: Database,
  room: RoomScripts,
  saleId: string,
): Promise<number> {
  let loaded = 0;
  let after: { admittedAt: Date; passId: string } | undefined;
  for (;;) {
    const rows = await listAdmissions(catalog, saleId, { after, limit: limits.loadRows });
    if (rows.length > 0) {
      await room.restoreLoad(
        limits.leaseLeewayMs,
        await readNowMs(catalog),
        rows.map((row) => ({ ...row, score: row.score ?? Number.NaN })),
      );
    }
    loaded += rows.length;
    after = rows.at(-1);
    if (rows.length < limits.loadRows) return loaded;
  }
}

/** Whose place was given up or taken gets it back by no receipt. */
async function loadExits(catalog: Database, room: RoomScripts, saleId: string): Promise<void> {
  let after = '';
  for (;;) {
    const rows = await listExits(catalog, saleId, { after, limit: limits.loadRows });
    if (rows.length > 0) {
      const exits = rows.map((row) => ({ ...row, passId: '', expiresAtMs: 0 }));
      await room.restoreLoad(
        limits.leaseLeewayMs,
        await readNowMs(catalog),
        exits.map((exit) => ({ ...exit, score: exit.score ?? Number.NaN })),
      );
    }
    after = rows.at(-1)?.fanId ?? '';
    if (rows.length < limits.loadRows) return;
  }
}
