import type { Redis } from '../core/redis/connect.js';
import type { RedisNames } from '../core/redis/keys.js';
import type { News } from '../core/redis/news.js';
import type { Logger } from '../core/runtime/log.js';
import type { Secrets } from '../core/runtime/secrets.js';
import type { Tokens } from '../core/runtime/tokens.js';
import { strikeExit } from '../core/store/catalog/room-exits.js';
import type { Sale } from '../core/store/catalog/sales.js';
import type { Database } from '../core/store/database.js';
import type { Shards } from '../core/store/shards.js';
import type { Asker, FanPlace, RoomFigures } from './answers.js';
import { finishedPlace, passWithoutRedis } from './by-sql.js';
import {
  type Caught,
  type CaughtCounter,
  type CaughtKind,
  openCaught,
  readCaught,
} from './caught.js';
import { askWork, hasPriority, isGuarded, passDoor } from './door.js';
import { drawScore, openSeed } from './draw.js';
import { end, endBanned, endIfWon, finishAll, whileRedisIsThere } from './ending.js';
import { type Joining, openJoining } from './joining.js';
import type { RoomNumbers } from './numbers.js';
import { readRanks } from './ranks.js';
import { away, barred, closed, draining, noPlace, notOpenYet } from './refusals.js';
import { type RevokedPasses, watchRevoked } from './revoked.js';
import { openRoomNumbers, type RoomNumbersBook } from './room-numbers.js';
import { openRooms, type Rooms } from './rooms.js';
import { joinStanding, readUnspentPass } from './standing.js';
import { admitNow, carrySettings } from './steering.js';
import {
  endlessPlace,
  type Place,
  passPlace,
  type Receipt,
  readReceipt,
  tellPlace,
} from './telling.js';
import type { Challenge } from './work.js';

export type GateDeps = {
  redis: Redis;
  names: RedisNames;
  catalog: Database;
  shards: Pick<Shards, 'forShow'>;
  tokens: Pick<Tokens, 'signPass' | 'signReceipt' | 'readReceipt'>;
  secrets: Pick<Secrets, 'data'>;
  log: Logger;
  /** How long a restored room only takes receipts; the default is a minute. */
  restoreMs?: number;
};

export type { Place, RoomNumbers };
export type PlaceAsk = {
  saleId: string;
  fanId: string;
  receipt?: string;
} & Partial<Asker>;
/** `challenge` is a solved one, `code` a presale or priority code. */
export type GateJoin = PlaceAsk & { challenge?: string; code?: string };

/** The waiting room as other programs see it. Refusals are UsherErrors. */
export type Gate = {
  /**
   * Gives a place, or tells the one there is; on a standing sale, the pass.
   * @throws UsherError `not_found`, `sale_not_open`, `sale_closed`, `sale_paused` (standing),
   *   `banned`, `not_acceptable` for a receipt that isn't this fan's, `unavailable`, and those of
   *   `passDoor` for a newcomer.
   */
  join(ask: GateJoin): Promise<{ created: boolean; place: Place }>;
  /** Work for joining; null while the sale asks for none. @throws UsherError `not_found`. */
  challenge(ask: { saleId: string; fanId: string }): Promise<Challenge | null>;
  /** What the door of a room has turned away. @throws UsherError `unavailable`. */
  caught(saleId: string): Promise<Caught>;
  /** Counts what a program caught before the door. */
  note(saleId: string, kind: CaughtKind): void;
  /** @throws UsherError `not_found` for somebody who has no place and shows no receipt. */
  place(ask: PlaceAsk): Promise<Place>;
  /** How many places lie before each fan's first one; nobody counts as seen by it. */
  ranks(saleId: string, fanIds: string[]): Promise<(number | null)[]>;
  /** Gives up the place or the pass; doing it again does nothing. */
  leave(ask: { saleId: string; fanId: string }): Promise<void>;
  /** The shared numbers, at most a second old. */
  room(saleId: string): Promise<RoomNumbers>;
  /** Whether a pass was taken back (left or revoked); asks nobody. */
  isRevoked(passId: string): boolean;
  /**
   * Ends a pass that a grant has spent, and frees its slot. Safe to repeat.
   * @throws UsherError `unavailable` when Redis is away; SQL has it by then.
   */
  finish(ask: { saleId: string; fanId: string; passId: string }): Promise<void>;
  /** The same for many passes of one sale, with one statement. */
  finishAll(ask: { saleId: string; passes: { fanId: string; passId: string }[] }): Promise<void>;
  /**
   * Takes place and pass from a fan, who can't join this sale again.
   * @returns the passes that ended.
   */
  revoke(ask: { saleId: string; fanId: string }): Promise<string[]>;
  /** Takes the passes of a banned account, and lets it wait for ever in every room. */
  ban(fanId: string): Promise<void>;
  /**
   * Gives the next fans of the line their turn at once, beside the rate but within the pass cap.
   * @returns how many the cap leaves; the line may be shorter.
   * @throws UsherError `conflict` while the room lets nobody in, `unavailable`.
   */
  admit(saleId: string, fans: number): Promise<number>;
  /** The numbers of a room with what only staff see; undefined while it can't be asked. */
  figures(saleId: string): Promise<RoomFigures | undefined>;
  /** What other processes say of passes and of fans who are called. */
  hear(news: Extract<News, { kind: 'revoked' }>): void;
  /**
   * Makes settings that staff changed effective at once and tells everybody the new numbers. While
   * Redis is away it only notes them; a pump brings them in when Redis is back.
   */
  changed(saleId: string): Promise<void>;
  /** A pass by its id, as it is sent to its fan. */
  signPass(pass: { passId: string; fanId: string; saleId: string; expiresAtMs: number }): string;
  close(): void;
};

type Inside = GateDeps & {
  rooms: Rooms;
  joining: Joining;
  caught: CaughtCounter;
  revoked: RevokedPasses;
  numbers: RoomNumbersBook;
};

export function openGate(deps: GateDeps): Gate {
  const rooms = openRooms(deps);
  const revoked = watchRevoked(deps.catalog, deps.log);
  const caught = openCaught(deps.redis, deps.names);
  const joining = openJoining(rooms);
  const numbers = openRoomNumbers(deps, rooms);
  const inside: Inside = { ...deps, rooms, revoked, joining, caught, numbers };
  return {
    join: (ask) => join(inside, ask),
    challenge: async ({ saleId, fanId }) => askWork(inside, await rooms.sale(saleId), fanId),
    caught: (saleId) => whileRedisIsThere(() => readCaught(deps.redis, deps.names, saleId)),
    note: caught.count,
    place: (ask) => place(inside, ask),
    ranks: (saleId, fanIds) =>
      whileRedisIsThere(() => readRanks(deps.redis, deps.names, { saleId, fanIds })),
    leave: async ({ saleId, fanId }) => {
      await end(inside, { saleId, fanId, state: 'LEFT' });
    },
    finish: async (ask) => {
      await end(inside, { ...ask, state: 'SPENT' });
    },
    finishAll: (ask) => finishAll(inside, ask.saleId, ask.passes),
    revoke: ({ saleId, fanId }) => end(inside, { saleId, fanId, state: 'REVOKED' }),
    ban: (fanId) => endBanned(inside, fanId),
    admit: (saleId, fans) => admitNow(rooms, saleId, fans),
    figures: async (saleId) => (await inside.numbers.read(saleId)).figures,
    hear: ({ passes }) => {
      for (const [passId, expiresMs] of passes) revoked.add(passId, expiresMs);
    },
    room: async (saleId) => (await inside.numbers.read(saleId)).numbers,
    isRevoked: (passId) => revoked.has(passId),
    changed: (saleId) => carrySettings(inside, saleId),
    signPass: deps.tokens.signPass,
    close: () => {
      revoked.close();
      caught.close();
    },
  };
}

async function join(inside: Inside, ask: GateJoin): Promise<{ created: boolean; place: Place }> {
  const sale = await inside.rooms.sale(ask.saleId);
  if (ask.banned) inside.caught.count(ask.saleId, 'endless');
  if (sale.standing && ask.banned) return { created: false, place: endlessPlace(ask) };
  if (sale.standing) {
    const { pass, created } = await joinStanding(inside, sale, ask.fanId);
    return { created, place: passPlace(inside.tokens, ask, pass) };
  }
  if (sale.roomPruned) {
    const place = await finishedPlace(inside, sale, { ask, refusal: closed() });
    return { created: false, place };
  }
  const receipt = readReceipt(inside.tokens, sale, ask);
  try {
    const guarded = receipt !== null || isGuarded(sale, ask, Date.now());
    return guarded
      ? await joinGuarded(inside, sale, ask, receipt)
      : await joinRoom(inside, ask, {});
  } catch (error) {
    const pass = await passWithoutRedis(inside, ask, error);
    return { created: false, place: passPlace(inside.tokens, ask, pass) };
  }
}

/** Who has a place, or shows the receipt of one, has passed the door before. */
async function joinGuarded(
  inside: Inside,
  sale: Sale,
  ask: GateJoin,
  receipt: Receipt,
): Promise<{ created: boolean; place: Place }> {
  if (receipt !== null) {
    const priority = await hasPriority(inside, sale, ask.fanId);
    return joinRoom(inside, ask, { receipt, priority });
  }
  const known = await inside.rooms.use(ask.saleId, (room) => room.place(ask.fanId, askerOf(ask)));
  const holds = known === 'barred' || (known !== 'none' && !known.over);
  if (holds && !ask.code) return joinRoom(inside, ask, {});
  const priority = holds
    ? await passDoor(inside, { ...sale, powDifficulty: 0 }, ask)
    : await passDoor(inside, sale, ask);
  return joinRoom(inside, ask, priority);
}

/** A sequence block lasts far longer than its reserving, so a second empty one is a fault. */
const joinTriesMax = 4;

async function joinRoom(
  inside: Inside,
  ask: PlaceAsk,
  { receipt = null, priority = false }: { receipt?: Receipt; priority?: boolean },
): Promise<{ created: boolean; place: Place }> {
  const { saleId, fanId } = ask;
  for (let tries = 1; tries <= joinTriesMax; tries += 1) {
    const { answer, sale } = await inside.joining(saleId, fanId, (present) => ({
      fanId,
      draw: drawOf(inside, present, fanId),
      receipt,
      priority,
      ...askerOf(ask),
    }));
    switch (answer.outcome) {
      case 'ok':
        // From the door on, since a new place may have its price.
        if (await endIfWon(inside, ask, answer)) return join(inside, ask);
        if (answer.again) await strikeExit(inside.catalog, ask);
        return { created: answer.created, place: await tell(inside, sale, ask, answer) };
      case 'closed':
        throw closed();
      case 'draining':
        throw draining();
      case 'barred':
        inside.caught.count(saleId, 'barred');
        throw barred();
      case 'early':
        throw notOpenYet(answer.lobbyMs, Date.now());
      case 'block':
        await inside.rooms.extend(saleId);
    }
  }
  throw away();
}

async function place(inside: Inside, ask: PlaceAsk): Promise<Place> {
  const sale = await inside.rooms.sale(ask.saleId);
  if (sale.standing && ask.banned) return endlessPlace(ask);
  if (sale.standing) {
    const pass = await readUnspentPass(inside, ask);
    if (!pass) throw noPlace();
    return passPlace(inside.tokens, ask, pass);
  }
  if (sale.roomPruned) return finishedPlace(inside, sale, { ask, refusal: noPlace() });
  try {
    const found = await inside.rooms.use(ask.saleId, async (room, present) => ({
      answer: await room.place(ask.fanId, askerOf(ask)),
      sale: present,
    }));
    if (found.answer === 'barred') throw barred();
    if (found.answer !== 'none') return await tell(inside, found.sale, ask, found.answer);
    const receipt = readReceipt(inside.tokens, sale, ask);
    if (receipt === null) throw noPlace();
    const priority = await hasPriority(inside, sale, ask.fanId);
    return (await joinRoom(inside, ask, { receipt, priority })).place;
  } catch (error) {
    return passPlace(inside.tokens, ask, await passWithoutRedis(inside, ask, error));
  }
}

function askerOf({ patient = false, banned = false }: PlaceAsk): Asker {
  return { patient, banned };
}

/** Estimates need the shared numbers; a place is told without them as well. */
async function tell(inside: Inside, sale: Sale, ask: PlaceAsk, found: FanPlace): Promise<Place> {
  const { figures } = await inside.numbers.read(ask.saleId);
  return tellPlace(inside.tokens, sale, ask.fanId, found, figures);
}

function drawOf(inside: Inside, sale: Sale, fanId: string): number | null {
  return sale.lobby === 'draw' ? drawScore(openSeed(inside.secrets, sale), fanId) : null;
}
