import { formatId, formatShowId, type ShowId } from '../../core/domain/ids.js';
import { calendarOf } from '../../core/notify/booking-calendar.js';
import { ticketBookingOf } from '../../core/notify/booking-tickets.js';
import type { MailContent } from '../../core/notify/mailer.js';
import { renderMessage } from '../../core/notify/message-text.js';
import { renderTicketMail } from '../../core/notify/ticket-mail.js';
import { moneyText, showTime } from '../../core/notify/wording.js';
import type { Secrets } from '../../core/runtime/secrets.js';
import { type BookingShow, readBookingShows } from '../../core/store/catalog/booking-shows.js';
import type { Message } from '../../core/store/catalog/messages.js';
import { type Database, readNowMs } from '../../core/store/database.js';
import { type Booking, readBooking } from '../../core/store/shard/bookings.js';
import { isDeskRefund, readRefunds } from '../../core/store/shard/refunds.js';
import { readReservation } from '../../core/store/shard/reservations.js';
import type { Shards } from '../../core/store/shards.js';
import { saleWords } from './sale-words.js';
import { turnWords } from './turn-words.js';

export type WordsDeps = { catalog: Database; shards: Shards; secrets: Secrets; publicUrl: string };

/** A message as it goes out. `short` and `url` are for the gateway. */
export type Composed = MailContent & { short: string; url: string; locale: string };

type Values = Parameters<typeof renderMessage>[2];
type Compose = (
  deps: WordsDeps,
  message: Message,
  to: { name: string },
) => Promise<Composed | null>;

/**
 * Puts a message into words from the rows as they are now; null when what it would say is no
 * longer so: the hold was paid or is over, the booking is cancelled, the sale has opened.
 */
export const compose: Compose = async (deps, message, to) => {
  const { kind, showId, subjectId } = message;
  if (kind === 'sale_soon') return saleWords(deps, message, to);
  if (kind === 'turn_soon' || kind === 'turn_now') return turnWords(deps, message, to);
  if (showId === null || subjectId === null) return null;
  const show = (await readBookingShows(deps.catalog, [showId])).get(showId);
  if (!show) return null;
  const about: About = { deps, message, show, showId, no: subjectId, fanName: to.name };
  switch (kind) {
    case 'reserved':
    case 'payment_needed':
    case 'offer':
      return holdWords(about);
    case 'tickets':
      return ticketWords(about);
    case 'refunded':
    case 'refunded_late':
    case 'refunded_at_desk':
      return refundWords(about);
    case 'cancelled':
    case 'show_changed':
    case 'reminder':
      return bookingWords(about);
  }
};

type About = {
  deps: WordsDeps;
  message: Message;
  show: BookingShow;
  showId: ShowId;
  no: number;
  fanName: string;
};

async function holdWords(about: About): Promise<Composed | null> {
  const { deps, show, showId, no } = about;
  const shard = await deps.shards.forShow(showId);
  const hold = await readReservation(shard, showId, no);
  const isOpen = hold?.state === 'HELD' || hold?.state === 'PAYING';
  if (!hold || !isOpen || (await readNowMs(shard)) >= hold.expiresAtMs) return null;
  const until = showTime(new Date(hold.expiresAtMs), show.timeZone, show.locale);
  return written(about, `${deps.publicUrl}/shows/${formatShowId(showId)}`, {
    seats: hold.seats.map(([, seat]) => seat).join(', '),
    amount: moneyText(hold.amount, hold.currency, show.locale),
    until: until.time,
  });
}

async function readLive(about: About): Promise<Booking | null> {
  const { deps, showId, no } = about;
  const booking = await readBooking(await deps.shards.forShow(showId), showId, no);
  const live = booking?.tickets.filter((ticket) => ticket.state !== 'VOID') ?? [];
  return booking?.state === 'CONFIRMED' && live.length > 0 ? { ...booking, tickets: live } : null;
}

async function ticketWords(about: About): Promise<Composed | null> {
  const { deps, show, fanName } = about;
  const booking = await readLive(about);
  if (!booking) return null;
  const tickets = ticketBookingOf(deps.secrets, booking, show, fanName);
  const url = bookingUrl(about);
  const mail = await renderTicketMail(tickets, url);
  const calendar = {
    filename: `${tickets.bookingId}.ics`,
    contentType: 'text/calendar; charset=utf-8; method=PUBLISH',
    content: Buffer.from(calendarOf(tickets.bookingId, booking, show)),
  };
  const attachments = [...mail.attachments, calendar];
  return { ...mail, attachments, url, locale: show.locale };
}

async function refundWords(about: About): Promise<Composed | null> {
  const { deps, message, show, showId, no } = about;
  const refunds = await readRefunds(await deps.shards.forShow(showId), showId, no);
  const refund = refunds.find((entry) => entry.refundNo === message.detail.refund_no);
  if (!refund) return null;
  return written(about, bookingUrl(about), {
    amount: moneyText(refund.amount, refund.currency, show.locale),
  });
}

type BookingDetail = {
  reason?: 'fan' | 'staff' | 'show';
  seats?: string[];
  refund_no?: number | null;
  before?: { starts_at: string; hall: string };
  free_refund_until?: string | null;
};

async function bookingWords(about: About): Promise<Composed | null> {
  const { deps, message, show, showId, no } = about;
  const detail = message.detail as BookingDetail;
  if (message.kind === 'cancelled') {
    const refunds = await readRefunds(await deps.shards.forShow(showId), showId, no);
    const refund = refunds.find((entry) => entry.refundNo === detail.refund_no);
    const atDesk = refund && isDeskRefund(refund);
    return written(about, bookingUrl(about), {
      seats: (detail.seats ?? []).join(', '),
      amount: refund ? moneyText(refund.amount, refund.currency, show.locale) : '',
      ...{ byFan: when(detail.reason === 'fan'), byStaff: when(detail.reason === 'staff') },
      ...{ byShow: when(detail.reason === 'show'), noRefund: when(!refund) },
      ...{ refund: when(refund && !atDesk), deskRefund: when(atDesk) },
    });
  }
  const booking = await readLive(about);
  if (!booking) return null;
  const seats = booking.tickets.map((ticket) => ticket.seat).join(', ');
  if (message.kind === 'reminder') {
    if ((await readNowMs(deps.catalog)) >= show.startsAtMs) return null;
    return written(about, bookingUrl(about), { seats, address: show.address });
  }
  const timeOf = (text: string) => showTime(new Date(text), show.timeZone, show.locale);
  const before = timeOf(detail.before?.starts_at ?? '');
  const free = detail.free_refund_until ? timeOf(detail.free_refund_until) : undefined;
  return written(about, bookingUrl(about), {
    ...{ seats, beforeDay: before.day, beforeTime: before.time },
    beforeHall: detail.before?.hall ?? '',
    freeRefund: free ? [{ freeUntilDay: free.day, freeUntilTime: free.time }] : [],
  });
}

/** A part of a template that stands there or not. */
function when(condition: unknown): Record<string, string>[] {
  return condition ? [{}] : [];
}

function bookingUrl({ deps, showId, no }: About): string {
  return `${deps.publicUrl}/bookings/${formatId('booking', { showId, no })}`;
}

function written(about: About, url: string, values: Values): Composed {
  const { message, show, showId, no, fanName } = about;
  const all = {
    ...showTime(new Date(show.startsAtMs), show.timeZone, show.locale),
    toName: fanName === '' ? '' : ` ${fanName}`,
    movieTitle: show.title,
    cinema: show.cinema,
    hall: show.hall,
    bookingId: formatId('booking', { showId, no }),
    reservationId: formatId('reservation', { showId, no }),
    url,
    ...values,
  };
  const text = renderMessage(message.kind, show.locale, all);
  return { ...text, attachments: [], url, locale: show.locale };
}
