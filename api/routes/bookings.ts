import { z } from 'zod';
import { UsherError } from '../../core/domain/errors.js';
import { formatId, formatShowId, parseId, type ShowId } from '../../core/domain/ids.js';
import { calendarOf } from '../../core/notify/booking-calendar.js';
import { ticketBookingOf } from '../../core/notify/booking-tickets.js';
import { receiptOf } from '../../core/notify/receipt.js';
import { renderReceiptPdf, renderTicketPdf } from '../../core/notify/ticket-pdf.js';
import { type BookingShow, readBookingShows } from '../../core/store/catalog/booking-shows.js';
import { readAccount } from '../../core/store/catalog/fan-accounts.js';
import { type FanBooking, listFanBookings } from '../../core/store/catalog/fan-bookings.js';
import type { Database } from '../../core/store/database.js';
import { type Booking, readBooking, readFanBookings } from '../../core/store/shard/bookings.js';
import { readCancelMoment } from '../../core/store/shard/fan-view.js';
import { readRefunds } from '../../core/store/shard/refunds.js';
import { readReservation } from '../../core/store/shard/reservations.js';
import { bookedBody, bookedSchema, bookingShowBody, bookingShowSchema } from '../booking-body.js';
import { cancelTerms } from '../cancelling.js';
import type { ApiDeps } from '../deps.js';
import { refundBodies, refundSchema } from '../refund-body.js';
import { type Route, route } from '../route.js';
import { ruleOf } from './booking-cancel.js';
import { listOf, pageQuery, readCursor, writeCursor } from './paging.js';

const listedSchema = z.object({
  booking_id: z.string(),
  show_id: z.string(),
  state: z.enum(['confirmed', 'cancelled']),
  seats: z.array(z.string()),
  amount: z.number(),
  currency: z.string(),
  created_at: z.string(),
  show: bookingShowSchema,
});
const pageSchema = listOf(listedSchema);
const detailSchema = bookedSchema.extend({
  seats: z.array(z.string()),
  show: bookingShowSchema,
  refunds: z.array(refundSchema),
  cancel: z
    .object({ fee_percent: z.number(), until: z.iso.datetime() })
    .nullable()
    .meta({ description: 'What giving tickets back costs now, and until when; null: not taken' }),
});

const querySchema = z.strictObject(pageQuery);

type Deps = Pick<ApiDeps, 'catalog' | 'shards' | 'secrets'>;

export function bookingsRoutes(deps: Deps): Route[] {
  const path = '/api/v1/bookings/:id';
  return [
    route({
      method: 'get',
      path: '/api/v1/bookings',
      summary: 'Own bookings, newest first',
      identity: 'fan',
      query: querySchema,
      answers: { 200: pageSchema },
      handle: async ({ query, fanId }) => ({ status: 200, body: await page(deps, fanId, query) }),
    }),
    route({
      method: 'get',
      path,
      summary: 'An own booking with its tickets',
      identity: 'fan',
      answers: { 200: detailSchema },
      handle: async ({ params, fanId }) => {
        const { booking, show } = await findOwn(deps, params.id, fanId);
        const seats = booking.tickets.map((ticket) => ticket.seat);
        const shard = await deps.shards.forShow(booking.showId);
        const refunds = await readRefunds(shard, booking.showId, booking.bookingId);
        const body = {
          ...bookedBody(deps.secrets, booking),
          seats,
          show: bookingShowBody(show),
          refunds: refundBodies(refunds),
          cancel: await cancelBody(deps, shard, booking),
        };
        return { status: 200, body };
      },
    }),
    route({
      method: 'get',
      path: `${path}/tickets.pdf`,
      summary: 'The tickets of an own booking to print',
      identity: 'fan',
      answers: { 200: 'binary' },
      handle: async ({ params, fanId }) => {
        const { booking, show } = await findOwn(deps, params.id, fanId);
        const account = await readAccount(deps, fanId);
        const tickets = ticketBookingOf(deps.secrets, booking, show, account?.name ?? '');
        if (tickets.seats.length === 0) {
          throw new UsherError('ticket_void', 'The tickets of this booking are void.');
        }
        const data = await renderTicketPdf(tickets);
        return file('application/pdf', data, `tickets-${tickets.bookingId}.pdf`);
      },
    }),
    route({
      method: 'get',
      path: `${path}/receipt.pdf`,
      summary: 'The receipt of an own booking with fee and tax',
      identity: 'fan',
      answers: { 200: 'binary' },
      handle: async ({ params, fanId }) => {
        const { booking, show } = await findOwn(deps, params.id, fanId);
        const { showId, bookingId: no } = booking;
        const shard = await deps.shards.forShow(showId);
        const reservation = await readReservation(shard, showId, no);
        if (!reservation) throw new UsherError('not_found', 'There is no such booking.');
        const refunds = await readRefunds(shard, showId, no);
        const name = (await readAccount(deps, fanId))?.name ?? '';
        const id = formatId('booking', { showId, no });
        const receipt = receiptOf(id, name, { booking, reservation, show, refunds });
        return file('application/pdf', await renderReceiptPdf(receipt), `receipt-${id}.pdf`);
      },
    }),
    route({
      method: 'get',
      path: `${path}/event.ics`,
      summary: 'The show of an own booking for a calendar',
      identity: 'fan',
      answers: { 200: 'binary' },
      handle: async ({ params, fanId }) => {
        const { booking, show } = await findOwn(deps, params.id, fanId);
        const id = formatId('booking', { showId: booking.showId, no: booking.bookingId });
        return file('text/calendar; charset=utf-8', calendarOf(id, booking, show), `${id}.ics`);
      },
    }),
  ];
}

async function cancelBody(deps: Deps, shard: Database, { showId, state, tickets }: Booking) {
  if (state !== 'CONFIRMED' || !tickets.some((ticket) => ticket.state === 'VALID')) return null;
  const moment = await readCancelMoment(shard, showId);
  const terms = moment && cancelTerms(await ruleOf(deps, showId), moment);
  if (!terms) return null;
  return { fee_percent: terms.feePercent, until: new Date(terms.untilMs).toISOString() };
}

function file(type: string, data: Buffer | string, name: string) {
  const headers = { 'Content-Disposition': `attachment; filename="${name}"` };
  return { status: 200, headers, raw: { type, data } };
}

/** From the shard, which knows a booking from its first instant. */
async function findOwn(
  deps: Deps,
  id: string | undefined,
  fanId: string,
): Promise<{ booking: Booking; show: BookingShow }> {
  const ref = parseId('booking', id ?? '');
  const shardId = ref && (await deps.shards.idOf(ref.showId));
  const booking =
    ref && shardId !== undefined
      ? await readBooking(deps.shards.byId(shardId), ref.showId, ref.no)
      : undefined;
  const shows = await readBookingShows(deps.catalog, booking ? [booking.showId] : []);
  const show = booking && shows.get(booking.showId);
  if (!show || booking.fanId !== fanId) {
    throw new UsherError('not_found', 'There is no such booking.');
  }
  return { booking, show };
}

async function page(
  deps: Deps,
  fanId: string,
  query: z.infer<typeof querySchema>,
): Promise<z.infer<typeof pageSchema>> {
  const after = query.cursor === undefined ? undefined : afterOf(query.cursor);
  const listed = await listFanBookings(deps.catalog, fanId, { after, rowsMax: query.limit + 1 });
  const refs = listed.slice(0, query.limit);
  const shows = await readBookingShows(deps.catalog, [...new Set(refs.map((ref) => ref.showId))]);
  const bookings = await readListed(deps, fanId, refs);
  const results = refs.flatMap((ref) => {
    const booking = bookings.get(`${ref.showId} ${ref.bookingId}`);
    const show = shows.get(ref.showId);
    if (!booking || !show) return [];
    return [
      {
        booking_id: formatId('booking', { showId: ref.showId, no: ref.bookingId }),
        show_id: formatShowId(ref.showId),
        state: booking.state === 'CONFIRMED' ? ('confirmed' as const) : ('cancelled' as const),
        seats: booking.seats,
        amount: booking.amount,
        currency: booking.currency,
        created_at: new Date(booking.createdAtMs).toISOString(),
        show: bookingShowBody(show),
      },
    ];
  });
  const last = refs.at(-1);
  const more = last && listed.length > refs.length;
  return {
    results,
    next_cursor: more ? writeCursor([last.createdAtMs, last.showId, last.bookingId]) : null,
  };
}

function afterOf(cursor: string): FanBooking {
  const [createdAtMs = 0, showId = 0, bookingId = 0] = readCursor(cursor, 3);
  return { createdAtMs: Math.min(createdAtMs, latestMs), showId, bookingId };
}

/** SQL's dates end with the year 9999. */
const latestMs = Date.UTC(9999, 0, 1);

type Listed = Awaited<ReturnType<typeof readFanBookings>>[number];

/** One statement for each shard that has bookings of the page. */
async function readListed(
  deps: Deps,
  fanId: string,
  refs: FanBooking[],
): Promise<Map<string, Listed>> {
  const byShard = new Map<number, { showId: ShowId; bookingId: number }[]>();
  for (const ref of refs) {
    const shardId = await deps.shards.idOf(ref.showId);
    if (shardId !== undefined) byShard.set(shardId, [...(byShard.get(shardId) ?? []), ref]);
  }
  const read = await Promise.all(
    [...byShard].map(([shardId, ofShard]) =>
      readFanBookings(deps.shards.byId(shardId), fanId, ofShard),
    ),
  );
  return new Map(read.flat().map((booking) => [`${booking.showId} ${booking.bookingId}`, booking]));
}
