import { formatId, formatShowId } from '../../core/domain/ids.js';
import { escapeHtml, fillTemplate } from '../../core/notify/template.js';
import { moneyText, showTime } from '../../core/notify/wording.js';
import { publishOffer } from '../../core/redis/show-news.js';
import { readBookingShows } from '../../core/store/catalog/booking-shows.js';
import { readAccount } from '../../core/store/catalog/fan-accounts.js';
import { readReservation } from '../../core/store/shard/reservations.js';
import type { OutboxHandler } from './deps.js';
import { sendMail } from './send-mail.js';

/**
 * Tells a fan of the waitlist that seats are held for them: the page at once, then by mail. An
 * offer that is over by now is told to nobody.
 */
export const offerHandler: OutboxHandler = async (deps, row) => {
  const shard = await deps.shards.forShow(row.showId);
  const offer = await readReservation(shard, row.showId, row.subjectId);
  if (offer?.state !== 'HELD') return;
  await publishOffer(deps.redis, deps.names, offer);
  const show = (await readBookingShows(deps.catalog, [row.showId])).get(row.showId);
  const account = await readAccount(deps, offer.fanId);
  if (!show || !account) return;
  const until = showTime(new Date(offer.expiresAtMs), show.timeZone);
  const text = fillTemplate('offer.txt', {
    ...showTime(new Date(show.startsAtMs), show.timeZone),
    fanName: account.name ?? '',
    movieTitle: show.title,
    cinema: show.cinema,
    hall: show.hall,
    seats: offer.seats.map(([, seat, price]) => ({
      ...{ seat, price: moneyText(price, offer.currency) },
    })),
    amount: moneyText(offer.amount, offer.currency),
    untilDay: until.day,
    untilTime: until.time,
    untilZone: until.zone,
    offerUrl: `${deps.publicUrl}/shows/${formatShowId(row.showId)}`,
  });
  const id = formatId('reservation', { showId: row.showId, no: row.subjectId });
  await sendMail(deps, row, {
    subject: `Seats for you: ${show.title}, until ${until.time}`,
    text,
    html: `<pre style="font: inherit; white-space: pre-wrap">${escapeHtml(text)}</pre>`,
    attachments: [],
    to: account.email,
    key: `${id}-offer`,
  });
};
