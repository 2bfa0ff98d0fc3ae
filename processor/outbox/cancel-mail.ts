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

const payloadSchema = z.object({
  reason: z.enum(['fan', 'staff', 'show']),
  seats: z.array(z.string()),
  refund_no: z.int().nullable(),
});

const why = {
  fan: 'as you asked, tickets of your booking are cancelled:',
  staff: 'the box office has cancelled tickets of your booking:',
  show: 'we are sorry: this show is cancelled.',
};

/** Tells a fan that tickets are cancelled, and whether money comes back. */
export const cancelMailHandler: OutboxHandler = async (deps, row) => {
  const { reason, seats, refund_no: refundNo } = payloadSchema.parse(row.payload);
  const shard = await deps.shards.forShow(row.showId);
  const reservation = await readReservation(shard, row.showId, row.subjectId);
  const show = (await readBookingShows(deps.catalog, [row.showId])).get(row.showId);
  const account = reservation && (await readAccount(deps, reservation.fanId));
  if (!reservation || !show || !account) return;
  const refunds = await readRefunds(shard, row.showId, row.subjectId);
  const refund = refunds.find((entry) => entry.refundNo === refundNo);
  const id = formatId('booking', { showId: row.showId, no: row.subjectId });
  const text = fillTemplate('cancel.txt', {
    ...showTime(new Date(show.startsAtMs), show.timeZone),
    fanName: account.name ?? '',
    why: why[reason],
    movieTitle: show.title,
    cinema: show.cinema,
    seats: seats.join(', '),
    bookingId: id,
    money: refund
      ? `We give ${moneyText(refund.amount, refund.currency)} back, and write again when it is on its way.`
      : 'No money goes back.',
  });
  await sendMail(deps, row, {
    subject: `Cancelled: ${show.title}`,
    text,
    html: `<pre style="font: inherit; white-space: pre-wrap">${escapeHtml(text)}</pre>`,
    attachments: [],
    to: account.email,
    key: `${id}-cancelled-${refundNo ?? 0}-${seats.join('-')}`.slice(0, 120),
  });
};
