import { z } from 'zod';
import { UsherError } from '../../core/domain/errors.js';
import { parseShowId } from '../../core/domain/ids.js';
import { publishReservation, publishSeats } from '../../core/redis/show-news.js';
import type { Database } from '../../core/store/database.js';
import { readGate } from '../../core/store/shard/gates.js';
import { joinLine, leaveLine } from '../../core/store/shard/line-changes.js';
import { changeShow } from '../../core/store/shard/show-change.js';
import { wishSeatsMax } from '../accept/reserve-schema.js';
import type { ApiDeps } from '../deps.js';
import { type LineEntry, openLines } from '../line.js';
import { type Route, route } from '../route.js';

const money = z.object({ amount: z.number().int(), currency: z.string() });

export const offerShape = z.object({
  reservation_id: z.string(),
  state: z.string(),
  seats: z.array(z.object({ seat: z.string(), price: money })),
  amount: z.number().int(),
  currency: z.string(),
  expires_at: z.iso.datetime(),
});

const entryShape = z.object({
  show_id: z.string(),
  state: z.enum(['waiting', 'offered']),
  quantity: z.number().int(),
  zone: z.string().nullable(),
  accept_fewer: z.boolean(),
  queue_position: z.number().int().nullable(),
  etr_seconds: z.number().int().nullable(),
  offer: offerShape.optional().meta({ description: 'The open offer that ends first' }),
  offers: z.array(offerShape),
});

const wantBody = z.strictObject({
  quantity: z.int().min(1).max(wishSeatsMax),
  zone: z.string().min(1).max(40).optional(),
  accessible: z.boolean().optional(),
  accept_fewer: z.boolean().optional(),
});

type Deps = Pick<ApiDeps, 'shards' | 'redis' | 'names'>;

/** The fan's own place in the line of a full show. It needs no pass: nothing is left to rush for. */
export function waitlistRoutes(deps: Deps): Route[] {
  const path = '/api/v1/shows/:id/waitlist';
  const lines = openLines(deps.shards);
  const entryOf = async (shard: Database, showId: number, fanId: string): Promise<LineEntry> => {
    const entry = await lines.entryOf(shard, showId, fanId);
    if (!entry) throw new UsherError('not_found', 'You are not on the waitlist of this show.');
    return entry;
  };
  return [
    route({
      method: 'post',
      path,
      summary: 'Waits for seats of a full show, or changes what is waited for',
      identity: 'fan',
      body: wantBody,
      answers: { 200: entryShape, 201: entryShape },
      handle: async ({ params, body, fanId }) => {
        const { shard, showId } = await locate(deps, params.id);
        await assertOnSale(shard, showId);
        const want = {
          quantity: body.quantity,
          zone: body.zone ?? null,
          accessible: body.accessible ?? false,
          acceptFewer: body.accept_fewer ?? false,
        };
        const { result: isNew } = await changeShow(shard, showId, (change) =>
          joinLine(change, fanId, want),
        );
        return { status: isNew ? 201 : 200, body: await entryOf(shard, showId, fanId) };
      },
    }),
    route({
      method: 'get',
      path,
      summary: 'The own place in the line, with the offer when there is one',
      identity: 'fan',
      answers: { 200: entryShape },
      handle: async ({ params, fanId }) => {
        const { shard, showId } = await locate(deps, params.id);
        return { status: 200, body: await entryOf(shard, showId, fanId) };
      },
    }),
    route({
      method: 'delete',
      path,
      summary: 'Leaves the line and gives an offer to the next; again is fine',
      identity: 'fan',
      answers: { 204: 'empty' },
      handle: async ({ params, fanId }) => {
        const { shard, showId } = await locate(deps, params.id);
        const { result: ended, news } = await changeShow(shard, showId, (change) =>
          leaveLine(change, fanId),
        );
        await publishSeats(deps.redis, deps.names, news);
        for (const no of ended) {
          await publishReservation(deps.redis, deps.names, {
            ...{ showId, no, fanId, state: 'RELEASED' },
          });
        }
        return { status: 204 };
      },
    }),
  ];
}

async function locate(
  { shards }: Deps,
  id: string | undefined,
): Promise<{ shard: Database; showId: number }> {
  const showId = parseShowId(id ?? '');
  const shardId = showId === undefined ? undefined : await shards.idOf(showId);
  if (showId === undefined || shardId === undefined) {
    throw new UsherError('not_found', 'There is no such show.');
  }
  return { shard: shards.byId(shardId), showId };
}

async function assertOnSale(shard: Database, showId: number): Promise<void> {
  const gate = await readGate(shard, showId);
  if (!gate) throw new UsherError('not_found', 'There is no such show.');
  if (gate.state === 'CLOSED' || gate.state === 'CANCELLED') {
    throw new UsherError('sale_closed', 'This show is no longer on sale.');
  }
  if (gate.nowMs < gate.opensAtMs) {
    throw new UsherError('sale_not_open', 'The sale has not opened. Join its waiting room.', {
      retryAfterSeconds: Math.min(60, Math.ceil((gate.opensAtMs - gate.nowMs) / 1000)),
    });
  }
}
