import { z } from 'zod';
import { UsherError } from '../../core/domain/errors.js';
import { formatShowId } from '../../core/domain/ids.js';
import { publishSeats } from '../../core/redis/show-news.js';
import { writeAudit } from '../../core/store/catalog/audit.js';
import {
  type BlockedSeat,
  blockSeats,
  listKeptSeats,
  unblockSeats,
} from '../../core/store/shard/blocked-seats.js';
import { changeShow, type ShowChange } from '../../core/store/shard/show-change.js';
import type { ApiDeps } from '../deps.js';
import { type Route, route } from '../route.js';
import { listOf } from './paging.js';
import { deskRoles, showIdOf } from './staff-shared.js';

const seatsMax = 500;
const seats = z.array(z.string().min(1).max(12)).min(1).max(seatsMax);
const reason = z.string().trim().min(1).max(200);
const changedShape = z.object({ show_id: z.string(), seats: z.array(z.string()) });
const keptShape = z.object({
  seat: z.string(),
  zone: z.string(),
  kind: z.enum(['block', 'hold']).nullable(),
  reason: z.string().nullable(),
  by: z.string().nullable(),
  at: z.iso.datetime().nullable(),
  until: z.iso.datetime().nullable(),
});

type Deps = Pick<ApiDeps, 'catalog' | 'shards' | 'redis' | 'names'>;
type Done = z.infer<typeof changedShape>;

/** Seats that staff keep from sale: blocked until released, or on hold with a reason and an end. */
export function staffSeatRoutes(deps: Deps): Route[] {
  const path = '/api/v1/staff/shows/:id/seats';
  const common = { method: 'post', identity: 'staff', roles: deskRoles } as const;
  const answers = { 200: changedShape };
  return [
    route({
      ...{ ...common, path: `${path}/block`, answers },
      summary: 'Keeps seats from sale until they are released or unblocked',
      body: z.strictObject({ seats, reason }),
      handle: async ({ params, body, actor: by }) => {
        const keeping = { kind: 'block', reason: body.reason, by, untilMs: null } as const;
        const done = await apply(deps, params.id, (change) =>
          blockSeats(change, unique(body.seats), keeping),
        );
        return { status: 200, body: await audited(deps, done, 'seat.block', keeping) };
      },
    }),
    route({
      ...{ ...common, path: `${path}/hold`, answers },
      summary: 'Keeps seats for somebody, until a time or until they are unblocked',
      body: z.strictObject({ seats, reason, until: z.iso.datetime({ offset: true }).optional() }),
      handle: async ({ params, body, actor: by }) => {
        const untilMs = body.until === undefined ? null : Date.parse(body.until);
        const keeping = { kind: 'hold', reason: body.reason, by, untilMs } as const;
        const done = await apply(deps, params.id, (change) => {
          if (untilMs !== null && untilMs <= change.nowMs) {
            throw new UsherError('not_acceptable', 'The hold has to end in time to come.');
          }
          return blockSeats(change, unique(body.seats), keeping);
        });
        return { status: 200, body: await audited(deps, done, 'seat.hold', keeping) };
      },
    }),
    route({
      ...{ ...common, path: `${path}/unblock`, answers },
      summary: 'Puts kept seats on sale, those who wait first',
      body: z.strictObject({ seats, reason: reason.optional() }),
      handle: async ({ params, body, actor: by }) => {
        const done = await apply(deps, params.id, (change) =>
          unblockSeats(change, unique(body.seats), by),
        );
        const how = { by, reason: body.reason ?? null };
        return { status: 200, body: await audited(deps, done, 'seat.unblock', how) };
      },
    }),
    route({
      method: 'get',
      path: `${path}/kept`,
      summary: 'Seats that are kept from sale, with who keeps them, why and until when',
      identity: 'staff',
      roles: deskRoles,
      answers: { 200: listOf(keptShape) },
      handle: async ({ params }) => {
        const showId = showIdOf(params.id);
        const rows = await listKeptSeats(await deps.shards.forShow(showId), showId);
        const results = rows.map(({ author, keptAt, untilAt, ...row }) => ({
          ...{ ...row, by: author },
          at: keptAt?.toISOString() ?? null,
          until: untilAt?.toISOString() ?? null,
        }));
        return { status: 200, body: { results, next_cursor: null } };
      },
    }),
  ];
}

function unique(names: string[]): string[] {
  return [...new Set(names)];
}

async function apply(
  { shards, redis, names }: Deps,
  id: string | undefined,
  work: (change: ShowChange) => Promise<BlockedSeat[]>,
): Promise<Done> {
  const showId = showIdOf(id);
  const { result, news } = await changeShow(await shards.forShow(showId), showId, work);
  await publishSeats(redis, names, news);
  return { show_id: formatShowId(showId), seats: result.map((seat) => seat.seat) };
}

async function audited(
  { catalog }: Deps,
  done: Done,
  action: string,
  { by, ...how }: { by: string; reason: string | null; untilMs?: number | null },
): Promise<Done> {
  const until = how.untilMs ? { until: new Date(how.untilMs).toISOString() } : {};
  const after = { seats: done.seats, reason: how.reason, ...until };
  await catalog.transaction((tx) =>
    writeAudit(tx, { actor: by, action, subject: `show ${done.show_id}`, after }),
  );
  return done;
}
