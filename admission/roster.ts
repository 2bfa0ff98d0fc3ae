import { createHash } from 'node:crypto';
import { setImmediate as nextTurn } from 'node:timers/promises';
import {
  countRosterPages,
  recordRosterDigest,
  writeRosterPages,
} from '../core/store/catalog/roster.js';
import { readSale, type Sale } from '../core/store/catalog/sales.js';
import type { Database } from '../core/store/database.js';
import { limits } from './limits.js';
import { openRosterBook, type RosterBook } from './roster-book.js';
import type { RoomScripts } from './scripts.js';

/** Latecomers of a draw have scores from here on. */
const late = 2 ** 52;
const drawWidth = 2 ** 40;
const arrivalWidth = 256;
/** Pages that are hashed before others have their turn. */
const pagesAtOnce = 10;

export type RosterDeps = {
  catalog: Database;
  /** The lot of a fan in a sale's draw. */
  lotOf(sale: Sale, fanId: string): number;
  /** Throws away what only the making of the roster needs. */
  forget(saleId: string): Promise<void>;
};

/** Makes the roster of one sale while its members come, and publishes it at the opening. */
export type RosterMaker = {
  readonly done: boolean;
  /** Reads what is new; from the opening on it publishes. Needs a room that isn't being restored. */
  advance(room: Pick<RoomScripts, 'roster'>, sale: Sale): Promise<void>;
};

export function openRosterMaker(deps: RosterDeps): RosterMaker {
  let done = false;
  let made: { epoch: number; told: number; book: RosterBook } | undefined;
  return {
    get done() {
      return done;
    },
    advance: async (room, sale) => {
      if (await isPublished(deps.catalog, sale)) {
        done = true;
        return;
      }
      // A restored room has other members, and tells them in another order.
      if (made?.epoch !== sale.epoch) {
        const width = sale.lobby === 'draw' ? drawWidth : arrivalWidth;
        made = { epoch: sale.epoch, told: 0, book: openRosterBook(sale.saleId, width) };
      }
      if (!(await readOn(deps, room, sale, made))) return;
      await publishRoster(deps.catalog, sale, made.book);
      await deps.forget(sale.saleId);
      made = undefined;
      done = true;
    },
  };
}

async function isPublished(catalog: Database, sale: Sale): Promise<boolean> {
  if (sale.rosterDigest === null) return false;
  const pages = Math.ceil((sale.rosterCount ?? 0) / limits.rosterPage);
  return (await countRosterPages(catalog, sale.saleId)) >= pages;
}

/** @returns whether the sale has opened and everybody who came before is in the book. */
async function readOn(
  { lotOf }: RosterDeps,
  room: Pick<RoomScripts, 'roster'>,
  sale: Sale,
  made: { told: number; book: RosterBook },
): Promise<boolean> {
  for (;;) {
    const part = await room.roster(made.told, limits.rosterPart);
    if (part === undefined) return false;
    for (const { member, score } of part.members) {
      const fanId = member.slice(0, 12);
      if (sale.lobby === 'arrival') made.book.add(fanId, score ?? 0);
      else if (score !== null && score < late) made.book.add(fanId, score);
      else made.book.remove(fanId, lotOf(sale, fanId));
    }
    made.told += part.members.length;
    if (part.members.length < limits.rosterPart) return part.opened;
  }
}

/**
 * Publishes who came before the opening: first the digest, so that nobody can be added later, then
 * the roster itself, page by page. What a pump has begun another one finishes.
 */
async function publishRoster(catalog: Database, sale: Sale, book: RosterBook): Promise<void> {
  const { saleId } = sale;
  const whole = createHash('sha256');
  let hashed = 0;
  for (const page of book.pages(limits.rosterPage)) {
    whole.update(page);
    hashed += 1;
    if (hashed % pagesAtOnce === 0) await nextTurn();
  }
  const digest = whole.digest('hex');
  if (!(await recordRosterDigest(catalog, { saleId, digest, count: book.size }))) {
    const known = await readSale(catalog, saleId);
    // Pages of another roster than the published one would prove nothing.
    if (known?.rosterDigest !== digest) return;
  }
  let page = 0;
  for (const entries of book.pages(limits.rosterPage)) {
    await writeRosterPages(catalog, saleId, [{ page, entries }]);
    page += 1;
  }
}
