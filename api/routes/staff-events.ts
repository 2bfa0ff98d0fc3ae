import { z } from 'zod';
import { lastPlace, readStream } from '../../core/redis/event-stream.js';
import { readEvents } from '../../core/store/shard/events.js';
import type { ApiDeps } from '../deps.js';
import { type Route, route } from '../route.js';
import { opsRoles, showIdOf } from './staff-shared.js';

const eventShape = z.object({
  show_id: z.string(),
  lsn: z.number().int(),
  at: z.iso.datetime(),
  kind: z.string(),
  subject_id: z.number().int(),
  detail: z.unknown(),
  chain: z.string(),
});
const rowsMax = 500;
const place = z.string().regex(/^(0|\d{1,15}-\d{1,10})$/);

/** What happened in all shows as it happens, and in one show from its beginning. */
export function staffEventRoutes(deps: Pick<ApiDeps, 'redis' | 'names' | 'shards'>): Route[] {
  const { redis, names, shards } = deps;
  return [
    route({
      method: 'get',
      path: '/api/v1/staff/events',
      summary: 'Events of all shows after a place; without one, only where the newest stands',
      identity: 'staff',
      roles: opsRoles,
      query: z.strictObject({ after: place.optional() }),
      answers: { 200: z.object({ results: z.array(eventShape), next: z.string() }) },
      handle: async ({ query }) => {
        const { after } = query;
        if (after === undefined) {
          return { status: 200, body: { results: [], next: await lastPlace(redis, names) } };
        }
        const rows = await readStream(redis, names, { after, rowsMax });
        const results = rows.map((row) => row.event);
        return { status: 200, body: { results, next: rows.at(-1)?.place ?? after } };
      },
    }),
    route({
      method: 'get',
      path: '/api/v1/staff/shows/:id/events',
      summary: 'The log of a show after an entry: everything since it was made',
      identity: 'staff',
      roles: opsRoles,
      query: z.strictObject({ after_lsn: z.coerce.number().int().min(0).default(0) }),
      answers: { 200: z.object({ results: z.array(eventShape), next_lsn: z.number().int() }) },
      handle: async ({ params, query }) => {
        const showId = showIdOf(params.id);
        const behind = { showId, afterLsn: query.after_lsn };
        const results = await readEvents(await shards.forShow(showId), behind, rowsMax);
        const next_lsn = results.at(-1)?.lsn ?? query.after_lsn;
        return { status: 200, body: { results, next_lsn } };
      },
    }),
  ];
}
