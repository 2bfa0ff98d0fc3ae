import type { Redis } from '../core/redis/connect.js';
import type { RedisNames } from '../core/redis/keys.js';
import { publish } from '../core/redis/news.js';
import { askRedis, RedisAway } from '../core/redis/scripts.js';
import type { Logger } from '../core/runtime/log.js';
import type { Secrets } from '../core/runtime/secrets.js';
import { endOrphans, readPasses, writeAdmissions } from '../core/store/catalog/admission.js';
import { unmarkPruned } from '../core/store/catalog/finished-rooms.js';
import {
  listPumpedSales,
  readStock,
  recordTick,
  type Sale,
  type Stock,
} from '../core/store/catalog/sales.js';
import { type Database, readNowMs } from '../core/store/database.js';
import type { Picked } from './answers.js';
import { drawScore, openSeed } from './draw.js';
import { limits } from './limits.js';
import { roomNumbers } from './numbers.js';
import type { PaceBook } from './pace.js';
import { openRooms, type Rooms } from './rooms.js';
import { openRosterMaker, type RosterMaker } from './roster.js';
import { OtherEpoch, type RoomScripts } from './scripts.js';
import { randomChars } from './standing.js';

/**
 * The pump lets people in. Each tick of a room is one atomic script that decides rate, pass cap
 * and order together, so any number of pumps may run. A picked fan's admission is committed in
 * SQL before the pass can be fetched; a pump that dies in between leaves the pick in Redis, and
 * the next sweep of any pump finishes it under the same pass id.
 */
export type PumpDeps = {
  redis: Redis;
  names: RedisNames;
  catalog: Database;
  secrets: Pick<Secrets, 'data'>;
  log: Logger;
  pace: Pick<PaceBook, 'of'>;
  restoreMs?: number;
};

export type Pump = {
  /** One tick of one room; the loop calls it, and so do tests. */
  tick(saleId: string): Promise<void>;
  /** Ticks every room that needs it until `close`. */
  start(): void;
  /** Resolves when the ticks under way are over. */
  close(): Promise<void>;
};

/** What one pump remembers of a room between ticks. */
type Beat = {
  tickedAtMs: number;
  sweptAtMs: number;
  stock: Stock | null;
  stockAtMs: number;
  roster: RosterMaker;
  rosterUnderWay: boolean;
  rosterAtMs: number;
};

const sweepMs = 1_000;
const stockMs = 1_000;
const listMs = 1_000;
const firstPassChars = 11;

type Inside = PumpDeps & { rooms: Rooms; beats: Map<string, Beat>; proving: Set<Promise<void>> };

export function openPump(deps: PumpDeps): Pump {
  const inside: Inside = {
    ...deps,
    rooms: openRooms(deps),
    beats: new Map(),
    proving: new Set(),
  };
  const ticking = new Map<string, Promise<void>>();
  let timer: NodeJS.Timeout | undefined;
  let sales: string[] = [];
  let listedAtMs = Number.NEGATIVE_INFINITY;
  let listing: Promise<void> | undefined;

  const list = async (): Promise<void> => {
    const found = await listPumpedSales(deps.catalog);
    for (const sale of found) {
      // A sale that is open again, or has later shows, gets a room again.
      if (sale.roomPruned) await unmarkPruned(deps.catalog, sale.saleId);
      inside.rooms.remember(sale);
      // The room has the version that it goes by; this one is a safety net under `changed`.
      await inside.rooms.configure(sale.saleId).catch(() => undefined);
    }
    sales = found.filter((sale) => !sale.roomPruned).map((sale) => sale.saleId);
  };
  const tickAll = (): void => {
    const nowMs = performance.now();
    if (!listing && nowMs - listedAtMs >= listMs) {
      listedAtMs = nowMs;
      listing = list()
        .catch((error: unknown) => deps.log.warn({ err: error }, 'the sales could not be listed'))
        .finally(() => {
          listing = undefined;
        });
    }
    for (const saleId of sales) {
      // A room whose last tick is still under way, say for a slow commit, is let rest.
      if (ticking.has(saleId)) continue;
      const work = tick(inside, saleId)
        .catch((error: unknown) => tellFailure(deps.log, saleId, error))
        .finally(() => ticking.delete(saleId));
      ticking.set(saleId, work);
    }
  };
  return {
    tick: (saleId) => tick(inside, saleId),
    start: () => {
      timer ??= setInterval(tickAll, limits.tickMs);
    },
    close: async () => {
      clearInterval(timer);
      await Promise.all([...ticking.values(), listing, ...inside.proving]);
    },
  };
}

async function tick(inside: Inside, saleId: string): Promise<void> {
  const nowMs = performance.now();
  const beat = inside.beats.get(saleId) ?? newBeat(inside, nowMs);
  inside.beats.set(saleId, beat);
  const stepMs = nowMs - beat.tickedAtMs;
  beat.tickedAtMs = nowMs;
  const sweep = nowMs - beat.sweptAtMs >= sweepMs;
  if (sweep) beat.sweptAtMs = nowMs;
  const stock = await stockOf(inside, saleId, beat, nowMs);
  await inside.rooms.use(saleId, async (room, sale) => {
    const ticked = await room.tick({
      // Rounded up, so that Redis's own whole milliseconds count when both clocks agree.
      stepMs: Math.ceil(stepMs),
      headsMax: limits.headsMax,
      prefix: randomChars(firstPassChars),
      stock,
      pace: inside.pace.of(saleId),
      sweep,
      burstMs: limits.burstMs,
      leaseMs: sale.passSeconds * 1_000 + limits.leaseLeewayMs,
      announceMs: limits.announceMs,
      presence: limits,
    });
    // Beside the admissions: the digest of a million names must not hold up the first pass.
    if (isRosterDue(beat, sale, ticked.tickMs)) {
      const work = makeRoster(inside, room, sale, beat);
      inside.proving.add(work);
      void work.finally(() => inside.proving.delete(work));
    }
    if (ticked.called.length > 0) {
      const news = { kind: 'called', sale_id: saleId, fan_ids: ticked.called } as const;
      await publish(inside.redis, inside.names.everyoneChannel, news);
    }
    if (ticked.picks.length > 0) await admit(inside, room, sale, ticked.picks);
    if (ticked.announce) {
      await recordTick(inside.catalog, saleId, ticked.tickMs);
      await announce(inside, room, sale);
    }
    if (ticked.seqLeft < limits.seqBlock / 2) await inside.rooms.extend(saleId);
  });
}

function newBeat({ catalog, redis, names, secrets }: Inside, nowMs: number): Beat {
  const never = Number.NEGATIVE_INFINITY;
  const roster = openRosterMaker({
    catalog,
    lotOf: (sale, fanId) => drawScore(openSeed(secrets, sale), fanId),
    forget: async (saleId) => {
      await askRedis(() => redis.unlink(names.entrants(saleId)));
    },
  });
  return {
    tickedAtMs: nowMs,
    sweptAtMs: never,
    stock: null,
    stockAtMs: never,
    roster,
    rosterUnderWay: false,
    rosterAtMs: never,
  };
}

/** In the lobby it is read now and then, so that little is left to do at the opening. */
function isRosterDue(beat: Beat, { opensAt, lobbyOpensAt }: Sale, tickMs: number): boolean {
  if (beat.roster.done || beat.rosterUnderWay) return false;
  if (opensAt.getTime() <= tickMs) return true;
  if ((lobbyOpensAt?.getTime() ?? 0) > tickMs) return false;
  return beat.tickedAtMs - beat.rosterAtMs >= limits.rosterMs;
}

async function makeRoster(
  { log }: Inside,
  room: RoomScripts,
  sale: Sale,
  beat: Beat,
): Promise<void> {
  beat.rosterUnderWay = true;
  beat.rosterAtMs = beat.tickedAtMs;
  try {
    await beat.roster.advance(room, sale);
  } catch (error) {
    log.debug({ saleId: sale.saleId, err: error }, 'the roster waits for a later tick');
  } finally {
    beat.rosterUnderWay = false;
  }
}

async function stockOf(
  { catalog }: Inside,
  saleId: string,
  beat: Beat,
  nowMs: number,
): Promise<Stock | null> {
  if (nowMs - beat.stockAtMs >= stockMs) {
    beat.stockAtMs = nowMs;
    beat.stock = await readStock(catalog, saleId);
  }
  return beat.stock;
}

/** SQL first, then the pass: what a fan can fetch is always written down. */
async function admit(
  inside: Inside,
  room: RoomScripts,
  sale: Sale,
  picks: Picked[],
): Promise<void> {
  const { catalog, redis, names } = inside;
  if (!(await catalog.transaction((tx) => writeAdmissions(tx, sale, picks)))) {
    throw new OtherEpoch();
  }
  const passes = await readPasses(
    catalog,
    picks.map((pick) => pick.passId),
  );
  const orphans = await room.publish(limits.leaseLeewayMs, await readNowMs(catalog), passes);
  if (orphans.length > 0) await catalog.transaction((tx) => endOrphans(tx, orphans));
  const gone = new Set(orphans);
  for (const pass of passes) {
    if (!pass.live || gone.has(pass.passId)) continue;
    void publish(redis, names.everyoneChannel, {
      kind: 'admitted',
      sale_id: sale.saleId,
      fan_id: pass.fanId,
      pass_id: pass.passId,
      expires_at_ms: pass.expiresAtMs,
    });
  }
}

async function announce(inside: Inside, room: RoomScripts, sale: Sale): Promise<void> {
  const seed = sale.lobby === 'draw' ? openSeed(inside.secrets, sale) : null;
  const numbers = roomNumbers(sale, await room.room(), seed);
  const news = { kind: 'room', sale_id: sale.saleId, room: numbers } as const;
  await publish(inside.redis, inside.names.everyoneChannel, news);
}

function tellFailure(log: Logger, saleId: string, error: unknown): void {
  if (error instanceof RedisAway) log.debug({ saleId, err: error }, 'a tick waits for Redis');
  else log.warn({ saleId, err: error }, 'a tick failed; the next one goes on');
}
