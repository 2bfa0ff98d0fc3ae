import { z } from 'zod';
import { groupBy } from '../../core/domain/group-by.js';
import {
  formatId,
  formatShowId,
  formatTicketId,
  parseId,
  parseTicketId,
  type ShowScoped,
} from '../../core/domain/ids.js';
import { blindIndex, normaliseEmail } from '../../core/runtime/sealing.js';
import { type BookingShow, readBookingShows } from '../../core/store/catalog/booking-shows.js';
import { listFanBookings } from '../../core/store/catalog/fan-bookings.js';
import { findFanByEmail } from '../../core/store/catalog/staff-views.js';
import { type Booking, readBooking } from '../../core/store/shard/bookings.js';
import { type Dispute, readDisputes } from '../../core/store/shard/disputes.js';
import { readPayments } from '../../core/store/shard/payments.js';
import { readRefunds } from '../../core/store/shard/refunds.js';
import type { ApiDeps } from '../deps.js';
import { staffRefundBody, staffRefundSchema } from '../refund-body.js';
import { type Route, route } from '../route.js';
import { found } from './browse.js';
import { listOf } from './paging.js';
import { deskRoles } from './staff-shared.js';

const bookingsMax = 100;

const bookingShape = z.object({
  booking_id: z.string(),
  show_id: z.string(),
  fan_id: z.string(),
  state: z.string(),
  amount: z.number().int(),
  currency: z.string(),
  created_at: z.iso.datetime(),
  movie: z.string(),
  cinema: z.string(),
  hall: z.string(),
  starts_at: z.iso.datetime(),
  tickets: z.array(
    z.object({ ticket_id: z.string(), seat: z.string(), zone: z.string(), state: z.string() }),
  ),
});
const bookingDetail = bookingShape.extend({
  payments: z.array(
    z.object({
      attempt: z.number().int(),
      state: z.string(),
      amount: z.number().int(),
      currency: z.string(),
      intent_id: z.string().nullable(),
      decline_code: z.string().nullable(),
      updated_at: z.iso.datetime(),
    }),
  ),
  refunds: z.array(staffRefundSchema),
  disputes: z.array(
    z.object({
      dispute_id: z.string().meta({ description: "The provider's id of it" }),
      attempt: z.number().int(),
      state: z.enum(['open', 'won', 'lost']),
      amount: z.number().int(),
      currency: z.string(),
      reason: z.string(),
      created_at: z.iso.datetime(),
      updated_at: z.iso.datetime(),
    }),
  ),
});

type Deps = Pick<ApiDeps, 'catalog' | 'shards' | 'secrets'>;

/** Bookings for the desk. Addresses come in the body, so that no log of paths ever holds one. */
export function staffBookingRoutes(deps: Deps): Route[] {
  return [
    route({
      method: 'post',
      path: '/api/v1/staff/bookings/find',
      summary:
        'Bookings by mail address, or by the id of a request, reservation, booking or ticket',
      identity: 'staff',
      roles: deskRoles,
      body: z.union([
        z.strictObject({ email: z.string().min(3).max(254) }),
        z.strictObject({ id: z.string().min(3).max(60) }),
      ]),
      answers: { 200: listOf(bookingShape) },
      handle: async ({ body }) => {
        const refs = 'email' in body ? await refsOf(deps, body.email) : listOne(refOf(body.id));
        const results = await describeAll(deps, refs);
        return { status: 200, body: { results, next_cursor: null } };
      },
    }),
    route({
      method: 'get',
      path: '/api/v1/staff/bookings/:id',
      summary: 'One booking with its tickets, payments, refunds and disputes',
      identity: 'staff',
      roles: deskRoles,
      answers: { 200: bookingDetail },
      handle: async ({ params }) => {
        const ref = found(refOf(params.id ?? ''), 'booking');
        const [booking] = await describeAll(deps, [ref]);
        const shard = await deps.shards.forShow(ref.showId);
        const payments = await readPayments(shard, ref.showId, ref.no);
        const refunds = await readRefunds(shard, ref.showId, ref.no);
        const disputes = await readDisputes(shard, ref.showId, ref.no);
        return {
          status: 200,
          body: {
            ...found(booking, 'booking'),
            payments: payments.map((payment) => ({
              attempt: payment.attempt,
              state: payment.state.toLowerCase(),
              amount: payment.amount,
              currency: payment.currency,
              intent_id: payment.intentId,
              decline_code: payment.declineCode,
              updated_at: new Date(payment.updatedAtMs).toISOString(),
            })),
            refunds: refunds.map(staffRefundBody),
            disputes: disputes.map(disputeBody),
          },
        };
      },
    }),
  ];
}

function disputeBody(dispute: Dispute): z.infer<typeof bookingDetail>['disputes'][number] {
  const { attempt, amount, currency, reason } = dispute;
  return {
    dispute_id: dispute.disputeId,
    ...{ attempt, amount, currency, reason },
    state: dispute.state.toLowerCase() as Lowercase<Dispute['state']>,
    created_at: dispute.createdAt.toISOString(),
    updated_at: dispute.updatedAt.toISOString(),
  };
}

function refOf(id: string): ShowScoped | undefined {
  return (
    parseId('booking', id) ??
    parseId('reservation', id) ??
    parseId('request', id) ??
    parseTicketId(id)
  );
}

function listOne<T>(value: T | undefined): T[] {
  return value === undefined ? [] : [value];
}

async function refsOf({ catalog, secrets }: Deps, email: string): Promise<ShowScoped[]> {
  const index = blindIndex(secrets, 'email', normaliseEmail(email));
  const fanId = await findFanByEmail(catalog, index);
  if (fanId === undefined) return [];
  const rows = await listFanBookings(catalog, fanId, { after: undefined, rowsMax: bookingsMax });
  return rows.map((row) => ({ showId: row.showId, no: row.bookingId }));
}

async function describeAll(
  { catalog, shards }: Deps,
  refs: ShowScoped[],
): Promise<z.infer<typeof bookingShape>[]> {
  const shows = await readBookingShows(catalog, [...groupBy(refs, (ref) => ref.showId).keys()]);
  const bookings: z.infer<typeof bookingShape>[] = [];
  for (const ref of refs) {
    const show = shows.get(ref.showId);
    if (!show) continue;
    const booking = await readBooking(await shards.forShow(ref.showId), ref.showId, ref.no);
    if (booking) bookings.push(bookingJson(booking, show));
  }
  return bookings;
}

function bookingJson(booking: Booking, show: BookingShow): z.infer<typeof bookingShape> {
  const { showId, bookingId: no } = booking;
  return {
    booking_id: formatId('booking', { showId, no }),
    show_id: formatShowId(showId),
    fan_id: booking.fanId,
    state: booking.state.toLowerCase(),
    amount: booking.amount,
    currency: booking.currency,
    created_at: new Date(booking.createdAtMs).toISOString(),
    movie: show.title,
    cinema: show.cinema,
    hall: show.hall,
    starts_at: new Date(show.startsAtMs).toISOString(),
    tickets: booking.tickets.map(({ seatNo, seat, zone, state }) => ({
      ticket_id: formatTicketId({ showId, no, seatNo }),
      seat,
      zone,
      state: state.toLowerCase(),
    })),
  };
}
