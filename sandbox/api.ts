import { timingSafeEqual } from 'node:crypto';
import { type NextFunction, type Request, type Response, Router } from 'express';
import { readCalls, type WriteCall, writeCalls } from './calls.js';
import { ApiRefusal } from './errors.js';
import type { Call } from './events.js';
import type { Faults } from './faults.js';
import { parseForm } from './form.js';
import { fingerprintOf, openIdempotency } from './idempotency.js';
import type { Answer } from './intents.js';
import type { Ledger } from './ledger.js';
import { apiVersion, newId, nowSeconds } from './objects.js';
import { pause } from './webhooks.js';

/** What the paths under /v1 stand on. */
export type ApiDeps = {
  ledger: Ledger;
  faults: Faults;
  secretKey: string;
  newCall: (request?: { id: string; key: string | null }) => Call;
  afterCommit: (call: Call) => void;
  stop: AbortSignal;
};

const internal: Answer = {
  status: 500,
  body: { error: { type: 'api_error', message: 'An error occurred. (Sandbox fault.)' } },
};

/** Stripe's API: key check, request ids, faults, idempotency, then the call itself. */
export function apiRoutes(deps: ApiDeps): Router {
  const routes = Router();
  const perform = performer(deps);
  routes.use('/v1', (request, response, next) => {
    response.set({
      'request-id': newId('req'),
      'stripe-version': request.get('stripe-version') ?? apiVersion,
    });
    checkKey(request, deps.secretKey);
    if (deps.faults.takes('rate_limited')) throw tooMany();
    next();
  });
  for (const call of readCalls) {
    routes.get(call.path, async (request: Request, response: Response) => {
      await pause(deps.faults.settings().slow_ms, deps.stop);
      const query = parseForm(new URL(request.originalUrl, 'http://localhost').search.slice(1));
      const body = call.run(deps.ledger, query, pathId(request));
      await pause(deps.faults.settings().slow_answer_ms, deps.stop);
      response.json(body);
    });
  }
  for (const call of writeCalls) {
    routes.post(call.path, async (request: Request, response: Response, next: NextFunction) => {
      await perform(call, request, response).catch(next);
    });
  }
  return routes;
}

/** Runs one writing call at most once per idempotency key. */
function performer(deps: ApiDeps) {
  const idempotency = openIdempotency(deps.ledger);
  return async (call: WriteCall, request: Request, response: Response): Promise<void> => {
    const body = typeof request.body === 'string' ? request.body : '';
    const key = keyOf(request);
    const fingerprint = fingerprintOf(request.method, request.path, body);
    if (key !== undefined) {
      response.set('idempotency-key', key);
      const stored = idempotency.begin(key, fingerprint);
      if (stored !== undefined) {
        response.set({ 'idempotent-replayed': 'true', 'original-request': stored.request_id });
        response.status(stored.status).json(stored.body);
        return;
      }
    }
    try {
      await pause(deps.faults.settings().slow_ms, deps.stop);
      if (deps.faults.takes('error_500_before_effect')) {
        response.status(internal.status).json(internal.body);
        return;
      }
      const late = deps.faults.takes('late_success');
      if (late) {
        request.socket.destroy();
        await pause(deps.faults.settings().late_ms, deps.stop);
        if (deps.stop.aborted) return;
      }
      const silent = deps.faults.takes('no_answer');
      const answer = commit(deps, call, request, { key, fingerprint, body, response });
      await pause(deps.faults.settings().slow_answer_ms, deps.stop);
      if (silent) request.socket.destroy();
      else if (!late) response.status(answer.status).json(answer.body);
    } finally {
      if (key !== undefined) idempotency.end(key);
    }
  };
}

/** The effect and the answer stored under its key last together, as one line of the ledger. */
function commit(
  deps: ApiDeps,
  write: WriteCall,
  request: Request,
  from: { key: string | undefined; fingerprint: string; body: string; response: Response },
): Answer {
  const requestId = String(from.response.getHeader('request-id'));
  const call = deps.newCall({ id: requestId, key: from.key ?? null });
  const form = parseForm(from.body);
  const answer = deps.ledger.transaction((tx) => {
    const done = keepRefusal(() => write.run(tx, call, form, pathId(request)));
    const shown = deps.faults.takes('error_500_after_effect') ? internal : done;
    if (from.key !== undefined) {
      tx.put('key', {
        id: from.key,
        fingerprint: from.fingerprint,
        status: shown.status,
        body: shown.body,
        request_id: requestId,
        created: nowSeconds(),
      });
    }
    return shown;
  });
  deps.afterCommit(call);
  return answer;
}

/**
 * A refusal by the state of an object is an answer to remember under the key; a malformed request
 * never ran, so its key stays free, as with Stripe.
 */
function keepRefusal(run: () => Answer): Answer {
  try {
    return run();
  } catch (error) {
    if (!(error instanceof ApiRefusal) || error.body.param !== undefined) throw error;
    return { status: error.status, body: { error: error.body } };
  }
}

function keyOf(request: Request): string | undefined {
  const key = request.get('idempotency-key');
  if (key === undefined || key === '') return undefined;
  if (key.length > 255) {
    throw new ApiRefusal(400, {
      type: 'invalid_request_error',
      message: 'Idempotency keys can be at most 255 characters long.',
    });
  }
  return key;
}

function pathId(request: Request): string {
  const id = request.params.id;
  return typeof id === 'string' ? id : '';
}

function checkKey(request: Request, secretKey: string): void {
  const header = request.get('authorization') ?? '';
  const [scheme = '', value = ''] = header.split(' ');
  const given =
    scheme.toLowerCase() === 'basic'
      ? (Buffer.from(value, 'base64').toString('utf8').split(':')[0] ?? '')
      : value;
  if (given === '') {
    throw unauthorized(
      'You did not provide an API key. Provide it in the Authorization header, using Bearer auth.',
    );
  }
  const same = Buffer.byteLength(given) === Buffer.byteLength(secretKey);
  if (!same || !timingSafeEqual(Buffer.from(given), Buffer.from(secretKey))) {
    throw unauthorized(`Invalid API Key provided: ${given.slice(0, 7)}***`);
  }
}

function unauthorized(message: string): ApiRefusal {
  return new ApiRefusal(401, { type: 'invalid_request_error', message });
}

function tooMany(): ApiRefusal {
  return new ApiRefusal(429, {
    type: 'invalid_request_error',
    code: 'rate_limit',
    message: 'Too many requests hit the API too quickly. Back off and try again.',
  });
}
