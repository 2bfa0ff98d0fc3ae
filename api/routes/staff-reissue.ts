import { randomBytes } from 'node:crypto';
import { z } from 'zod';
import { UsherError } from '../../core/domain/errors.js';
import { formatId, parseId } from '../../core/domain/ids.js';
import { insertMessages } from '../../core/store/catalog/messages.js';
import { readBooking } from '../../core/store/shard/bookings.js';
import { reissueTickets } from '../../core/store/shard/reissue.js';
import { changeShow } from '../../core/store/shard/show-change.js';
import { audited } from '../cancelling.js';
import type { ApiDeps } from '../deps.js';
import { type Route, route } from '../route.js';
import { found } from './browse.js';
import { deskRoles } from './staff-shared.js';

type Deps = Pick<ApiDeps, 'catalog' | 'shards'>;

/** The tickets of a booking once more: the same by mail, or new ones that void the old codes. */
export function staffReissueRoutes({ catalog, shards }: Deps): Route[] {
  const refOf = (id: string | undefined) => found(parseId('booking', id ?? ''), 'booking');
  return [
    route({
      method: 'post',
      path: '/api/v1/staff/bookings/:id/resend',
      summary: 'Sends the tickets by mail once more; their codes stay',
      identity: 'staff',
      roles: deskRoles,
      body: z.strictObject({}),
      answers: { 202: z.object({ booking_id: z.string() }) },
      handle: async ({ params, actor }) => {
        const ref = refOf(params.id);
        const shard = await shards.forShow(ref.showId);
        const booking = found(await readBooking(shard, ref.showId, ref.no), 'booking');
        if (booking.state === 'CANCELLED') throw noTickets();
        const id = formatId('booking', ref);
        await audited(catalog, { actor, action: 'booking.resend', subject: id }, () =>
          insertMessages(
            catalog,
            [
              {
                key: `${id}-tickets-again-${randomBytes(6).toString('hex')}`,
                fanId: booking.fanId,
                kind: 'tickets',
                showId: ref.showId,
                subjectId: ref.no,
                detail: {},
              },
            ],
            ['mail'],
          ),
        );
        return { status: 202, body: { booking_id: id } };
      },
    }),
    route({
      method: 'post',
      path: '/api/v1/staff/bookings/:id/reissue',
      summary: 'Issues the tickets anew and mails them; the codes from before admit nobody',
      identity: 'staff',
      roles: deskRoles,
      body: z.strictObject({}),
      answers: { 202: z.object({ booking_id: z.string(), counter: z.number().int() }) },
      handle: async ({ params, actor }) => {
        const ref = refOf(params.id);
        const shard = await shards.forShow(ref.showId);
        found(await readBooking(shard, ref.showId, ref.no), 'booking');
        const id = formatId('booking', ref);
        const entry = { actor, action: 'booking.reissue', subject: id };
        const counter = await audited(catalog, entry, async () => {
          const { result } = await changeShow(shard, ref.showId, (change) =>
            reissueTickets(change, ref.no, actor),
          );
          if (result === undefined) throw noTickets();
          return result;
        });
        return { status: 202, body: { booking_id: id, counter } };
      },
    }),
  ];
}

function noTickets(): UsherError {
  return new UsherError('ticket_void', 'This booking has no ticket that could still be used.');
}
