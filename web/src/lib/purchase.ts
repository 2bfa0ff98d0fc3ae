import { ApiError, call, problemOf } from './api.js';
import * as calls from './calls.js';
import { dropPurchase, endTurn, keepPurchase, type Purchase, places, purchases } from './keep.js';
import { hear } from './live.js';
import { backOffMs, pause, woken } from './pace.js';
import { createStore } from './store.js';
import type { Problem, RequestStatus, Reservation, ReserveBody } from './types.js';
import { endsTurn } from './words.js';

/**
 * Reserving seats. The key and the body are kept before anything is sent; whatever happens to the network or
 * the page, the same request is repeated until there is an answer, and the server decides it only once.
 */
const attemptsMax = 40;
const decisionWaitMs = 1500;
/** An undecided request lapses after a minute, so this many looks are more than enough. */
const looksMax = 80;

/** How many times the present request has been sent, so that the page can say that it is trying again. */
export const attempts = createStore(0);

/** The page's own code for a join that gave a place and no pass: the line is shown then, not an error. */
const mustWait = 'must_wait';

const running = new Map<string, Promise<void>>();

export function reserve(saleId: string, body: ReserveBody): Promise<void> {
  keepPurchase({ saleId, showId: body.show_id, reserve: { key: crypto.randomUUID(), body } });
  return resumeReserve(body.show_id);
}

/** Goes on with a kept request, for example after a reload; safe to call twice. */
export function resumeReserve(showId: string): Promise<void> {
  const present = running.get(showId);
  if (present !== undefined) return present;
  const run = driveReserve(showId).finally(() => running.delete(showId));
  running.set(showId, run);
  return run;
}

async function driveReserve(showId: string): Promise<void> {
  const purchase = purchases.get()[showId];
  if (purchase?.reserve === undefined) return;
  const { saleId, reserve: pending } = purchase;
  try {
    const pass = await livePass(saleId);
    const headers: Record<string, string> = { 'Idempotency-Key': pending.key };
    if (pass !== undefined) headers['Usher-Pass'] = pass;
    const { status, body } = await repeated(() =>
      call<Reservation & RequestStatus>('/reserve', {
        method: 'POST',
        body: pending.body,
        headers,
      }),
    );
    const reservation = status === 202 ? await decided(body.request_id) : body;
    keepPurchase({ saleId, showId, reservation });
    endTurn(saleId);
  } catch (thrown) {
    await refuse({ saleId, showId }, problemOf(thrown));
  } finally {
    attempts.set(0);
  }
}

async function refuse(base: Purchase, refusal: Problem): Promise<void> {
  if (refusal.error === mustWait) {
    dropPurchase(base.showId);
    return;
  }
  keepPurchase({ ...base, refusal });
  if (endsTurn(refusal)) await calls.place(base.saleId).catch(() => undefined);
}

/** The pass in hand; joining gives one at once in a sale without a crowd. */
async function livePass(saleId: string): Promise<string | undefined> {
  const kept = places.get()[saleId];
  if (kept?.state === 'admitted' && kept.pass !== undefined) return kept.pass;
  const place = await repeated(() => calls.join(saleId));
  if (place.pass !== undefined) return place.pass;
  throw new ApiError({ status: 403, error: mustWait }, null);
}

/**
 * Repeats a call that got no decision, each time a little later. A limit with a stated, short wait is waited out.
 * Throws the last error when `attemptsMax` is reached.
 */
export async function repeated<T>(send: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    attempts.set(attempt);
    try {
      return await send();
    } catch (thrown) {
      const waitMs = repeatAfterMs(thrown, attempt);
      if (waitMs === null || attempt >= attemptsMax) throw thrown;
      await pause(waitMs);
    }
  }
}

/** Refusals that often pass in a moment; after a few tries the fan is told. */
const worthSomeTries = new Set([
  'slow_down',
  'request_pending',
  'payments_unavailable',
  'internal',
]);

function repeatAfterMs(thrown: unknown, attempt: number): number | null {
  if (!(thrown instanceof ApiError)) return null;
  const ownMs = backOffMs(attempt);
  const askedMs = thrown.retryAfterMs ?? 0;
  if (thrown.mayRepeat) return Math.max(ownMs, Math.min(askedMs, 15_000));
  const { error } = thrown.problem;
  const brief = worthSomeTries.has(error);
  return brief && attempt <= 4 && askedMs <= 10_000 ? Math.max(ownMs, askedMs) : null;
}

/** Waits for the decision on an accepted request: pushed, or asked for. */
async function decided(requestId: string): Promise<Reservation> {
  let pushed = (): void => undefined;
  const unhear = hear('decision', (news) => {
    if (news.request_id === requestId) pushed();
  });
  try {
    const path = `/requests/${requestId}`;
    for (let look = 0; look < looksMax; look += 1) {
      const { body } = await repeated(() => call<RequestStatus>(path));
      const state = body.state.toLowerCase();
      if (state === 'granted' && body.reservation_id !== undefined) {
        const { reservation_id } = body;
        return await repeated(() => calls.reservation(reservation_id));
      }
      if (state !== 'accepted' && state !== 'granted')
        throw new ApiError(whyNot(body, state), null);
      await Promise.race([
        pause(decisionWaitMs),
        woken((wake) => {
          pushed = wake;
        }),
      ]);
    }
    throw new ApiError({ status: 410, error: 'lapsed' }, null);
  } finally {
    unhear();
  }
}

function whyNot(status: RequestStatus, state: string): Problem {
  const error = status.error ?? (state === 'refused' ? 'conflict' : state);
  const problem: Problem = { status: 409, error };
  if (status.detail !== undefined) problem.detail = status.detail;
  if (status.alternatives !== undefined) problem.alternatives = status.alternatives;
  return problem;
}
