import { publish } from '../core/redis/news.js';
import { RedisAway } from '../core/redis/scripts.js';
import {
  type Ending,
  endPasses,
  listLiveSales,
  spendPasses,
} from '../core/store/catalog/admission.js';
import { type RoomExit, writeExit } from '../core/store/catalog/room-exits.js';
import { listPumpedSales, type Sale } from '../core/store/catalog/sales.js';
import type { FanPlace } from './answers.js';
import type { GateDeps } from './gate.js';
import { away } from './refusals.js';
import type { RevokedPasses } from './revoked.js';
import type { Rooms } from './rooms.js';
import { hasWon } from './standing.js';

type Inside = GateDeps & { rooms: Rooms; revoked: RevokedPasses };

/**
 * Ends a fan's place or pass. SQL first: the pass is refused everywhere before its slot lets
 * somebody else in, and the place comes back by no receipt.
 * @returns the passes that ended.
 */
export async function end(inside: Inside, ending: Ending): Promise<string[]> {
  const sale = await inside.rooms.sale(ending.saleId);
  const exit = await exitOf(inside, sale, ending);
  const ended = await inside.catalog.transaction(async (tx) => {
    if (exit) await writeExit(tx, exit);
    return endPasses(tx, ending);
  });
  if (ending.state !== 'SPENT') await refuse(inside, sale, ended);
  if (sale.standing || sale.roomPruned) return ended;
  const kind = ({ SPENT: 'd', LEFT: 'l', REVOKED: 'b' } as const)[ending.state];
  await whileRedisIsThere(() =>
    inside.rooms.use(ending.saleId, (room) => room.end(ending.fanId, kind, ending.passId)),
  );
  return ended;
}

/** What is written down of a place that ends without a pass; undefined when there is nothing. */
async function exitOf(inside: Inside, sale: Sale, ending: Ending): Promise<RoomExit | undefined> {
  const { saleId, fanId, state } = ending;
  if (state === 'SPENT' || sale.standing) return undefined;
  if (state === 'REVOKED') return { saleId, fanId, score: null, state };
  if (sale.roomPruned) return undefined;
  const asker = { patient: false, banned: false };
  const place = await inside.rooms
    .use(saleId, (room) => room.place(fanId, asker))
    .catch((error: unknown) => {
      // The pass ends all the same; the fan is told to leave the place again.
      if (error instanceof RedisAway) return 'none' as const;
      throw error;
    });
  if (place === 'none' || place === 'barred' || place.score === null) return undefined;
  return place.over ? undefined : { saleId, fanId, score: place.score, state };
}

/** This process refuses the passes at once, and tells the others to. */
async function refuse(inside: Inside, sale: Sale, passIds: string[]): Promise<void> {
  if (passIds.length === 0) return;
  const untilMs = Date.now() + sale.passSeconds * 1_000;
  for (const passId of passIds) inside.revoked.add(passId, untilMs);
  const passes = passIds.map((passId): [string, number] => [passId, untilMs]);
  await publish(inside.redis, inside.names.everyoneChannel, { kind: 'revoked', passes });
}

/** Ends passes that grants have spent, with one statement. */
export async function finishAll(
  inside: Inside,
  saleId: string,
  passes: { fanId: string; passId: string }[],
): Promise<void> {
  const sale = await inside.rooms.sale(saleId);
  const passIds = passes.map((pass) => pass.passId);
  await inside.catalog.transaction((tx) => spendPasses(tx, saleId, passIds));
  if (sale.standing || sale.roomPruned) return;
  await whileRedisIsThere(() =>
    inside.rooms.use(saleId, (room) =>
      Promise.all(passes.map(({ fanId, passId }) => room.end(fanId, 'd', passId))),
    ),
  );
}

/** A pass that has just won seats is over, though the room hasn't heard of it: the fan joins anew. */
export async function endIfWon(
  inside: Inside,
  { saleId, fanId }: { saleId: string; fanId: string },
  { created, kind, over, pass }: FanPlace,
): Promise<boolean> {
  if (created || kind !== 'a' || over || !(await hasWon(inside, saleId, pass))) return false;
  await finishAll(inside, saleId, [{ fanId, passId: pass }]);
  return true;
}

/**
 * Takes all live passes of a banned account, and lets it wait for ever where it waits. Its next
 * join does the same in rooms that can't be asked now.
 */
export async function endBanned(inside: Inside, fanId: string): Promise<void> {
  for (const saleId of await listLiveSales(inside.catalog, fanId)) {
    const ended = await inside.catalog.transaction((tx) =>
      endPasses(tx, { saleId, fanId, state: 'LEFT' }),
    );
    await refuse(inside, await inside.rooms.sale(saleId), ended);
  }
  try {
    for (const { saleId } of await listPumpedSales(inside.catalog)) {
      await inside.rooms.use(saleId, (room) => room.end(fanId, 'e'));
    }
  } catch (error) {
    if (!(error instanceof RedisAway)) throw error;
    inside.log.warn({ fanId }, 'the rooms learn of the ban at the next join');
  }
}

/** @throws UsherError `unavailable` when Redis is away. */
export async function whileRedisIsThere<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof RedisAway) throw away();
    throw error;
  }
}
