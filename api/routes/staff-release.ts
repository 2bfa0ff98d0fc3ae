import { z } from 'zod';
import { UsherError } from '../../core/domain/errors.js';
import { formatShowId } from '../../core/domain/ids.js';
import { publishSeats } from '../../core/redis/show-news.js';
import { listSaleShows } from '../../core/store/catalog/staff-views.js';
import { releaseBlockedSeats } from '../../core/store/shard/blocked-seats.js';
import { changeShow } from '../../core/store/shard/show-change.js';
import type { ApiDeps } from '../deps.js';
import { type Route, route } from '../route.js';
import { opsRoles, readStaffSale } from './staff-shared.js';

const seatsMax = 100_000;

const releaseBody = z
  .strictObject({
    seats: z.int().min(1).max(seatsMax).optional(),
    zone: z.string().min(1).max(40).optional(),
  })
  .refine((body) => body.seats !== undefined || body.zone !== undefined, {
    error: 'give seats, zone or both',
  });

/** Puts seats on sale that were kept back. */
export function staffReleaseRoutes(deps: ApiDeps): Route[] {
  return [
    route({
      method: 'post',
      path: '/api/v1/staff/sales/:id/release',
      summary: 'Puts blocked seats on sale: a number over all shows, or all of a zone',
      identity: 'staff',
      roles: opsRoles,
      body: releaseBody,
      answers: {
        200: z.object({
          sale_id: z.string(),
          released: z.number().int(),
          shows: z.array(z.object({ show_id: z.string(), seats: z.array(z.string()) })),
        }),
      },
      handle: async ({ params, body, actor }) => {
        const saleId = (await readStaffSale(deps, params.id ?? '')).sale_id;
        const shows = await releaseOver(deps, saleId, body, actor);
        const released = shows.reduce((sum, show) => sum + show.seats.length, 0);
        if (released === 0) {
          throw new UsherError('conflict', 'No blocked seat of that kind is left in this sale.');
        }
        await deps.gate.changed(saleId);
        return { status: 200, body: { sale_id: saleId, released, shows } };
      },
    }),
  ];
}

/** Show by show in the order of their start: each is one transaction under its own head. */
async function releaseOver(
  { catalog, shards, redis, names }: ApiDeps,
  saleId: string,
  { seats, zone }: { seats?: number | undefined; zone?: string | undefined },
  by: string,
): Promise<{ show_id: string; seats: string[] }[]> {
  let left = seats ?? seatsMax;
  const released: { show_id: string; seats: string[] }[] = [];
  for (const show of await listSaleShows(catalog, saleId)) {
    if (left === 0) break;
    if (show.state !== 'ACTIVE') continue;
    const { result, news } = await changeShow(shards.byId(show.shardId), show.showId, (change) =>
      releaseBlockedSeats(change, { zone, seatsMax: left, by }),
    );
    if (result.length === 0) continue;
    left -= result.length;
    released.push({
      show_id: formatShowId(show.showId),
      seats: result.map((seat) => seat.seat),
    });
    await publishSeats(redis, names, news);
  }
  return released;
}
