import { randomInt } from 'node:crypto';
import { UsherError } from '../core/domain/errors.js';
import type { Logger } from '../core/runtime/log.js';
import {
  lockFan,
  type PassRow,
  readLastPass,
  spendPasses,
  writeAdmissions,
} from '../core/store/catalog/admission.js';
import { readStock, type Sale } from '../core/store/catalog/sales.js';
import type { Database } from '../core/store/database.js';
import type { Shards } from '../core/store/shards.js';
import { hasWonSeats } from '../core/store/spent-passes.js';
import type { RoomState } from './answers.js';
import { closed, notOpenYet } from './refusals.js';

const passChars = '0123456789abcdefghijklmnopqrstuvwxyz';

export function randomChars(count: number): string {
  return Array.from({ length: count }, () => passChars[randomInt(passChars.length)]).join('');
}

type Inside = { catalog: Database; shards: Pick<Shards, 'forShow'>; log: Logger };

/** Admits a fan as `admitAtOnce` does, with a new pass where the one there is has just won seats. */
export async function joinStanding(
  inside: Inside,
  sale: Sale,
  fanId: string,
): Promise<{ pass: PassRow; created: boolean }> {
  const { catalog } = inside;
  const found = await admitAtOnce(catalog, sale, fanId, Date.now());
  if (found.created || !(await spendIfWon(inside, sale.saleId, found.pass))) return found;
  return admitAtOnce(catalog, sale, fanId, Date.now());
}

/** The fan's last pass of a standing sale; one that has won seats counts as spent. */
export async function readUnspentPass(
  inside: Inside,
  ask: { saleId: string; fanId: string },
): Promise<PassRow | undefined> {
  const pass = await readLastPass(inside.catalog, ask);
  if (!pass?.live || !(await spendIfWon(inside, ask.saleId, pass))) return pass;
  return { ...pass, live: false };
}

async function spendIfWon(inside: Inside, saleId: string, { passId }: PassRow): Promise<boolean> {
  if (!(await hasWon(inside, saleId, passId))) return false;
  await inside.catalog.transaction((tx) => spendPasses(tx, saleId, [passId]));
  return true;
}

/**
 * Whether a pass has won seats. The news of a grant is on its way for a moment; the shard that
 * granted knows it already.
 */
export async function hasWon(
  { catalog, shards, log }: Inside,
  saleId: string,
  passId: string,
): Promise<boolean> {
  try {
    return await hasWonSeats(catalog, shards, { saleId, passId });
  } catch (error) {
    // A shard that is away refuses a spent pass itself when it is back.
    log.debug({ saleId, err: error }, 'a shard could not say whether a pass has won seats');
    return false;
  }
}

/**
 * Admits a fan to a standing sale, where nobody waits. It needs SQL alone, so ordinary shows sell
 * on while Redis is away. The fan's row is locked, so parallel joins get one pass.
 * @throws UsherError `sale_paused`, `sale_closed`, `sale_not_open`, `banned`, `unauthenticated`.
 */
async function admitAtOnce(
  catalog: Database,
  sale: Sale,
  fanId: string,
  nowMs: number,
): Promise<{ pass: PassRow; created: boolean }> {
  refuseUnlessOpen(sale, nowMs);
  return catalog.transaction(async (tx) => {
    const account = await lockFan(tx, fanId);
    if (account === undefined || account === 'ERASED') {
      throw new UsherError('unauthenticated', 'This account does not exist. Sign up first.');
    }
    if (account === 'BANNED') throw new UsherError('banned', 'This account may not join a sale.');
    const known = await readLastPass(tx, { saleId: sale.saleId, fanId });
    if (known?.live) return { pass: known, created: false };
    const passId = randomChars(16);
    if (!(await writeAdmissions(tx, sale, [{ passId, fanId, score: null }]))) {
      throw new UsherError('unavailable', 'The sale has just changed. Join again.', {
        retryAfterSeconds: 1,
      });
    }
    const pass = await readLastPass(tx, { saleId: sale.saleId, fanId });
    if (!pass) throw new Error('an admission that was just written is not there');
    return { pass, created: true };
  });
}

function refuseUnlessOpen(sale: Sale, nowMs: number): void {
  if (sale.state === 'CLOSED') {
    throw closed();
  }
  if (sale.state === 'PAUSED') {
    throw new UsherError('sale_paused', 'This sale is paused. Try again shortly.', {
      retryAfterSeconds: 10,
    });
  }
  if (sale.opensAt.getTime() > nowMs) throw notOpenYet(sale.opensAt.getTime(), nowMs);
}

/** The state of a standing sale in the words of a room. */
export async function standingState(
  catalog: Database,
  sale: Sale,
  nowMs: number,
): Promise<{ state: RoomState; seatsLeft: number | null }> {
  const stock = await readStock(catalog, sale.saleId);
  const seatsLeft = stock?.free ?? null;
  if (sale.state === 'CLOSED') return { state: 'closed', seatsLeft };
  if (sale.opensAt.getTime() > nowMs) return { state: 'scheduled', seatsLeft };
  if (sale.state === 'PAUSED') return { state: 'paused', seatsLeft };
  return { state: stock?.free === 0 && stock.held === 0 ? 'sold_out' : 'open', seatsLeft };
}
