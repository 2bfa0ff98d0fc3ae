import { z } from 'zod';
import { UsherError } from '../../core/domain/errors.js';
import { formatShowId } from '../../core/domain/ids.js';
import { publishSeats } from '../../core/redis/show-news.js';
import { writeAudit } from '../../core/store/catalog/audit.js';
import {
  cancelRelease,
  listReleases,
  releaseSeatsMax,
  releaseTranche,
  type ScheduledRelease,
  scheduleRelease,
} from '../../core/store/catalog/releases.js';
import { readNowMs } from '../../core/store/database.js';
import type { ApiDeps } from '../deps.js';
import { type Route, route } from '../route.js';
import { listOf } from './paging.js';
import { opsRoles, readStaffSale } from './staff-shared.js';

const tranche = {
  seats: z.int().min(1).max(releaseSeatsMax).optional(),
  zone: z.string().min(1).max(40).optional(),
};
const releaseBody = z
  .strictObject({ ...tranche, at: z.iso.datetime({ offset: true }).optional() })
  .refine((body) => body.seats !== undefined || body.zone !== undefined, {
    error: 'give seats, zone or both',
  });

const scheduledShape = z.object({
  release_id: z.number().int(),
  sale_id: z.string(),
  zone: z.string().nullable(),
  seats: z.number().int().nullable(),
  at: z.iso.datetime(),
  by: z.string(),
  state: z.enum(['waiting', 'done', 'cancelled']),
  released: z.number().int(),
});
const releasedShape = z.object({
  sale_id: z.string(),
  released: z.number().int(),
  shows: z.array(z.object({ show_id: z.string(), seats: z.array(z.string()) })),
});

type Deps = Pick<ApiDeps, 'catalog' | 'shards' | 'redis' | 'names' | 'gate'>;

/** Puts seats on sale that were kept back, in tranches. */
export function staffReleaseRoutes(deps: Deps): Route[] {
  const { catalog } = deps;
  const path = '/api/v1/staff/sales/:id';
  return [
    route({
      method: 'post',
      path: `${path}/release`,
      summary:
        'Puts blocked seats on sale: a number over all shows, or of a zone; now or at a time',
      identity: 'staff',
      roles: opsRoles,
      body: releaseBody,
      answers: { 200: releasedShape, 202: scheduledShape },
      handle: async ({ params, body, actor }) => {
        const saleId = (await readStaffSale(deps, params.id ?? '')).sale_id;
        const { at, seats, zone } = body;
        if (at === undefined) {
          return { status: 200, body: await releaseNow(deps, { saleId, seats, zone, by: actor }) };
        }
        const dueAt = new Date(at);
        const release = await catalog.transaction(async (tx) => {
          if (dueAt.getTime() <= (await readNowMs(tx))) {
            throw new UsherError('not_acceptable', 'Give a time to come, or release now.');
          }
          const wanted = { saleId, zone: zone ?? null, seats: seats ?? null };
          return scheduleRelease(tx, { ...wanted, dueAt, actor });
        });
        return { status: 202, body: scheduledJson(release) };
      },
    }),
    route({
      method: 'get',
      path: `${path}/releases`,
      summary: 'Releases that were scheduled, by their time',
      identity: 'staff',
      roles: opsRoles,
      answers: { 200: listOf(scheduledShape) },
      handle: async ({ params }) => {
        const saleId = (await readStaffSale(deps, params.id ?? '')).sale_id;
        const results = (await listReleases(catalog, saleId)).map(scheduledJson);
        return { status: 200, body: { results, next_cursor: null } };
      },
    }),
    route({
      method: 'delete',
      path: `${path}/releases/:release`,
      summary: 'Takes a scheduled release back',
      identity: 'staff',
      roles: opsRoles,
      answers: { 204: 'empty' },
      handle: async ({ params, actor }) => {
        const saleId = (await readStaffSale(deps, params.id ?? '')).sale_id;
        const releaseId = /^\d{1,15}$/.test(params.release ?? '') ? Number(params.release) : 0;
        await catalog.transaction((tx) => cancelRelease(tx, saleId, { releaseId, actor }));
        return { status: 204 };
      },
    }),
  ];
}

async function releaseNow(
  { catalog, shards, redis, names, gate }: Deps,
  wanted: { saleId: string; seats?: number | undefined; zone?: string | undefined; by: string },
): Promise<z.infer<typeof releasedShape>> {
  const { saleId, seats, zone, by } = wanted;
  const done = await releaseTranche({ catalog, shards }, wanted, (news) =>
    publishSeats(redis, names, news),
  );
  const { released } = done;
  if (released === 0) {
    throw new UsherError('conflict', 'No blocked seat of that kind is left in this sale.');
  }
  const after = { zone: zone ?? null, seats: seats ?? null, released };
  await catalog.transaction((tx) =>
    writeAudit(tx, { actor: by, action: 'sale.release', subject: saleId, after }),
  );
  await gate.changed(saleId);
  const shows = done.shows.map((one) => ({ ...one, show_id: formatShowId(one.showId) }));
  return {
    sale_id: saleId,
    released,
    shows: shows.map(({ show_id, seats: freed }) => ({ show_id, seats: freed })),
  };
}

function scheduledJson(one: ScheduledRelease): z.infer<typeof scheduledShape> {
  return {
    release_id: one.releaseId,
    sale_id: one.saleId,
    zone: one.zone,
    seats: one.seats,
    at: one.dueAt.toISOString(),
    by: one.actor,
    state: one.state.toLowerCase() as 'waiting' | 'done' | 'cancelled',
    released: one.released,
  };
}
