import { z } from 'zod';
import { UsherError } from '../../core/domain/errors.js';
import { formatId, parseId, type ShowScoped } from '../../core/domain/ids.js';
import { readRequest, withdrawRequest } from '../../core/store/shard/journal.js';
import { readOutcomes } from '../../core/store/shard/outcomes.js';
import { tellClaims } from '../../core/store/shard/seats.js';
import { changeShow } from '../../core/store/shard/show-change.js';
import { grantBody, refusalOf } from '../accept/answer.js';
import { reserveHandler } from '../accept/reserve.js';
import { pendingAnswer, reserveAnswer, reserveBody } from '../accept/reserve-schema.js';
import type { ApiDeps } from '../deps.js';
import { reservePath } from '../http.js';
import { openLines } from '../line.js';
import { type Route, route } from '../route.js';

const requestAnswer = z.object({
  request_id: z.string(),
  state: z.enum(['accepted', 'granted', 'refused', 'withdrawn', 'lapsed']),
  reservation_id: z.string().optional(),
  error: z.string().optional(),
  detail: z.string().optional(),
  alternatives: z.array(z.array(z.string())).optional(),
  queue_position: z.number().int().nullable().optional(),
  etr_seconds: z.number().int().nullable().optional(),
});

export function requestRoutes(deps: ApiDeps): Route[] {
  const reserve = reserveHandler(deps);
  return [
    // Answered by http.ts before Express; here for the document and for servers without it.
    route({
      method: 'post',
      path: reservePath,
      summary: 'Asks for seats; headers Authorization, Usher-Pass and Idempotency-Key',
      identity: 'fan',
      answers: { 200: reserveAnswer, 202: pendingAnswer },
      body: reserveBody,
      handle: ({ req, body }) => reserve({ headers: req.headers, body, address: req.ip ?? '' }),
    }),
    route({
      method: 'get',
      path: '/api/v1/requests/:id',
      summary: 'What became of a request',
      identity: 'fan',
      answers: { 200: requestAnswer },
      handle: async ({ params, fanId }) => ({
        status: 200,
        body: await requestBody(deps, ownId(params.id), fanId),
      }),
    }),
    route({
      method: 'delete',
      path: '/api/v1/requests/:id',
      summary: 'Takes an undecided request back',
      identity: 'fan',
      answers: { 204: 'empty' },
      handle: async ({ params, fanId }) => {
        await takeBack(deps, ownId(params.id), fanId);
        return { status: 204 };
      },
    }),
  ];
}

function ownId(text = ''): ShowScoped {
  const ref = parseId('request', text);
  if (!ref) throw notFound();
  return ref;
}

/** The same words for no such request and for somebody else's. */
function notFound(): UsherError {
  return new UsherError('not_found', 'You have no such request.');
}

async function readOwn(deps: ApiDeps, ref: ShowScoped, fanId: string) {
  const shardId = await deps.shards.idOf(ref.showId);
  if (shardId === undefined) throw notFound();
  const shard = deps.shards.byId(shardId);
  const row = await readRequest(shard, ref.showId, ref.no);
  if (row?.fanId !== fanId) throw notFound();
  return { shard, row };
}

async function requestBody(
  deps: ApiDeps,
  ref: ShowScoped,
  fanId: string,
): Promise<z.infer<typeof requestAnswer>> {
  const { shard, row } = await readOwn(deps, ref, fanId);
  const requestId = formatId('request', ref);
  const state = row.state.toLowerCase() as z.infer<typeof requestAnswer>['state'];
  if (row.state === 'ACCEPTED') return { request_id: requestId, state };
  const [known] = await readOutcomes(shard, [ref]);
  if (!known) throw notFound();
  const outcome =
    known.reason === 'show_full' ? await openLines(deps.shards).withEstimate(known) : known;
  if (outcome.state === 'GRANTED') return { ...grantBody(outcome), request_id: requestId, state };
  const refusal = refusalOf(outcome, requestId);
  return {
    request_id: requestId,
    state,
    error: refusal.code,
    detail: refusal.message,
    ...(outcome.alternatives ? { alternatives: outcome.alternatives } : {}),
    ...(outcome.reason === 'show_full'
      ? {
          queue_position: outcome.queue_position ?? null,
          etr_seconds: outcome.etr_seconds ?? null,
        }
      : {}),
  };
}

async function takeBack(deps: ApiDeps, ref: ShowScoped, fanId: string): Promise<void> {
  const { shard, row } = await readOwn(deps, ref, fanId);
  if (row.state === 'WITHDRAWN') return;
  const { result: taken } = await changeShow(shard, ref.showId, async (change) => {
    const now = new Date(change.nowMs);
    const withdrawn = await withdrawRequest(change.tx, ref.showId, ref.no, now);
    if (withdrawn) {
      change.log({ kind: 'WITHDRAWN', subjectId: ref.no, detail: {} });
      tellClaims(change, ref.no, { hasCode: row.wish.off !== undefined });
    }
    return withdrawn;
  });
  if (taken) {
    const message = { show_id: ref.showId, no: ref.no, fan_id: fanId, state: 'WITHDRAWN' as const };
    deps.outcomes.heard([message]);
    return;
  }
  throw new UsherError(
    'already_decided',
    'The request has been decided. A reservation is given back with DELETE /api/v1/reservations/:id.',
  );
}
