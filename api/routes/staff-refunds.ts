import { z } from 'zod';
import { UsherError } from '../../core/domain/errors.js';
import {
  formatId,
  formatRefundId,
  parseId,
  parseRefundId,
  type ShowScoped,
} from '../../core/domain/ids.js';
import { noteCash } from '../../core/store/catalog/tills.js';
import { readBooking } from '../../core/store/shard/bookings.js';
import { cancelBooking } from '../../core/store/shard/cancel-booking.js';
import {
  type GivenBack,
  giveBack,
  type PaidOut,
  payOut,
  type Retried,
  retryRefund,
} from '../../core/store/shard/give-back.js';
import { changeShow } from '../../core/store/shard/show-change.js';
import { assertCancelled, audited, seatNosOf, tellCancelled } from '../cancelling.js';
import type { ApiDeps } from '../deps.js';
import { type Route, route } from '../route.js';
import { cancelledShape, ruleOf, seatNames } from './booking-cancel.js';
import { found } from './browse.js';
import { deskRoles } from './staff-shared.js';

const owedShape = z.object({
  refund_id: z.string(),
  amount: z.number().int(),
  currency: z.string(),
});
const amountMax = 100_000_000;

type Deps = Pick<ApiDeps, 'catalog' | 'shards' | 'redis' | 'names'>;

/** Two verbs: cancelling ends tickets, refunding gives money back while they stay good. */
export function staffRefundRoutes(deps: Deps): Route[] {
  return [cancelRoute(deps), refundRoute(deps), retryRoute(deps), paidRoute(deps)];
}

function cancelRoute(deps: Deps): Route {
  const { catalog, shards } = deps;
  return route({
    method: 'post',
    path: '/api/v1/staff/bookings/:id/cancel',
    summary: 'Cancels a booking, or the tickets of some seats, and refunds all, by rule or nothing',
    identity: 'staff',
    roles: deskRoles,
    body: z.strictObject({
      seats: seatNames.optional(),
      refund: z.enum(['full', 'rules', 'none']).default('full'),
    }),
    answers: { 202: cancelledShape },
    handle: async ({ params, body, actor: by }) => {
      const ref = bookingRef(params.id);
      const shard = await shards.forShow(ref.showId);
      const booking = found(await readBooking(shard, ref.showId, ref.no), 'booking');
      const rule = body.refund === 'rules' ? await ruleOf(deps, ref.showId) : null;
      const feePercent = { full: 0, rules: rule?.feePercent ?? null, none: null }[body.refund];
      const seatNos = seatNosOf(booking.tickets, body.seats);
      const wish = { bookingId: ref.no, seatNos, feePercent, evenUsed: false, by };
      const entry = {
        actor: by,
        action: 'booking.cancel',
        subject: formatId('booking', ref),
        before: { state: booking.state, seats: booking.tickets.map((ticket) => ticket.seat) },
        after: { seats: body.seats ?? 'all', refund: body.refund },
      };
      const done = await audited(catalog, entry, async () => {
        const changed = await changeShow(shard, ref.showId, (change) =>
          cancelBooking(change, { ...wish, reason: 'staff' }),
        );
        assertCancelled(changed.result);
        return changed;
      });
      return { status: 202, body: await tellCancelled(deps, ref, done) };
    },
  });
}

function refundRoute({ catalog, shards }: Deps): Route {
  return route({
    method: 'post',
    path: '/api/v1/staff/bookings/:id/refund',
    summary: 'Gives a part of the price back; the tickets stay good',
    identity: 'staff',
    roles: deskRoles,
    body: z.strictObject({
      amount: z.int().min(1).max(amountMax),
      reason: z.string().trim().min(1).max(200),
    }),
    answers: { 202: owedShape },
    handle: async ({ params, body: wanted, actor }) => {
      const ref = bookingRef(params.id);
      const shard = await shards.forShow(ref.showId);
      const entry = {
        actor,
        action: 'booking.refund',
        subject: formatId('booking', ref),
        after: wanted,
      };
      const wish = { bookingId: ref.no, amount: wanted.amount };
      const body = await audited(catalog, entry, async () => {
        const { result } = await changeShow(shard, ref.showId, (change) => giveBack(change, wish));
        return owedBody(ref, result);
      });
      return { status: 202, body };
    },
  });
}

function retryRoute({ catalog, shards }: Deps): Route {
  return route({
    method: 'post',
    path: '/api/v1/staff/refunds/:id/retry',
    summary: 'Makes a refund that failed once more',
    identity: 'staff',
    roles: deskRoles,
    body: z.strictObject({}),
    answers: { 202: owedShape },
    handle: async ({ params, actor }) => {
      const ref = found(parseRefundId(params.id ?? ''), 'refund');
      const shard = await shards.forShow(ref.showId);
      const entry = { actor, action: 'refund.retry', subject: formatRefundId(ref) };
      const wish = { reservationId: ref.no, refundNo: ref.refundNo };
      const body = await audited(catalog, entry, async () => {
        const { result } = await changeShow(shard, ref.showId, (change) =>
          retryRefund(change, wish),
        );
        return owedBody(ref, result);
      });
      return { status: 202, body };
    },
  });
}

function paidRoute({ catalog, shards }: Deps): Route {
  return route({
    method: 'post',
    path: '/api/v1/staff/refunds/:id/paid',
    summary: 'Notes that a refund which waits at the desk was handed over',
    identity: 'staff',
    roles: deskRoles,
    body: z.strictObject({}),
    answers: {
      200: owedShape.extend({ in_till: z.boolean(), till_problem: z.string().nullable() }),
    },
    handle: async ({ params, actor }) => {
      const ref = found(parseRefundId(params.id ?? ''), 'refund');
      const shard = await shards.forShow(ref.showId);
      const entry = { actor, action: 'refund.paid', subject: formatRefundId(ref) };
      const wish = { reservationId: ref.no, refundNo: ref.refundNo };
      let inCash = false;
      const body = await audited(catalog, entry, async () => {
        const { result } = await changeShow(shard, ref.showId, (change) => payOut(change, wish));
        inCash = result.kind === 'owed' && result.inCash;
        return owedBody(ref, result);
      });
      const { amount, currency } = body;
      const cash = { staffName: actor, showId: ref.showId, bookingId: ref.no, amount, currency };
      const noted = { ...cash, kind: 'refund', refundNo: ref.refundNo } as const;
      // What was paid by card goes back to the card, and no till is the lighter for it.
      const till_problem = inCash ? await noteCash(catalog, noted) : null;
      const in_till = inCash && till_problem === null;
      return { status: 200, body: { ...body, in_till, till_problem } };
    },
  });
}

function bookingRef(id: string | undefined): ShowScoped {
  return found(parseId('booking', id ?? '') ?? parseId('reservation', id ?? ''), 'booking');
}

/** @throws UsherError when nothing is owed by it. */
function owedBody(
  ref: ShowScoped,
  result: GivenBack | Retried | PaidOut,
): z.infer<typeof owedShape> {
  switch (result.kind) {
    case 'owed': {
      const { refundNo, amount, currency } = result;
      return { refund_id: formatRefundId({ ...ref, refundNo }), amount, currency };
    }
    case 'missing':
      throw new UsherError('not_found', 'There is no such booking or refund.');
    case 'unpaid':
      throw new UsherError('not_acceptable', 'Nothing was paid for this booking.');
    case 'too_much':
      throw new UsherError(
        result.left === 0 ? 'already_refunded' : 'not_acceptable',
        `Of this booking ${result.left} minor units can still be given back.`,
        { extra: { left: result.left } },
      );
    case 'cancel_instead':
      throw new UsherError('conflict', 'To give all of it back, cancel the booking instead.');
    case 'not_at_desk':
      throw new UsherError('conflict', 'This refund does not wait at the desk.');
    case 'not_failed':
      throw new UsherError('conflict', 'Only a refund that failed can be made once more.');
    case 'lost':
      throw new UsherError('conflict', 'The dispute is lost: its fan has the money from the bank.');
    case 'retried':
      throw new UsherError('already_refunded', 'This refund was made once more already.');
  }
}
