import { z } from 'zod';
import { UsherError } from '../../core/domain/errors.js';
import { formatShowId } from '../../core/domain/ids.js';
import { etrSeconds } from '../../core/domain/waitlist.js';
import { changeSale } from '../../core/store/catalog/sales.js';
import { markSaleShows } from '../../core/store/catalog/settle-shows.js';
import { readLineSummary, readOpenOffers } from '../../core/store/shard/line-views.js';
import { listLine } from '../../core/store/shard/waitlist.js';
import type { ApiDeps } from '../deps.js';
import { offerJson } from '../line.js';
import { type Route, route } from '../route.js';
import { found } from './browse.js';
import {
  deskRoles,
  ifMatchOf,
  opsRoles,
  readStaffSale,
  settleAndTell,
  showIdOf,
  staffSaleShape,
} from './staff-shared.js';
import { offerShape } from './waitlist.js';

const entriesMax = 1_000;

const lineShape = z.object({
  show_id: z.string(),
  waiting: z.number().int(),
  waiting_seats: z.number().int(),
  freed_seats: z.number().int(),
  window_seconds: z.number().int(),
  entries: z.array(
    z.object({
      fan_id: z.string(),
      state: z.enum(['waiting', 'offered']),
      queue_position: z.number().int().nullable(),
      quantity: z.number().int(),
      offered: z.number().int(),
      lapses: z.number().int(),
      zone: z.string().nullable(),
      accept_fewer: z.boolean(),
      joined_at: z.iso.datetime(),
      etr_seconds: z.number().int().nullable(),
      offers: z.array(offerShape),
    }),
  ),
});

const settingBody = z.strictObject({
  /** Null: the sale has no waitlist. */
  offer_seconds: z.int().min(30).max(86_400).nullable(),
  stop_minutes_before: z.int().min(0).max(10_080).optional(),
});

type Deps = Pick<ApiDeps, 'catalog' | 'shards' | 'gate' | 'redis' | 'names'>;

/** The line of a show as staff see it, and whether a sale has lines. */
export function staffWaitlistRoutes(deps: Deps): Route[] {
  return [
    route({
      method: 'get',
      path: '/api/v1/staff/shows/:id/waitlist',
      summary: 'Who waits for a show, in order, and what is offered',
      identity: 'staff',
      roles: deskRoles,
      answers: { 200: lineShape },
      handle: async ({ params }) => ({
        status: 200,
        body: await lineOf(deps, showIdOf(params.id)),
      }),
    }),
    route({
      method: 'post',
      path: '/api/v1/staff/sales/:id/waitlist',
      summary: 'Gives a sale a waitlist with its offer clock, or takes it away',
      identity: 'staff',
      roles: opsRoles,
      body: settingBody,
      answers: { 200: staffSaleShape },
      handle: async (call) => {
        const saleId = call.params.id ?? '';
        const { offer_seconds: offerSeconds, stop_minutes_before: stop } = call.body;
        const version = ifMatchOf(call);
        await deps.catalog.transaction(async (tx) => {
          const sale = await changeSale(tx, {
            ...{ saleId, actor: call.actor, action: 'sale.waitlist' },
            set: { offerSeconds, ...(stop === undefined ? {} : { offersStopMinutes: stop }) },
            ...(version === undefined ? {} : { version }),
          });
          if (sale.state === 'CLOSED') {
            throw new UsherError('sale_closed', 'The sale is closed; nothing changes it any more.');
          }
          await markSaleShows(tx, saleId);
        });
        await settleAndTell(deps);
        const sale = await readStaffSale(deps, saleId);
        return { status: 200, body: sale, headers: { ETag: `"${sale.version}"` } };
      },
    }),
  ];
}

async function lineOf({ shards }: Deps, showId: number): Promise<z.infer<typeof lineShape>> {
  const shard = await shards.forShow(showId);
  const summary = found(await readLineSummary(shard, showId), 'show');
  const entries = await listLine(shard, showId, entriesMax);
  const offers = await readOpenOffers(shard, showId, null);
  let position = 0;
  let seatsAhead = 0;
  return {
    show_id: formatShowId(showId),
    waiting: summary.waiting,
    waiting_seats: summary.waitingSeats,
    freed_seats: summary.freedSeats,
    window_seconds: Math.round(summary.windowMs / 1000),
    entries: entries.map((entry) => {
      const isWaiting = entry.state === 'WAITING';
      if (isWaiting) position += 1;
      seatsAhead += entry.quantity;
      return {
        fan_id: entry.fanId,
        state: isWaiting ? ('waiting' as const) : ('offered' as const),
        queue_position: isWaiting ? position : null,
        quantity: entry.quantity,
        offered: entry.offered,
        lapses: entry.lapses,
        zone: entry.zone,
        accept_fewer: entry.acceptFewer,
        joined_at: new Date(entry.joinedAtMs).toISOString(),
        etr_seconds: isWaiting ? etrSeconds(seatsAhead, summary) : null,
        offers: offers
          .filter((offer) => offer.fanId === entry.fanId)
          .map((offer) => offerJson(showId, offer)),
      };
    }),
  };
}
