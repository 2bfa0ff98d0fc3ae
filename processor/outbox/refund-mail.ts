import { z } from 'zod';
import { formatId } from '../../core/domain/ids.js';
import { escapeHtml, fillTemplate } from '../../core/notify/template.js';
import { moneyText, showTime } from '../../core/notify/wording.js';
import { readBookingShows } from '../../core/store/catalog/booking-shows.js';
import { readAccount } from '../../core/store/catalog/fan-accounts.js';
import { readRefunds } from '../../core/store/shard/refunds.js';
import { readReservation } from '../../core/store/shard/reservations.js';
import type { OutboxHandler } from './deps.js';
import { sendMail } from './send-mail.js';

const payloadSchema = z.object({ refund_no: z.int() });

/** Tells a fan that money went back, and why. Sent once the provider has made the refund. */
export const refundMailHandler: OutboxHandler = async (deps, row) => {
  const { refund_no: refundNo } = payloadSchema.parse(row.payload);
  const shard = await deps.shards.forShow(row.showId);
  const refunds = await readRefunds(shard, row.showId, row.subjectId);
  const refund = refunds.find((entry) => entry.refundNo === refundNo);
  const reservation = await readReservation(shard, row.showId, row.subjectId);
  const show = (await readBookingShows(deps.catalog, [row.showId])).get(row.showId);
  const account = reservation && (await readAccount(deps, reservation.fanId));
  if (!refund || !reservation || !show || !account) return;
  const id = formatId('reservation', { showId: row.showId, no: row.subjectId });
  const values = {
    ...showTime(new Date(show.startsAtMs), show.timeZone),
    fanName: account.name ?? '',
    movieTitle: show.title,
    cinema: show.cinema,
    amount: moneyText(refund.amount, refund.currency),
    reservationId: id,
  };
  const text = fillTemplate('refund.txt', values);
  await sendMail(deps, row, {
    subject: `Your money is on its way back: ${show.title}`,
    text,
    html: `<pre style="font: inherit; white-space: pre-wrap">${escapeHtml(text)}</pre>`,
    attachments: [],
    to: account.email,
    key: `${id}-refund-${refundNo}`,
  });
};
