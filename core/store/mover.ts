import { setTimeout as delay } from 'node:timers/promises';
import type { Logger } from '../runtime/log.js';
import { listDueMoves, MoveLostError } from './catalog/show-moves.js';
import { type Database, openDatabase, usualLimits } from './database.js';
import { advanceMove, type MoveDeps } from './move-show.js';
import { NotAwayError } from './shard/show-copy.js';

/** Moves looked at in one turn; those that are put off must not hide the others for long. */
const movesPerTurn = 50;
/** The server drops a silent mover's connection, and with it its right to move. */
const silenceSecondsMax = 4;
const heartbeatMs = 1_000;

export type Mover = {
  /** Brings due moves on, one show at a time; true when there may be more to do at once. */
  turn(): Promise<boolean>;
  close(): Promise<void>;
};

/**
 * Moves shows, as long as nobody else does: the right to is a lock of the catalog's server, which
 * ends with this process. Every processor runs one, so a move whose mover died is taken up again.
 */
export function openMover(
  catalogUrl: string,
  { shards, waits }: Pick<MoveDeps, 'shards' | 'waits'>,
  log: Pick<Logger, 'info' | 'warn'>,
): Mover {
  const catalog = openDatabase(catalogUrl, {
    ...usualLimits,
    connections: 3,
    idleSeconds: silenceSecondsMax,
  });
  const deps: MoveDeps = { catalog, shards, ...(waits ? { waits } : {}) };
  const guard = openDatabase(catalogUrl, {
    ...usualLimits,
    connections: 1,
    idleSeconds: silenceSecondsMax,
  });
  const lockName = `usher-moves-${new URL(catalogUrl).pathname}`.slice(0, 64);
  let mine = false;
  const heart = setInterval(() => {
    if (mine) guard.rows('SELECT 1').catch(() => undefined);
  }, heartbeatMs);
  heart.unref();
  return {
    turn: async () => {
      mine = await isAlone(guard, lockName);
      if (!mine) return false;
      let moved = false;
      for (const move of await listDueMoves(deps.catalog, movesPerTurn)) {
        if (!(await isAlone(guard, lockName))) return false;
        try {
          if (await advanceMove(deps, move)) {
            moved = true;
            log.info({ showId: move.showId, from: move.state }, 'a move went a step on');
            break;
          }
        } catch (error) {
          const isLost = error instanceof MoveLostError || error instanceof NotAwayError;
          log.warn({ showId: move.showId, err: error }, 'a move could not go on');
          if (!isLost) await delay(1_000);
        }
      }
      return moved;
    },
    close: async () => {
      clearInterval(heart);
      await Promise.all([guard.close(), catalog.close()]);
    },
  };
}

/** Holds the lock or takes it; it may be taken again by its holder. */
async function isAlone(guard: Database, lockName: string): Promise<boolean> {
  const [row] = await guard.rows<{ mine: number | null; got: number | null }>(
    `SELECT IS_USED_LOCK(?) = CONNECTION_ID() AS mine,
       IF(IS_USED_LOCK(?) = CONNECTION_ID(), 1, GET_LOCK(?, 0)) AS got`,
    [lockName, lockName, lockName],
  );
  return row?.mine === 1 || row?.got === 1;
}
