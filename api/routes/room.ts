import { z } from 'zod';
import type { ApiDeps } from '../deps.js';
import { askOf, join, joinBody, takeJoin } from '../join.js';
import { type Route, route } from '../route.js';

const roomShape = z
  .object({
    sale_id: z.string(),
    state: z.enum(['scheduled', 'lobby', 'open', 'paused', 'restoring', 'sold_out', 'closed']),
    now_serving: z.int().meta({ description: 'Places served; grows only, within an epoch' }),
    waiting: z.int(),
    rate_per_minute: z.int().meta({ description: 'Admissions, measured over the last minute' }),
    rate_set_per_minute: z.int(),
    line_per_minute: z.int().meta({ description: 'Places by which the line moved on' }),
    pace_percent: z.int().meta({ description: 'Of the rate, at which fans are let in now' }),
    reason: z
      .enum([
        'paused',
        'restoring',
        'closed',
        'seats_held',
        'lanes',
        'shard',
        'payments',
        'pass_cap',
        'draining',
      ])
      .nullable()
      .meta({ description: 'Why the line is slower than its rate or stands still' }),
    seats_left: z.int().nullable(),
    seats_held: z.int().nullable().meta({ description: 'Held and not paid; some come back' }),
    message: z.string(),
    epoch: z.int(),
    seed_hash: z.string().meta({ description: 'SHA-256 of the seed, known before the opening' }),
    roster_digest: z.string().nullable().meta({
      description: 'SHA-256 of the roster of those who came before the opening, from then on',
    }),
    seed: z.string().nullable().meta({ description: 'Hex, once a drawn sale has opened' }),
    opens_at: z.string(),
    updated_at: z.string(),
  })
  .meta({ id: 'Room' });

const placeShape = z
  .object({
    sale_id: z.string(),
    state: z.enum(['lobby', 'waiting', 'admitted', 'away', 'done']).meta({
      description: 'away: the turn came while no page showed life; this call has brought it back',
    }),
    place: z.int().nullable(),
    ahead: z.int().nullable(),
    eta_seconds: z.object({ low: z.int(), high: z.int() }).nullable(),
    receipt: z.string().optional(),
    pass: z.string().optional(),
    pass_expires_at: z.string().optional(),
  })
  .meta({ id: 'Place' });

const challengeShape = z
  .object({
    algorithm: z.string(),
    challenge: z.string().meta({ description: 'SHA-256 of the salt with the number to be found' }),
    maxnumber: z.int().meta({ description: 'The number is below this' }),
    salt: z.string(),
    signature: z.string(),
  })
  .meta({ id: 'Challenge' });

/** The waiting room of a sale. */
export function roomRoutes(deps: Pick<ApiDeps, 'gate' | 'limits'>): Route[] {
  const { gate } = deps;
  return [
    route({
      method: 'get',
      path: '/api/v1/sales/:id/room',
      summary: 'The shared numbers of a waiting room',
      identity: 'none',
      answers: { 200: roomShape },
      cacheSeconds: 1,
      handle: async ({ params }) => ({ status: 200, body: await gate.room(params.id ?? '') }),
    }),
    route({
      method: 'post',
      path: '/api/v1/sales/:id/join',
      summary: 'Takes a place, or tells the one taken before; a receipt brings a lost one back',
      identity: 'fan',
      body: joinBody,
      answers: { 200: placeShape, 201: placeShape },
      limit: (who, params) => takeJoin(deps, params.id ?? '', who),
      bannedToo: true,
      handle: (call) =>
        join(gate, { ...call, saleId: call.params.id ?? '', headers: call.req.headers }),
    }),
    route({
      method: 'get',
      path: '/api/v1/sales/:id/challenge',
      summary: 'Work to do before joining, in the form of ALTCHA; null when none is asked',
      identity: 'fan',
      answers: { 200: z.object({ challenge: challengeShape.nullable() }) },
      limit: 'join',
      handle: async ({ params, fanId }) => {
        const challenge = await gate.challenge({ saleId: params.id ?? '', fanId });
        return { status: 200, body: { challenge } };
      },
    }),
    route({
      method: 'get',
      path: '/api/v1/sales/:id/place',
      summary:
        'The own place, and a sign of life; Usher-Receipt brings a lost one back, Usher-Presence says phone or hidden for a page that sleeps',
      identity: 'fan',
      answers: { 200: placeShape },
      bannedToo: true,
      handle: async (call) => {
        const ask = { ...call, saleId: call.params.id ?? '', headers: call.req.headers };
        return { status: 200, body: await gate.place(askOf(ask)) };
      },
    }),
    route({
      method: 'post',
      path: '/api/v1/sales/:id/leave',
      summary: 'Gives up the place or the pass',
      identity: 'fan',
      body: z.strictObject({}),
      answers: { 204: 'empty' },
      bannedToo: true,
      handle: async ({ params, fanId }) => {
        await gate.leave({ saleId: params.id ?? '', fanId });
        return { status: 204 };
      },
    }),
  ];
}
