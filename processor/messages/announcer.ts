import { formatId } from '../../core/domain/ids.js';
import type { MessageChannel } from '../../core/domain/messages.js';
import type { Logger } from '../../core/runtime/log.js';
import { insertMessages } from '../../core/store/catalog/messages.js';
import { listShowsToRemind, markReminded } from '../../core/store/catalog/reminders.js';
import { fileSaleNotices } from '../../core/store/catalog/sale-notices.js';
import type { Database } from '../../core/store/database.js';
import { listConfirmed } from '../../core/store/shard/bookings.js';
import type { Shards } from '../../core/store/shards.js';
import { type Loop, openLoop } from '../loop.js';

const pauseMs = 30_000;
const rowsMax = 1_000;
const showsMax = 20;
/** How long before its opening a sale is announced to those who asked. */
const saleSoonSeconds = 3 * 3_600;
/** How long before its start a show's fans are reminded. */
const reminderSeconds = 6 * 3_600;
/** Whoever booked this short a time ago needs no reminder. */
const freshSeconds = 2 * 3_600;

export type AnnouncerDeps = {
  catalog: Database;
  shards: Shards;
  log: Logger;
  channels: readonly MessageChannel[];
};

/** Files the messages that no change causes but the clock: sales that open soon, shows of the day. */
export function openAnnouncer(deps: AnnouncerDeps): Loop {
  return openLoop('announcer', { log: deps.log, pauseMs }, () => announce(deps));
}

/** One turn; true when there may be more to do at once. */
export async function announce(deps: AnnouncerDeps): Promise<boolean> {
  let more = false;
  for (const channel of deps.channels) {
    const bounds = { soonSeconds: saleSoonSeconds, rowsMax };
    more = (await fileSaleNotices(deps.catalog, channel, bounds)) === rowsMax || more;
  }
  const bounds = { soonSeconds: reminderSeconds, showsMax };
  const shows = await listShowsToRemind(deps.catalog, bounds);
  for (const show of shows) {
    await remind(deps, show);
    await markReminded(deps.catalog, show);
  }
  return more || shows.length === showsMax;
}

async function remind(
  { catalog, shards, channels }: AnnouncerDeps,
  { showId, startsAt }: { showId: number; startsAt: Date },
): Promise<void> {
  const shard = await shards.forShow(showId);
  const day = startsAt.toISOString().slice(0, 10);
  let afterId = 0;
  for (;;) {
    const found = await listConfirmed(shard, showId, { afterId, rowsMax, freshSeconds });
    const messages = found.map(({ bookingId, fanId }) => ({
      key: `${formatId('booking', { showId, no: bookingId })}-reminder-${day}`,
      fanId,
      kind: 'reminder' as const,
      showId,
      subjectId: bookingId,
      detail: {},
    }));
    await insertMessages(catalog, messages, channels);
    const last = found.at(-1);
    if (!last || found.length < rowsMax) return;
    afterId = last.bookingId;
  }
}
