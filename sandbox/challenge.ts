import { Router } from 'express';
import { challengePage, returnTarget } from './challenge-page.js';
import { noSuch } from './errors.js';
import type { Call } from './events.js';
import { parseForm, textOf } from './form.js';
import { answerChallenge } from './intents.js';
import type { Ledger } from './ledger.js';
import type { Intent } from './objects.js';

/**
 * The 3-D Secure step in the fan's browser. Whoever holds the client secret may answer, as with
 * Stripe: by the page's form, or by JSON from any origin (`{client_secret, verdict}`).
 */
export function challengeRoutes(deps: {
  ledger: Ledger;
  newCall: () => Call;
  afterCommit: (call: Call) => void;
}): Router {
  const { ledger } = deps;
  const routes = Router();

  const find = (id: string, secret: string | undefined): Intent => {
    const intent = ledger.get('intent', id);
    if (intent === undefined || intent.client_secret !== secret) {
      throw noSuch('payment_intent', id, 'intent');
    }
    return intent;
  };
  const answer = (id: string, secret: string | undefined, verdict: string): Intent => {
    find(id, secret);
    const call = deps.newCall();
    const intent = ledger.transaction((tx) =>
      answerChallenge(tx, call, id, verdict === 'complete' ? 'complete' : 'fail'),
    );
    deps.afterCommit(call);
    return intent;
  };

  routes.use((_request, response, next) => {
    response.set({
      'access-control-allow-origin': '*',
      'access-control-allow-headers': 'content-type',
      'access-control-allow-methods': 'GET, POST, OPTIONS',
      'cache-control': 'no-store',
    });
    next();
  });
  routes.options('/:intent', (_request, response) => {
    response.status(204).end();
  });
  routes.get('/:intent', (request, response) => {
    const query = parseForm(new URL(request.originalUrl, 'http://localhost').search.slice(1));
    const intent = find(request.params.intent, textOf(query, 'client_secret'));
    if (request.accepts(['html', 'json']) === 'json') {
      response.json({ id: intent.id, status: intent.status });
      return;
    }
    response.type('html').send(challengePage(intent, textOf(query, 'return_url') ?? ''));
  });
  routes.post('/:intent', (request, response) => {
    const text = typeof request.body === 'string' ? request.body : '';
    const isJson = request.is('application/json') !== false;
    const form = isJson ? jsonFields(text) : parseForm(text);
    const verdict = textOf(form, 'verdict') ?? 'fail';
    const intent = answer(request.params.intent, textOf(form, 'client_secret'), verdict);
    if (isJson) {
      response.json({ id: intent.id, status: intent.status });
      return;
    }
    const target = returnTarget(intent, textOf(form, 'return_url') ?? '');
    if (target === undefined) response.type('html').send(challengePage(intent, ''));
    else response.redirect(303, target);
  });
  return routes;
}

function jsonFields(text: string): Record<string, string> {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch {
    return {};
  }
  if (typeof parsed !== 'object' || parsed === null) return {};
  const pairs = Object.entries(parsed).filter((pair) => typeof pair[1] === 'string');
  return Object.fromEntries(pairs) as Record<string, string>;
}
