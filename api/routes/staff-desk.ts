import { z } from 'zod';
import { UsherError } from '../../core/domain/errors.js';
import { formatId, formatShowId, formatTicketId, parseId } from '../../core/domain/ids.js';
import { publishReservation, publishSeats } from '../../core/redis/show-news.js';
import { writeAudit } from '../../core/store/catalog/audit.js';
import { fanOfEmail } from '../../core/store/catalog/fan-accounts.js';
import { noteCash } from '../../core/store/catalog/tills.js';
import { sellAtDesk } from '../../core/store/shard/desk-sale.js';
import { reseatBooking } from '../../core/store/shard/reseat.js';
import {
  lengthenHold,
  lockReservation,
  type Reservation,
} from '../../core/store/shard/reservations.js';
import { changeShow, type ShowChange } from '../../core/store/shard/show-change.js';
import { wishSeatsMax } from '../accept/reserve-schema.js';
import type { ApiDeps } from '../deps.js';
import { readIdempotencyKey } from '../idempotency.js';
import { type Route, route } from '../route.js';
import { found } from './browse.js';
import { deskRoles, showIdOf } from './staff-shared.js';

const seats = z
  .array(z.string().min(1).max(12))
  .min(1)
  .max(wishSeatsMax)
  .refine((names) => new Set(names).size === names.length, { error: 'a seat is named twice' });
const minutesMax = 60;

const soldShape = z.object({
  booking_id: z.string(),
  show_id: z.string(),
  fan_id: z.string(),
  seats: z.array(z.string()),
  tickets: z.array(z.object({ ticket_id: z.string(), seat: z.string() })),
  amount: z.number().int(),
  currency: z.string(),
  paid: z.enum(['cash', 'card']),
  /** Cash: whether an open till of the seller counts it. */
  in_till: z.boolean(),
  /** Cash that no till counts: why, and what to do. */
  till_problem: z.string().nullable(),
});

type Deps = Pick<ApiDeps, 'catalog' | 'shards' | 'redis' | 'names' | 'secrets'>;

/** What the box office does to seats that somebody has or buys at the desk. */
export function staffDeskRoutes(deps: Deps): Route[] {
  return [sellRoute(deps), reseatRoute(deps), extendRoute(deps)];
}

function sellRoute(deps: Deps): Route {
  return route({
    method: 'post',
    path: '/api/v1/staff/shows/:id/sell',
    summary: 'Sells seats at the desk for cash or card; header Idempotency-Key',
    identity: 'staff',
    roles: deskRoles,
    body: z.strictObject({
      seats,
      email: z.email().max(254),
      name: z.string().trim().min(1).max(120).optional(),
      paid: z.enum(['cash', 'card']),
      also_kept: z.boolean().optional(),
    }),
    answers: { 200: soldShape, 201: soldShape },
    handle: async ({ params, body, actor, req }) => {
      const showId = showIdOf(params.id);
      const shard = await deps.shards.forShow(showId);
      const idemKey = readIdempotencyKey(req.get('idempotency-key'));
      const fanId = await fanOfEmail(deps, body);
      const { result, news } = await changeShow(shard, showId, (change) =>
        sellAtDesk(change, {
          ...{ fanId, seats: body.seats, method: body.paid, by: actor, idemKey },
          alsoKept: body.also_kept ?? false,
        }),
      );
      await publishSeats(deps.redis, deps.names, news);
      const { reservation, isNew } = result;
      const no = reservation.reservationId;
      const problem = await tillProblem(deps, reservation, { actor, paid: body.paid });
      const sold = {
        booking_id: formatId('booking', { showId, no }),
        show_id: formatShowId(showId),
        fan_id: fanId,
        seats: reservation.seats.map(([, seat]) => seat),
        tickets: reservation.seats.map(([seatNo, seat]) => ({
          ...{ ticket_id: formatTicketId({ showId, no, seatNo }), seat },
        })),
        amount: reservation.amount,
        currency: reservation.currency,
        paid: body.paid,
        in_till: body.paid === 'cash' && problem === null,
        till_problem: problem,
      };
      if (isNew) {
        const { tickets: _tickets, ...after } = sold;
        await audit(deps, { actor, action: 'desk.sell', subject: sold.booking_id, after });
      }
      return { status: isNew ? 201 : 200, body: sold };
    },
  });
}

/** Puts cash into the seller's till. Returns why no till counts it; null when one does, or for cards. */
function tillProblem(
  { catalog }: Deps,
  { showId, reservationId, amount, currency }: Reservation,
  { actor, paid }: { actor: string; paid: 'cash' | 'card' },
): Promise<string | null> {
  if (paid === 'card') return Promise.resolve(null);
  const cash = { staffName: actor, showId, bookingId: reservationId, amount, currency };
  return noteCash(catalog, { ...cash, kind: 'sale' });
}

function reseatRoute(deps: Deps): Route {
  return route({
    method: 'post',
    path: '/api/v1/staff/bookings/:id/reseat',
    summary: 'Moves a booking to free seats of the same price zone; its old codes are void',
    identity: 'staff',
    roles: deskRoles,
    body: z.strictObject({ seats }),
    answers: {
      200: z.object({
        booking_id: z.string(),
        from: z.array(z.string()),
        to: z.array(z.string()),
      }),
    },
    handle: async ({ params, body, actor }) => {
      const ref = found(parseId('booking', params.id ?? ''), 'booking');
      const shard = await deps.shards.forShow(ref.showId);
      const { result, news } = await changeShow(shard, ref.showId, (change) =>
        reseatBooking(change, ref.no, { seats: body.seats, by: actor }),
      );
      await publishSeats(deps.redis, deps.names, news);
      const { fanId, from, to } = result;
      await publishReservation(deps.redis, deps.names, { ...ref, fanId, state: 'BOOKED' });
      const id = formatId('booking', ref);
      await audit(deps, {
        ...{ actor, action: 'booking.reseat', subject: id },
        ...{ before: { seats: from }, after: { seats: to } },
      });
      return { status: 200, body: { booking_id: id, from, to } };
    },
  });
}

function extendRoute(deps: Deps): Route {
  return route({
    method: 'post',
    path: '/api/v1/staff/holds/:id/extend',
    summary: 'Gives a hold more time, also beyond what its fan may have',
    identity: 'staff',
    roles: deskRoles,
    body: z.strictObject({ minutes: z.int().min(1).max(minutesMax) }),
    answers: { 200: z.object({ reservation_id: z.string(), expires_at: z.iso.datetime() }) },
    handle: async ({ params, body, actor }) => {
      const ref = found(parseId('reservation', params.id ?? ''), 'reservation');
      const shard = await deps.shards.forShow(ref.showId);
      const { result } = await changeShow(shard, ref.showId, (change) =>
        extend(change, ref.no, { minutes: body.minutes, by: actor }),
      );
      const { fanId, before, expiresAtMs } = result;
      await publishReservation(deps.redis, deps.names, {
        ...{ ...ref, fanId, state: 'HELD', expiresAtMs },
      });
      const id = formatId('reservation', ref);
      const expires_at = new Date(expiresAtMs).toISOString();
      await audit(deps, {
        ...{ actor, action: 'hold.extend', subject: id },
        ...{ before: { expires_at: new Date(before).toISOString() }, after: { expires_at } },
      });
      return { status: 200, body: { reservation_id: id, expires_at } };
    },
  });
}

async function extend(
  change: ShowChange,
  no: number,
  { minutes, by }: { minutes: number; by: string },
): Promise<{ fanId: string; before: number; expiresAtMs: number }> {
  const hold = found(await lockReservation(change, no), 'reservation');
  const { fanId, expiresAtMs: before } = hold;
  if (hold.state !== 'HELD' || change.nowMs >= before) {
    const state = hold.state === 'HELD' ? 'over' : hold.state.toLowerCase();
    throw new UsherError('conflict', `The hold is ${state}, so it can't be extended.`);
  }
  const untilMs = Math.min(before + minutes * 60_000, change.head.startsAtMs);
  await lengthenHold(change, no, untilMs);
  change.log({ kind: 'EXTENDED', subjectId: no, detail: { expires_at_ms: untilMs, by } });
  return { fanId, before, expiresAtMs: untilMs };
}

type Audit = {
  actor: string;
  action: string;
  subject: string;
  before?: unknown;
  after: unknown;
};

async function audit({ catalog }: Deps, entry: Audit): Promise<void> {
  await catalog.transaction((tx) => writeAudit(tx, entry));
}
