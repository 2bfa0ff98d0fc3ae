import { createHash, hash } from 'node:crypto';
import {
  countRosterPages,
  recordRosterDigest,
  writeRosterPages,
} from '../core/store/catalog/roster.js';
import type { Sale } from '../core/store/catalog/sales.js';
import type { Database } from '../core/store/database.js';
import { limits } from './limits.js';
import type { RoomScripts } from './scripts.js';

const handleBytes = 16;
const scoreBytes = 8;

/** The public name of a fan in one sale's roster: it tells nobody who that is elsewhere. */
function handleOf(saleId: string, fanId: string): Buffer {
  return hash('sha256', `${saleId}|${fanId}`, 'buffer').subarray(0, handleBytes);
}

/**
 * Publishes who came before the opening: first the digest, so that nobody can be added later, then
 * the roster itself, page by page. What a pump has begun another one finishes, since from the
 * opening on the roster doesn't change.
 * @returns false while the room can't tell it yet.
 */
export async function publishRoster(
  catalog: Database,
  room: Pick<RoomScripts, 'roster'>,
  sale: Sale,
): Promise<boolean> {
  const { saleId } = sale;
  if (sale.rosterDigest !== null) {
    const pages = Math.ceil((sale.rosterCount ?? 0) / limits.rosterPage);
    if ((await countRosterPages(catalog, saleId)) >= pages) return true;
  }
  const pages = await readPages(room, saleId);
  if (!pages) return false;
  const whole = createHash('sha256');
  for (const page of pages) whole.update(page);
  const digest = whole.digest('hex');
  const bytes = pages.reduce((sum, page) => sum + page.length, 0);
  const count = bytes / (handleBytes + scoreBytes);
  const isFirst = await recordRosterDigest(catalog, { saleId, digest, count });
  // Pages of another roster than the published one would prove nothing.
  if (!isFirst && sale.rosterDigest !== null && sale.rosterDigest !== digest) return true;
  for (const [page, entries] of pages.entries()) {
    await writeRosterPages(catalog, saleId, [{ page, entries }]);
  }
  return true;
}

/** The next part is on its way while one is hashed. */
async function readPages(
  room: Pick<RoomScripts, 'roster'>,
  saleId: string,
): Promise<Buffer[] | undefined> {
  const pages: Buffer[] = [];
  let coming = room.roster(0, limits.rosterPage);
  for (;;) {
    const text = await coming;
    if (text === undefined) return undefined;
    const members = text === '' ? [] : text.split(',');
    const isLast = members.length < limits.rosterPage * 2;
    if (!isLast) coming = room.roster((pages.length + 1) * limits.rosterPage, limits.rosterPage);
    if (members.length > 0) pages.push(pageOf(saleId, members));
    if (isLast) return pages;
  }
}

function pageOf(saleId: string, members: string[]): Buffer {
  const page = Buffer.allocUnsafe((members.length / 2) * (handleBytes + scoreBytes));
  let at = 0;
  for (let index = 0; index < members.length; index += 2) {
    const fanId = (members[index] ?? '').slice(0, 12);
    at += handleOf(saleId, fanId).copy(page, at);
    at = page.writeBigUInt64BE(BigInt(members[index + 1] ?? 0), at);
  }
  return page;
}
