import { z } from 'zod';
import { UsherError } from '../../core/domain/errors.js';
import { formatId, formatRefundId, formatShowId, type ShowId } from '../../core/domain/ids.js';
import { readShow } from '../../core/store/catalog/browse.js';
import { endCatalogShow } from '../../core/store/catalog/show-end.js';
import {
  beginShowCancel,
  type CancelResult,
  countCancelResults,
  listCancelResults,
  readShowCancel,
} from '../../core/store/shard/show-cancel.js';
import { changeShow } from '../../core/store/shard/show-change.js';
import { audited } from '../cancelling.js';
import type { ApiDeps } from '../deps.js';
import { refundProblem } from '../refund-body.js';
import { type Route, route } from '../route.js';
import { found } from './browse.js';
import { pageQuery, readCursor, writeCursor } from './paging.js';
import { opsRoles, showIdOf } from './staff-shared.js';

const statusShape = z.object({
  show_id: z.string(),
  state: z.enum(['running', 'done']),
  reason: z.string(),
  asked_by: z.string(),
  asked_at: z.iso.datetime(),
  finished_at: z.iso.datetime().nullable(),
  bookings: z.number().int(),
  /** Bookings by the state of their refund: none, created, pending, succeeded or failed. */
  refunds: z.record(z.string(), z.object({ bookings: z.number(), amount: z.number() })),
  results: z.array(
    z.object({
      booking_id: z.string(),
      seats: z.number().int(),
      refund_id: z.string().nullable(),
      amount: z.number().int(),
      currency: z.string(),
      refund: z.string(),
      problem: z.string().nullable(),
    }),
  ),
  next_cursor: z.string().nullable(),
});
type Status = z.infer<typeof statusShape>;

type Deps = Pick<ApiDeps, 'catalog' | 'shards' | 'gate'>;

/** Cancels a show as a job that survives any crash, with one result for each booking. */
export function staffShowCancelRoutes(deps: Deps): Route[] {
  const path = '/api/v1/staff/shows/:id/cancel';
  return [
    route({
      method: 'post',
      path,
      summary: 'Cancels a show for good: holds end, bookings are refunded in full, one by one',
      identity: 'staff',
      roles: opsRoles,
      body: z.strictObject({ reason: z.string().trim().min(1).max(300) }),
      answers: { 202: statusShape },
      handle: async ({ params, body, actor }) => {
        const showId = showIdOf(params.id);
        const show = found(await readShow(deps.catalog, showId), 'show');
        const subject = `show ${formatShowId(showId)}`;
        const entry = { actor, action: 'show.cancel', subject, after: body };
        await audited(deps.catalog, entry, () =>
          cancel(deps, showId, { by: actor, reason: body.reason }),
        );
        await deps.gate.changed(show.sale_id);
        return { status: 202, body: await statusOf(deps, showId, 0, 0) };
      },
    }),
    route({
      method: 'get',
      path,
      summary: 'How far the cancelling of a show has come, booking by booking',
      identity: 'staff',
      roles: opsRoles,
      query: z.strictObject(pageQuery),
      answers: { 200: statusShape },
      handle: async ({ params, query }) => {
        const [after = 0] = query.cursor === undefined ? [] : readCursor(query.cursor, 1);
        return { status: 200, body: await statusOf(deps, showIdOf(params.id), after, query.limit) };
      },
    }),
  ];
}

/** The shard decides; the catalog follows, and again when the call is repeated. */
async function cancel(
  { catalog, shards }: Deps,
  showId: ShowId,
  wish: { by: string; reason: string },
): Promise<void> {
  const shard = await shards.forShow(showId);
  const { result } = await changeShow(shard, showId, (change) => beginShowCancel(change, wish));
  if (!result && !(await readShowCancel(shard, showId))) {
    throw new UsherError('show_moving', 'The show is being moved. Try again shortly.', {
      retryAfterSeconds: 5,
    });
  }
  await endCatalogShow(catalog, showId);
}

async function statusOf(
  { shards }: Deps,
  showId: ShowId,
  afterId: number,
  limit: number,
): Promise<Status> {
  const shard = await shards.forShow(showId);
  const job = found(await readShowCancel(shard, showId), 'cancelling of this show');
  const counts = await countCancelResults(shard, showId);
  const rows =
    limit === 0 ? [] : await listCancelResults(shard, showId, { afterId, rowsMax: limit });
  const last = rows.length === limit ? rows.at(-1) : undefined;
  return {
    show_id: formatShowId(showId),
    state: job.state === 'DONE' ? 'done' : 'running',
    reason: job.reason,
    asked_by: job.askedBy,
    asked_at: job.askedAt.toISOString(),
    finished_at: job.finishedAt?.toISOString() ?? null,
    bookings: counts.reduce((sum, row) => sum + row.bookings, 0),
    refunds: Object.fromEntries(
      counts.map(({ refund, bookings, amount }) => [wordOf(refund), { bookings, amount }]),
    ),
    results: rows.map((row) => resultJson(showId, row)),
    next_cursor: last ? writeCursor([last.bookingId]) : null,
  };
}

function wordOf(refund: string | null): string {
  return refund === null ? 'none' : refund.toLowerCase();
}

function resultJson(showId: ShowId, row: CancelResult): Status['results'][number] {
  const ref = { showId, no: row.bookingId };
  const { refundNo } = row;
  return {
    booking_id: formatId('booking', ref),
    seats: row.seats,
    refund_id: refundNo === null ? null : formatRefundId({ ...ref, refundNo }),
    amount: row.amount,
    currency: row.currency,
    refund: wordOf(row.refund),
    problem: refundProblem(row.failCode),
  };
}
