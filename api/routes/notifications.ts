import { z } from 'zod';
import { formatId, formatPlainId, formatShowId } from '../../core/domain/ids.js';
import { messageKinds } from '../../core/domain/messages.js';
import { readMovie } from '../../core/store/catalog/browse.js';
import { type FanMessage, listFanMessages } from '../../core/store/catalog/messages.js';
import { unwatchMovie, watchMovie } from '../../core/store/catalog/sale-notices.js';
import type { ApiDeps } from '../deps.js';
import { type Route, route } from '../route.js';
import { found } from './browse.js';
import { listOf, pageQuery, readCursor, writeCursor } from './paging.js';

const notificationShape = z.object({
  notification_id: z.string(),
  kind: z.enum(messageKinds),
  /** `not_delivered`: the address takes no mail, or no server could take it. */
  state: z.enum(['waiting', 'sent', 'not_delivered']),
  title: z.string(),
  show_id: z.string().nullable(),
  booking_id: z.string().nullable(),
  created_at: z.iso.datetime(),
});

const aboutBookings = ['tickets', 'show_changed', 'cancelled', 'refunded', 'reminder'];

/** The fan's messages, and the movies whose sales they want to hear of. */
export function notificationRoutes({ catalog }: Pick<ApiDeps, 'catalog'>): Route[] {
  const path = '/api/v1/movies/:id/notify';
  const movieOf = async (id: string | undefined) =>
    found(await readMovie(catalog, id ?? ''), 'movie').movie_id;
  return [
    route({
      method: 'get',
      path: '/api/v1/notifications',
      summary: 'Own messages, newest first, with what became of each',
      identity: 'fan',
      query: z.strictObject(pageQuery),
      answers: { 200: listOf(notificationShape) },
      handle: async ({ query, fanId }) => {
        const { cursor, limit } = query;
        const [beforeId] = cursor === undefined ? [] : readCursor(cursor, 1);
        const rows = await listFanMessages(catalog, fanId, { beforeId, rowsMax: limit + 1 });
        const page = rows.slice(0, limit);
        const last = rows.length > limit ? page.at(-1) : undefined;
        const next_cursor = last ? writeCursor([last.messageId]) : null;
        return { status: 200, body: { results: page.map(notificationJson), next_cursor } };
      },
    }),
    route({
      method: 'post',
      path,
      summary: 'Asks for a message when a sale of this movie opens soon',
      identity: 'fan',
      body: z.strictObject({}),
      answers: { 204: 'empty' },
      handle: async ({ params, fanId }) => {
        await watchMovie(catalog, await movieOf(params.id), fanId);
        return { status: 204 };
      },
    }),
    route({
      method: 'delete',
      path,
      summary: 'Takes that back; again is fine',
      identity: 'fan',
      answers: { 204: 'empty' },
      handle: async ({ params, fanId }) => {
        await unwatchMovie(catalog, await movieOf(params.id), fanId);
        return { status: 204 };
      },
    }),
  ];
}

function notificationJson(row: FanMessage): z.infer<typeof notificationShape> {
  const { showId, subjectId, state } = row;
  const isBooking = aboutBookings.includes(row.kind) && showId !== null && subjectId !== null;
  return {
    notification_id: formatPlainId('message', row.messageId),
    kind: row.kind,
    state: state === 'WAITING' ? 'waiting' : state === 'SENT' ? 'sent' : 'not_delivered',
    title: row.title,
    show_id: showId === null ? null : formatShowId(showId),
    booking_id: isBooking ? formatId('booking', { showId, no: subjectId }) : null,
    created_at: new Date(row.createdAtMs).toISOString(),
  };
}
