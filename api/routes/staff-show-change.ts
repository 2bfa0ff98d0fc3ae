import { z } from 'zod';
import { UsherError } from '../../core/domain/errors.js';
import { formatId, formatShowId } from '../../core/domain/ids.js';
import { publishSeats } from '../../core/redis/show-news.js';
import { readHallSeats } from '../../core/store/catalog/import-read.js';
import {
  findClash,
  readHallName,
  readScheduled,
  reschedule,
  type Scheduled,
} from '../../core/store/catalog/show-schedule.js';
import type { NewHall } from '../../core/store/shard/hall-move.js';
import { type Announced, moveShow } from '../../core/store/shard/show-announce.js';
import { changeShow } from '../../core/store/shard/show-change.js';
import type { ApiDeps } from '../deps.js';
import { type Route, route } from '../route.js';
import { found } from './browse.js';
import { ifMatchOf, opsRoles, settleAndTell, showIdOf } from './staff-shared.js';

/** The free refund after a change stays open this long, and never beyond the start. */
const freeRefundMsDefault = 7 * 86_400_000;

const time = z.iso.datetime({ offset: true });
const changeBody = z
  .strictObject({
    starts_at: time.optional(),
    hall: z.string().min(1).max(48).optional(),
    free_refund_until: time.optional(),
    /** Moves bookings whose seats the hall lacks to others of their zone. */
    reseat: z.boolean().optional(),
  })
  .refine((body) => body.starts_at !== undefined || body.hall !== undefined, {
    error: 'give starts_at, hall or both',
  });

const placeShape = z.object({ starts_at: z.iso.datetime(), hall: z.string() });
const changedShape = z.object({
  show_id: z.string(),
  before: placeShape,
  after: placeShape,
  free_refund_until: z.iso.datetime(),
  /** Bookings whose fans are told. */
  told: z.number().int(),
  moved: z.array(
    z.object({ booking_id: z.string(), from: z.array(z.string()), to: z.array(z.string()) }),
  ),
});

type Deps = Pick<ApiDeps, 'catalog' | 'shards' | 'redis' | 'names' | 'gate'>;
type Target = { hallId: string; hall: string; startsAt: Date };

/** Another time or hall for a show that is on sale. */
export function staffShowChangeRoutes(deps: Deps): Route[] {
  return [
    route({
      method: 'post',
      path: '/api/v1/staff/shows/:id/change',
      summary: 'Gives a show another time or hall, tells its fans and opens a free refund',
      identity: 'staff',
      roles: opsRoles,
      body: changeBody,
      answers: { 200: changedShape },
      handle: async (call) => {
        const { body, actor } = call;
        const show = found(await readScheduled(deps.catalog, showIdOf(call.params.id)), 'show');
        assertVersion(show, ifMatchOf(call));
        const to = await targetOf(deps, show, body);
        const hall = await hallOf(deps, show, to, { reseat: body.reseat ?? false, by: actor });
        const freeRefundUntil = refundEnd(to.startsAt, body.free_refund_until);
        const { result, news } = await changeShow(
          deps.shards.byId(show.shardId),
          show.showId,
          (change) => {
            if (change.nowMs >= change.head.startsAtMs) {
              throw new UsherError('show_begun', 'The show has begun.');
            }
            if (to.startsAt.getTime() <= change.nowMs) {
              throw new UsherError('not_acceptable', 'Give a time to come.');
            }
            const { startsAt } = to;
            const hallBefore = show.hall;
            return moveShow(change, { startsAt, hall, hallBefore, freeRefundUntil, by: actor });
          },
        );
        const note = { free_refund_until: freeRefundUntil, told: result.told };
        await deps.catalog.transaction((tx) => reschedule(tx, show, { ...to, actor, note }));
        await settleAndTell(deps);
        await deps.gate.changed(show.saleId);
        await publishSeats(deps.redis, deps.names, news);
        return { status: 200, body: changedJson(show, to, freeRefundUntil, result) };
      },
    }),
  ];
}

function assertVersion(show: Scheduled, version: number | undefined): void {
  if (version === undefined || version === show.version) return;
  throw new UsherError('stale', 'The show was changed meanwhile. Read it again, then repeat.', {
    extra: { version: show.version },
  });
}

async function targetOf(
  { catalog }: Deps,
  show: Scheduled,
  body: z.infer<typeof changeBody>,
): Promise<Target> {
  if (show.state !== 'ACTIVE') throw new UsherError('conflict', 'The show is not on sale.');
  const hallId = body.hall ?? show.hallId;
  const hall = await readHallName(catalog, hallId);
  if (hall === undefined) throw new UsherError('not_found', `There is no hall ${hallId}.`);
  const startsAt = body.starts_at === undefined ? show.startsAt : new Date(body.starts_at);
  const clash = await findClash(catalog, show, { hallId, startsAt });
  if (clash !== undefined) {
    throw new UsherError('conflict', `Show ${clash} runs in ${hall} at that time.`);
  }
  return { hallId, hall, startsAt };
}

async function hallOf(
  { catalog }: Deps,
  show: Scheduled,
  to: Target,
  { reseat, by }: Pick<NewHall, 'reseat' | 'by'>,
): Promise<NewHall | undefined> {
  if (to.hallId === show.hallId) return undefined;
  const seats = (await readHallSeats(catalog, [to.hallId])).get(to.hallId) ?? [];
  const zones = [...new Set(seats.map((seat) => seat.zone))];
  const missing = zones.filter((zone) => show.prices[zone] === undefined);
  if (missing.length > 0) {
    const text = `The show has no price for zone ${missing.join(', ')} of ${to.hall}.`;
    throw new UsherError('not_acceptable', `${text} Give it one first.`);
  }
  return { seats, prices: show.prices, reseat, by };
}

function refundEnd(startsAt: Date, given: string | undefined): Date {
  const wanted = given === undefined ? Date.now() + freeRefundMsDefault : Date.parse(given);
  return new Date(Math.min(wanted, startsAt.getTime()));
}

function changedJson(
  show: Scheduled,
  to: Target,
  freeRefundUntil: Date,
  { told, moved }: Announced,
): z.infer<typeof changedShape> {
  const { showId } = show;
  return {
    show_id: formatShowId(showId),
    before: { starts_at: show.startsAt.toISOString(), hall: show.hall },
    after: { starts_at: to.startsAt.toISOString(), hall: to.hall },
    free_refund_until: freeRefundUntil.toISOString(),
    told,
    moved: moved.map(({ bookingId, from, to: seats }) => ({
      ...{ booking_id: formatId('booking', { showId, no: bookingId }), from, to: seats },
    })),
  };
}
