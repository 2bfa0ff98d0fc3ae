import { z } from 'zod';
import { UsherError } from '../../core/domain/errors.js';
import { formatPlainId, formatShowId, parsePlainId, parseShowId } from '../../core/domain/ids.js';
import { writeAudit } from '../../core/store/catalog/audit.js';
import { listDeadMessages, retryDeadMessage } from '../../core/store/catalog/messages.js';
import { listDeadOutbox, retryDeadOutbox } from '../../core/store/shard/outbox.js';
import type { ApiDeps } from '../deps.js';
import { type Route, route } from '../route.js';
import { listOf } from './paging.js';
import { opsRoles } from './staff-shared.js';

const deadShape = z.object({
  dead_id: z.string(),
  what: z.enum(['message', 'outbox']),
  kind: z.string(),
  channel: z.string().nullable(),
  show_id: z.string().nullable(),
  tries: z.number().int(),
  error: z.string(),
  created_at: z.iso.datetime(),
});
const rowsMax = 500;

type Deps = Pick<ApiDeps, 'catalog' | 'shards'>;

/** What was tried often enough: messages that nobody took, and outbox rows that failed. */
export function staffDeadRoutes(deps: Deps): Route[] {
  return [
    route({
      method: 'get',
      path: '/api/v1/staff/dead',
      summary: 'Messages and outbox rows that are tried no more, with their last error',
      identity: 'staff',
      roles: opsRoles,
      answers: { 200: listOf(deadShape) },
      handle: async () => {
        return { status: 200, body: { results: await listDead(deps), next_cursor: null } };
      },
    }),
    route({
      method: 'post',
      path: '/api/v1/staff/dead/retry',
      summary: 'Makes some of them due again, or all',
      identity: 'staff',
      roles: opsRoles,
      body: z.union([
        z.strictObject({ dead_ids: z.array(z.string().max(40)).min(1).max(rowsMax) }),
        z.strictObject({ all: z.literal(true) }),
      ]),
      answers: { 200: z.object({ retried: z.number().int() }) },
      handle: async ({ body, actor }) => {
        const ids =
          'all' in body ? (await listDead(deps)).map((one) => one.dead_id) : body.dead_ids;
        let retried = 0;
        for (const id of ids) if (await retryOne(deps, id)) retried += 1;
        const after = { asked: ids.length, retried };
        await deps.catalog.transaction((tx) =>
          writeAudit(tx, { actor, action: 'dead.retry', subject: ids[0] ?? 'none', after }),
        );
        return { status: 200, body: { retried } };
      },
    }),
  ];
}

async function listDead({ catalog, shards }: Deps): Promise<z.infer<typeof deadShape>[]> {
  const messages = (await listDeadMessages(catalog, rowsMax)).map((one) => ({
    dead_id: formatPlainId('message', one.messageId),
    what: 'message' as const,
    kind: one.kind as string,
    channel: one.channel as string,
    show_id: one.showId === null ? null : formatShowId(one.showId),
    tries: one.tries,
    error: one.error,
    created_at: new Date(one.createdAtMs).toISOString(),
  }));
  const rows = await Promise.all(
    shards.ids().map((shardId) => listDeadOutbox(shards.byId(shardId), rowsMax)),
  );
  const outbox = rows.flat().map((one) => ({
    dead_id: `out_${one.showId}_${one.outboxId}`,
    what: 'outbox' as const,
    kind: one.kind,
    channel: null,
    show_id: formatShowId(one.showId),
    tries: one.tries,
    error: one.error,
    created_at: new Date(one.createdAtMs).toISOString(),
  }));
  return [...messages, ...outbox];
}

async function retryOne({ catalog, shards }: Deps, id: string): Promise<boolean> {
  const messageId = parsePlainId('message', id);
  if (messageId !== undefined) return retryDeadMessage(catalog, messageId);
  const [, show = '', no = ''] = /^out_(\d{1,10})_(\d{1,15})$/.exec(id) ?? [];
  const showId = parseShowId(show);
  if (showId === undefined) {
    throw new UsherError('not_acceptable', `${id} is no id of the list of dead letters.`);
  }
  return retryDeadOutbox(await shards.forShow(showId), { showId, outboxId: Number(no) });
}
