import { z } from 'zod';
import { writeAudit } from '../../core/store/catalog/audit.js';
import type { ApiDeps } from '../deps.js';
import { type Route, route } from '../route.js';
import { deskRoles, opsRoles, readStaffSale } from './staff-shared.js';

/** As many heads as one tick of the pump looks at. */
const fansAtOnceMax = 1_000;

const roomShape = z.object({
  sale_id: z.string(),
  name: z.string(),
  state: z.string(),
  reason: z.string().nullable(),
  lobby: z.string(),
  draining: z.boolean(),
  epoch: z.int(),
  now_serving: z.int(),
  waiting: z.int(),
  away: z.int().nullable().meta({ description: 'Stepped aside at their turn and not back yet' }),
  rate_per_minute: z.int(),
  rate_set_per_minute: z.int(),
  line_per_minute: z.int(),
  pace_percent: z.int(),
  no_show_percent: z
    .object({ measured: z.int().nullable(), bound: z.int() })
    .meta({ description: 'Admitted fans who did not turn up, and how far the rate may make up' }),
  passes_live: z.int().nullable(),
  pass_cap: z.int(),
  seats_left: z.int().nullable(),
  seats_held: z.int().nullable(),
  message: z.string(),
  caught: z.record(z.string(), z.int()).meta({ description: 'By kind, since the room was made' }),
});

type Deps = Pick<ApiDeps, 'catalog' | 'gate'>;

/** What staff see of a waiting room, and whom they let in or take out of it. */
export function staffRoomRoutes(deps: Deps): Route[] {
  return [roomRoute(deps), admitRoute(deps), revokeRoute(deps)];
}

function roomRoute(deps: Deps): Route {
  return route({
    method: 'get',
    path: '/api/v1/staff/sales/:id/room',
    summary: 'The waiting room with what its door has caught',
    identity: 'staff',
    roles: deskRoles,
    answers: { 200: roomShape },
    handle: async ({ params }) => {
      const sale = await readStaffSale(deps, params.id ?? '');
      const room = await deps.gate.room(sale.sale_id);
      const figures = await deps.gate.figures(sale.sale_id);
      const body: z.infer<typeof roomShape> = {
        sale_id: sale.sale_id,
        name: sale.name,
        state: room.state,
        reason: room.reason,
        lobby: sale.lobby,
        draining: sale.draining,
        epoch: room.epoch,
        now_serving: room.now_serving,
        waiting: room.waiting,
        away: figures?.away ?? null,
        rate_per_minute: room.rate_per_minute,
        rate_set_per_minute: room.rate_set_per_minute,
        line_per_minute: room.line_per_minute,
        pace_percent: room.pace_percent,
        no_show_percent: {
          measured: figures?.noShowPercent ?? null,
          bound: sale.no_show_percent,
        },
        passes_live: figures?.livePasses ?? null,
        pass_cap: sale.pass_cap,
        seats_left: room.seats_left,
        seats_held: room.seats_held,
        message: room.message,
        caught: await deps.gate.caught(sale.sale_id),
      };
      return { status: 200, body };
    },
  });
}

function admitRoute(deps: Deps): Route {
  return route({
    method: 'post',
    path: '/api/v1/staff/sales/:id/admit',
    summary: 'Lets the next fans of the line in at once, beside the rate but within the pass cap',
    identity: 'staff',
    roles: opsRoles,
    body: z.strictObject({ fans: z.int().min(1).max(fansAtOnceMax) }),
    answers: { 200: z.object({ sale_id: z.string(), asked: z.int(), admitting: z.int() }) },
    handle: async ({ params, body, actor }) => {
      const sale = await readStaffSale(deps, params.id ?? '');
      const before = await deps.gate.room(sale.sale_id);
      const admitting = await deps.gate.admit(sale.sale_id, body.fans);
      await deps.catalog.transaction((tx) =>
        writeAudit(tx, {
          actor,
          action: 'sale.admit',
          subject: sale.sale_id,
          before: { now_serving: before.now_serving, waiting: before.waiting },
          after: { asked: body.fans, admitting },
        }),
      );
      return { status: 200, body: { sale_id: sale.sale_id, asked: body.fans, admitting } };
    },
  });
}

function revokeRoute(deps: Deps): Route {
  return route({
    method: 'post',
    path: '/api/v1/staff/sales/:id/revoke',
    summary: "Takes a fan's place and pass in this sale for good; reserving is refused at once",
    identity: 'staff',
    roles: opsRoles,
    body: z.strictObject({
      fan_id: z.string().regex(/^[0-9a-z]{12}$/),
      reason: z.string().trim().min(1).max(200),
    }),
    answers: { 200: z.object({ sale_id: z.string(), fan_id: z.string() }) },
    handle: async ({ params, body, actor }) => {
      const sale = await readStaffSale(deps, params.id ?? '');
      const ask = { saleId: sale.sale_id, fanId: body.fan_id };
      const passes = await deps.gate.revoke(ask);
      await deps.catalog.transaction((tx) =>
        writeAudit(tx, {
          actor,
          action: 'sale.revoke',
          subject: sale.sale_id,
          before: { fan_id: body.fan_id, passes },
          after: { fan_id: body.fan_id, passes: [], reason: body.reason },
        }),
      );
      return { status: 200, body: { sale_id: sale.sale_id, fan_id: body.fan_id } };
    },
  });
}
