import { z } from 'zod';
import { UsherError } from '../../core/domain/errors.js';
import { subscriptionSchema } from '../../core/domain/push-subscription.js';
import { mayPush } from '../../core/notify/web-push.js';
import { seal } from '../../core/runtime/sealing.js';
import { dropRoomNote, writeRoomNote } from '../../core/store/catalog/room-notes.js';
import type { ApiDeps } from '../deps.js';
import { type Route, route } from '../route.js';

type Deps = Pick<ApiDeps, 'catalog' | 'config' | 'gate' | 'secrets'>;

/** Telling a fan who watches no page that the turn is near, and that it has come. */
export function turnNoticeRoutes({ catalog, config, gate, secrets }: Deps): Route[] {
  return [
    route({
      method: 'get',
      path: '/api/v1/push-key',
      summary: 'The key by which browsers know notes of this Usher; null where there are none',
      identity: 'none',
      answers: { 200: z.object({ public_key: z.string().nullable() }) },
      cacheSeconds: 300,
      handle: async () => ({
        status: 200,
        body: { public_key: secrets.vapid?.publicKey ?? null },
      }),
    }),
    route({
      method: 'post',
      path: '/api/v1/sales/:id/notify',
      summary: 'Asks to be told by mail or by the browser a few minutes before the turn, and at it',
      identity: 'fan',
      body: z.strictObject({
        mail: z.boolean().default(true),
        push: subscriptionSchema.optional(),
      }),
      answers: { 200: z.object({ sale_id: z.string(), mail: z.boolean(), push: z.boolean() }) },
      limit: 'join',
      handle: async ({ params, fanId, body }) => {
        const saleId = params.id ?? '';
        const { mail, push } = body;
        if (push && !mayPush(push.endpoint, config.pushHosts)) {
          throw new UsherError('not_acceptable', 'This is not the endpoint of a push service.');
        }
        if (push && !secrets.vapid) {
          throw new UsherError(
            'not_acceptable',
            'This Usher sends no notes to browsers. Use mail.',
          );
        }
        const place = await gate.place({ saleId, fanId });
        if (place.state !== 'lobby' && place.state !== 'waiting' && place.state !== 'away') {
          throw new UsherError('conflict', 'Your turn has come, or your place is used up.');
        }
        const [key] = secrets.data;
        const plain = push && Buffer.from(JSON.stringify(push));
        await writeRoomNote(catalog, {
          saleId,
          fanId,
          place: place.place,
          mail,
          pushSealed: plain && key ? seal(key, plain, `room_note|push|${saleId}|${fanId}`) : null,
        });
        return { status: 200, body: { sale_id: saleId, mail, push: push !== undefined } };
      },
    }),
    route({
      method: 'delete',
      path: '/api/v1/sales/:id/notify',
      summary: 'Asks to be told no more',
      identity: 'fan',
      answers: { 204: 'empty' },
      handle: async ({ params, fanId }) => {
        await dropRoomNote(catalog, { saleId: params.id ?? '', fanId });
        return { status: 204 };
      },
    }),
  ];
}
