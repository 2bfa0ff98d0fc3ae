import { z } from 'zod';
import { formatId, formatShowId, type ShowId } from '../../core/domain/ids.js';
import { readBookingShows } from '../../core/store/catalog/booking-shows.js';
import { listSaleShows } from '../../core/store/catalog/staff-views.js';
import { listBookingsOf, listMovesOf } from '../../core/store/shard/exports.js';
import type { ApiDeps } from '../deps.js';
import { type Route, route } from '../route.js';
import { pageQuery, readCursor, writeCursor } from './paging.js';
import { opsRoles, readStaffSale } from './staff-shared.js';

const value = z.union([z.string(), z.number(), z.boolean(), z.null()]);
const tableShape = z.object({
  head: z.array(z.string()),
  rows: z.array(z.array(value)),
  next_cursor: z.string().nullable(),
});
type Row = z.infer<typeof value>[];

/** Bookings and money of a sale as tables; ids stand for persons. */
type Deps = Pick<ApiDeps, 'catalog' | 'shards'>;

type Kind = { head: string[]; page(deps: Deps, at: At, rowsMax: number): Promise<Listed[]> };
type At = { showId: ShowId; afterId: number };
type Listed = { id: number; row: Row };

const bookings: Kind = {
  head: [
    ...['booking', 'show', 'movie', 'cinema', 'starts_at', 'fan', 'state', 'booked_at', 'seats'],
    ...['tickets', 'tickets_live', 'currency', 'amount', 'refunded', 'refund_pending'],
    ...['discount', 'discount_code', 'disputed', 'charged_back'],
  ],
  page: async ({ catalog, shards }, { showId, afterId }, rowsMax) => {
    const show = (await readBookingShows(catalog, [showId])).get(showId);
    const shard = await shards.forShow(showId);
    const rows = await listBookingsOf(shard, showId, { afterId, rowsMax });
    return rows.map((one) => ({
      id: one.bookingId,
      row: [
        formatId('booking', { showId, no: one.bookingId }),
        formatShowId(showId),
        show?.title ?? '',
        show?.cinema ?? '',
        new Date(show?.startsAtMs ?? 0).toISOString(),
        one.fanId,
        one.state.toLowerCase(),
        one.createdAt.toISOString(),
        one.seats,
        one.tickets,
        one.live,
        one.currency,
        one.amount,
        one.refunded,
        one.refundPending,
        one.discount,
        one.discountCode ?? '',
        one.disputed,
        one.chargedBack,
      ],
    }));
  },
};

const payments: Kind = {
  head: ['at', 'show', 'reservation', 'what', 'debit', 'credit', 'currency', 'amount', 'entry'],
  page: async ({ shards }, { showId, afterId }, rowsMax) => {
    const shard = await shards.forShow(showId);
    const rows = await listMovesOf(shard, showId, { afterId, rowsMax });
    return rows.map((one) => ({
      id: one.lsn,
      row: [
        one.at.toISOString(),
        formatShowId(showId),
        formatId('reservation', { showId, no: one.reservationId }),
        one.kind.toLowerCase(),
        one.debit,
        one.credit,
        one.currency,
        one.amount,
        `${showId}.${one.lsn}.${one.part}`,
      ],
    }));
  },
};

export function staffExportRoutes(deps: Deps): Route[] {
  return Object.entries({ bookings, payments }).map(([name, kind]) =>
    route({
      method: 'get',
      path: `/api/v1/staff/sales/:id/export/${name}`,
      summary: `The ${name} of a sale as a table, page by page`,
      identity: 'staff',
      roles: opsRoles,
      query: z.strictObject(pageQuery),
      answers: { 200: tableShape },
      handle: async ({ params, query }) => {
        const { sale_id } = await readStaffSale(deps, params.id ?? '');
        const shows = (await listSaleShows(deps.catalog, sale_id)).map((show) => show.showId);
        const [at = shows[0], afterId = 0] =
          query.cursor === undefined ? [] : readCursor(query.cursor, 2);
        return { status: 200, body: await pageOf(deps, kind, { shows, at, afterId }, query.limit) };
      },
    }),
  );
}

/** One page is of one show; the next begins where it ended, or with the next show. */
async function pageOf(
  deps: Deps,
  kind: Kind,
  { shows, at, afterId }: { shows: ShowId[]; at: ShowId | undefined; afterId: number },
  limit: number,
): Promise<z.infer<typeof tableShape>> {
  const index = at === undefined ? -1 : shows.indexOf(at);
  if (at === undefined || index < 0) return { head: kind.head, rows: [], next_cursor: null };
  // One more than is shown, so that no log entry's moves are torn apart by a page's end.
  const found = await kind.page(deps, { showId: at, afterId }, limit + 1);
  const last = found[limit];
  const shown = last ? found.filter((one) => one.id < last.id) : found;
  const end = shown.at(-1);
  const nextShow = shows[index + 1];
  const next = last && end ? [at, end.id] : nextShow === undefined ? null : [nextShow, 0];
  const rows = shown.map((one) => one.row);
  return { head: kind.head, rows, next_cursor: next && writeCursor(next) };
}
