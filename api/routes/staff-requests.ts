import { z } from 'zod';
import { formatId, formatShowId, parseId, type ShowScoped } from '../../core/domain/ids.js';
import { readRequest } from '../../core/store/shard/journal.js';
import { readReservation } from '../../core/store/shard/reservations.js';
import { readLogOf } from '../../core/store/shard/staff-views.js';
import type { ApiDeps } from '../deps.js';
import { type Route, route } from '../route.js';
import { found } from './browse.js';
import { deskRoles } from './staff-shared.js';

const logLinesMax = 200;

const requestShape = z.object({
  request_id: z.string(),
  show_id: z.string(),
  fan_id: z.string(),
  pass_id: z.string(),
  idempotency_key: z.string(),
  wish: z.record(z.string(), z.unknown()),
  state: z.string(),
  reason: z.string().nullable(),
  alternatives: z.array(z.array(z.string())),
  accepted_at: z.iso.datetime(),
  decided_at: z.iso.datetime().nullable(),
  decided_after_ms: z.number().nullable(),
  reservation: z
    .object({
      reservation_id: z.string(),
      state: z.string(),
      seats: z.array(z.string()),
      amount: z.number().int(),
      currency: z.string(),
      expires_at: z.iso.datetime(),
    })
    .nullable(),
  log: z.array(
    z.object({
      lsn: z.number().int(),
      at: z.iso.datetime(),
      kind: z.string(),
      detail: z.record(z.string(), z.unknown()),
    }),
  ),
});

/** Who asked for what, when, how it was decided and why. */
export function staffRequestRoutes({ shards }: Pick<ApiDeps, 'shards'>): Route[] {
  return [
    route({
      method: 'get',
      path: '/api/v1/staff/requests/:id',
      summary: 'A request with its decision and everything that the log says of it',
      identity: 'staff',
      roles: deskRoles,
      answers: { 200: requestShape },
      handle: async ({ params }) => {
        const ref = found(refOf(params.id ?? ''), 'request');
        const shard = await shards.forShow(ref.showId);
        const request = found(await readRequest(shard, ref.showId, ref.no), 'request');
        const reservation = await readReservation(shard, ref.showId, ref.no);
        const log = await readLogOf(shard, ref.showId, ref.no, logLinesMax);
        const { acceptedAt, decidedAt } = request;
        const body: z.infer<typeof requestShape> = {
          request_id: formatId('request', ref),
          show_id: formatShowId(ref.showId),
          fan_id: request.fanId,
          pass_id: request.passId,
          idempotency_key: request.idemKey,
          wish: request.wish,
          state: request.state.toLowerCase(),
          reason: request.reason,
          alternatives: request.alternatives,
          accepted_at: acceptedAt.toISOString(),
          decided_at: decidedAt?.toISOString() ?? null,
          decided_after_ms: decidedAt && decidedAt.getTime() - acceptedAt.getTime(),
          reservation: reservation
            ? {
                reservation_id: formatId('reservation', ref),
                state: reservation.state.toLowerCase(),
                seats: reservation.seats.map(([, seat]) => seat),
                amount: reservation.amount,
                currency: reservation.currency,
                expires_at: new Date(reservation.expiresAtMs).toISOString(),
              }
            : null,
          log: log.map((line) => ({
            ...line,
            at: line.at.toISOString(),
            detail: line.detail as Record<string, unknown>,
          })),
        };
        return { status: 200, body };
      },
    }),
  ];
}

/** One number follows a purchase, so the ids of its later stages find the request too. */
function refOf(id: string): ShowScoped | undefined {
  return parseId('request', id) ?? parseId('reservation', id) ?? parseId('booking', id);
}
