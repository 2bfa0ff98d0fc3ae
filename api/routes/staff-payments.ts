import { z } from 'zod';
import { UsherError } from '../../core/domain/errors.js';
import { formatId, formatRefundId, formatShowId } from '../../core/domain/ids.js';
import {
  askClose,
  type Close,
  noTotals,
  readClose,
} from '../../core/store/catalog/payment-closes.js';
import { listOpenIssues, resolveIssue } from '../../core/store/catalog/payment-issues.js';
import { readNowMs } from '../../core/store/database.js';
import { listOpenPayments, listOwedRefunds } from '../../core/store/shard/unsettled.js';
import { audited } from '../cancelling.js';
import type { ApiDeps } from '../deps.js';
import { refundProblem } from '../refund-body.js';
import { type Route, route } from '../route.js';
import { found } from './browse.js';
import { listOf } from './paging.js';
import { opsRoles } from './staff-shared.js';

const rowsMax = 500;

const itemShape = z.object({
  kind: z.enum(['payment', 'refund', 'issue']),
  id: z.string(),
  state: z.string(),
  problem: z.string().nullable(),
  show_id: z.string().nullable(),
  reservation_id: z.string().nullable(),
  amount: z.number().int().nullable(),
  currency: z.string().nullable(),
  since: z.iso.datetime(),
  detail: z.string(),
});
type Item = z.infer<typeof itemShape>;

const day = z.string().regex(/^\d{4}-\d\d-\d\d$/, { error: 'must be a day such as 2026-05-09' });
const closeShape = z.object({
  day: z.string(),
  state: z.enum(['waiting', 'done']),
  asked_at: z.iso.datetime(),
  finished_at: z.iso.datetime().nullable(),
  charges: z.number().int(),
  refunds: z.number().int(),
  differences: z.number().int(),
  totals: z.array(
    z.object({
      currency: z.string(),
      charged_ours: z.number().int(),
      charged_theirs: z.number().int(),
      refunded_ours: z.number().int(),
      refunded_theirs: z.number().int(),
      disputed_ours: z.number().int(),
      disputed_theirs: z.number().int(),
    }),
  ),
  error: z.string().nullable(),
});

type Deps = Pick<ApiDeps, 'catalog' | 'shards'>;

/** What a person must look at in the books, and the closes that find it. */
export function staffPaymentRoutes(deps: Deps): Route[] {
  return [listRoute(deps), ...closeRoutes(deps), resolveRoute(deps)];
}

function listRoute(deps: Deps): Route {
  return route({
    method: 'get',
    path: '/api/v1/staff/payments',
    summary: 'The work list: open payments, refunds that are not made, disputes and differences',
    identity: 'staff',
    roles: opsRoles,
    query: z.strictObject({ unsettled: z.literal('true') }),
    answers: { 200: listOf(itemShape) },
    handle: async () => ({ status: 200, body: { results: await items(deps), next_cursor: null } }),
  });
}

async function items({ catalog, shards }: Deps): Promise<Item[]> {
  const list: Item[] = [];
  for (const shardId of shards.ids()) {
    const shard = shards.byId(shardId);
    for (const row of await listOpenPayments(shard, rowsMax)) {
      const ref = { showId: row.showId, no: row.reservationId };
      list.push({
        ...about(ref),
        kind: 'payment',
        id: `${formatId('payment', ref)}_${row.attempt}`,
        state: row.state.toLowerCase(),
        problem: row.reservation === 'ENDING' ? 'time_is_over' : null,
        amount: row.amount,
        currency: row.currency,
        since: row.createdAt.toISOString(),
        detail: `${row.intentId ?? 'no answer of the provider yet'}; the reservation is ${row.reservation.toLowerCase()}`,
      });
    }
    for (const row of await listOwedRefunds(shard, rowsMax)) {
      const ref = { showId: row.showId, no: row.reservationId };
      list.push({
        ...about(ref),
        kind: 'refund',
        id: formatRefundId({ ...ref, refundNo: row.refundNo }),
        state: row.state.toLowerCase(),
        problem: refundProblem(row.failCode),
        amount: row.amount,
        currency: row.currency,
        since: row.createdAt.toISOString(),
        detail: row.reason,
      });
    }
  }
  for (const row of await listOpenIssues(catalog, rowsMax)) {
    const { showId, reservationId: no } = row;
    const ref = showId === null || no === null ? null : { showId, no };
    list.push({
      ...(ref ? about(ref) : { show_id: null, reservation_id: null }),
      kind: 'issue',
      id: String(row.issueId),
      state: row.kind,
      problem: row.objectId,
      amount: row.theirs ?? row.ours,
      currency: row.currency,
      since: row.foundAt.toISOString(),
      detail: row.detail,
    });
  }
  return list;
}

function about(ref: { showId: number; no: number }) {
  return { show_id: formatShowId(ref.showId), reservation_id: formatId('reservation', ref) };
}

function closeRoutes({ catalog }: Deps): Route[] {
  return [
    route({
      method: 'post',
      path: '/api/v1/staff/payments/reconcile',
      summary: 'Compares a day of the provider with our books; the answer comes by GET',
      identity: 'staff',
      roles: opsRoles,
      body: z.strictObject({ day }),
      answers: { 202: closeShape },
      handle: async ({ body, actor }) => {
        const today = new Date(await readNowMs(catalog)).toISOString().slice(0, 10);
        if (Number.isNaN(Date.parse(body.day)) || body.day > today) {
          throw new UsherError('not_acceptable', `Give a day up to today (${today}, UTC).`);
        }
        const entry = { actor, action: 'payment.reconcile', subject: body.day };
        await audited(catalog, entry, () => askClose(catalog, body.day, actor));
        return { status: 202, body: closeJson(found(await readClose(catalog, body.day), 'close')) };
      },
    }),
    route({
      method: 'get',
      path: '/api/v1/staff/payments/reconcile/:day',
      summary: 'The close of a day',
      identity: 'staff',
      roles: opsRoles,
      answers: { 200: closeShape },
      handle: async ({ params }) => {
        const wanted = found(day.safeParse(params.day).data, 'close');
        return { status: 200, body: closeJson(found(await readClose(catalog, wanted), 'close')) };
      },
    }),
  ];
}

function closeJson(close: Close): z.infer<typeof closeShape> {
  return {
    day: close.day,
    state: close.state === 'DONE' ? 'done' : 'waiting',
    asked_at: close.askedAt.toISOString(),
    finished_at: close.finishedAt?.toISOString() ?? null,
    charges: close.charges,
    refunds: close.refunds,
    differences: close.differences,
    // Closes from before disputes were booked lack them.
    totals: (close.totals ?? []).map((one) => ({ ...noTotals, ...one })),
    error: close.error,
  };
}

function resolveRoute({ catalog }: Deps): Route {
  return route({
    method: 'post',
    path: '/api/v1/staff/payments/issues/:id/resolve',
    summary: 'Takes an issue off the work list, when somebody has dealt with it',
    identity: 'staff',
    roles: opsRoles,
    body: z.strictObject({ note: z.string().trim().min(1).max(200) }),
    answers: { 204: 'empty' },
    handle: async ({ params, body, actor }) => {
      const id = /^[1-9][0-9]{0,14}$/.test(params.id ?? '') ? Number(params.id) : undefined;
      const issueId = found(id, 'issue');
      const entry = { actor, action: 'payment.resolve', subject: `issue ${issueId}`, after: body };
      await audited(catalog, entry, async () => {
        if (!(await resolveIssue(catalog, issueId, actor))) {
          throw new UsherError('not_found', 'There is no such open issue.');
        }
      });
      return { status: 204 };
    },
  });
}
