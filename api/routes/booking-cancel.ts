import { z } from 'zod';
import { UsherError } from '../../core/domain/errors.js';
import { parseId } from '../../core/domain/ids.js';
import { readBookingShows } from '../../core/store/catalog/booking-shows.js';
import { readSale } from '../../core/store/catalog/browse.js';
import { readBooking } from '../../core/store/shard/bookings.js';
import { cancelBooking } from '../../core/store/shard/cancel-booking.js';
import { changeShow } from '../../core/store/shard/show-change.js';
import { feeNow, type RefundRule, seatNosOf, tellCancelled } from '../cancelling.js';
import type { ApiDeps } from '../deps.js';
import { type Route, route } from '../route.js';

export const cancelledShape = z.object({
  booking_id: z.string(),
  state: z.enum(['confirmed', 'cancelled']),
  seats: z.array(z.string()),
  refund_id: z.string().nullable(),
  amount: z.number().int(),
  currency: z.string(),
});

const seatsMax = 50;
export const seatNames = z.array(z.string().min(1).max(12)).min(1).max(seatsMax);

type Deps = Pick<ApiDeps, 'catalog' | 'shards' | 'redis' | 'names'>;

/** A fan gives tickets back, by the rules of the sale. */
export function bookingCancelRoutes(deps: Deps): Route[] {
  return [
    route({
      method: 'post',
      path: '/api/v1/bookings/:id/cancel',
      summary: 'Cancels an own booking, or the tickets of some seats, by the rules of its sale',
      identity: 'fan',
      limit: 'confirm',
      body: z.strictObject({ seats: seatNames.optional() }),
      answers: { 202: cancelledShape },
      handle: async ({ params, body, fanId }) => {
        const ref = parseId('booking', params.id ?? '');
        const shardId = ref && (await deps.shards.idOf(ref.showId));
        if (!ref || shardId === undefined) throw missing();
        const shard = deps.shards.byId(shardId);
        const booking = await readBooking(shard, ref.showId, ref.no);
        if (booking?.fanId !== fanId) throw missing();
        const rule = await ruleOf(deps, ref.showId);
        const seatNos = seatNosOf(booking.tickets, body.seats);
        const done = await changeShow(shard, ref.showId, (change) => {
          const { nowMs, head } = change;
          const { startsAtMs } = head;
          return cancelBooking(change, {
            bookingId: ref.no,
            seatNos,
            reason: 'fan',
            feePercent: feeNow(rule, { nowMs, startsAtMs, freeUntilMs: head.freeRefundUntilMs }),
            evenUsed: false,
            by: 'fan',
          });
        });
        return { status: 202, body: await tellCancelled(deps, ref, done) };
      },
    }),
  ];
}

/** What the sale of a show says about giving tickets back. */
export async function ruleOf(
  { catalog }: Pick<Deps, 'catalog'>,
  showId: number,
): Promise<RefundRule> {
  const show = (await readBookingShows(catalog, [showId])).get(showId);
  const sale = show && (await readSale(catalog, show.saleId));
  const { refund_until_hours: untilHours, refund_fee_percent: feePercent } = sale ?? {};
  return untilHours == null || feePercent == null ? null : { untilHours, feePercent };
}

function missing(): UsherError {
  return new UsherError('not_found', 'There is no such booking.');
}
