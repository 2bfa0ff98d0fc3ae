import { noSuch } from './errors.js';
import type { Call } from './events.js';
import { allowOnly, type Form, textOf } from './form.js';
import {
  type Answer,
  cancelIntent,
  captureIntent,
  confirmIntent,
  createIntent,
  readIntent,
} from './intents.js';
import type { Ledger, LedgerTx } from './ledger.js';
import { page } from './lists.js';
import type { Intent, StripeEvent } from './objects.js';
import { createRefund } from './refunds.js';

/** The API's calls by path: one that writes runs in a ledger transaction, one that reads doesn't. */
export type WriteCall = {
  path: string;
  run(tx: LedgerTx, call: Call, form: Form, id: string): Answer;
};
export type ReadCall = { path: string; run(ledger: Ledger, query: Form, id: string): unknown };

export const writeCalls: readonly WriteCall[] = [
  { path: '/v1/payment_intents', run: (tx, call, form) => createIntent(tx, call, form) },
  {
    path: '/v1/payment_intents/:id/confirm',
    run: (tx, call, form, id) => confirmIntent(tx, call, id, form),
  },
  {
    path: '/v1/payment_intents/:id/cancel',
    run: (tx, call, form, id) => cancelIntent(tx, call, id, form),
  },
  {
    path: '/v1/payment_intents/:id/capture',
    run: (tx, call, form, id) => captureIntent(tx, call, id, form),
  },
  { path: '/v1/refunds', run: (tx, call, form) => createRefund(tx, call, form) },
];

const pageParams = ['created', 'ending_before', 'expand', 'limit', 'starting_after'] as const;

export const readCalls: readonly ReadCall[] = [
  {
    path: '/v1/payment_intents',
    run: (ledger, query) => {
      allowOnly(query, pageParams);
      return page(ledger.all('intent'), query, '/v1/payment_intents');
    },
  },
  {
    path: '/v1/payment_intents/:id',
    run: (ledger, query, id) => {
      allowOnly(query, ['client_secret', 'expand']);
      return expanded(ledger, query, readIntent(ledger, id));
    },
  },
  {
    path: '/v1/refunds',
    run: (ledger, query) => {
      allowOnly(query, [...pageParams, 'payment_intent', 'charge']);
      const intent = textOf(query, 'payment_intent');
      const charge = textOf(query, 'charge');
      return page(
        ledger.all('refund'),
        query,
        '/v1/refunds',
        (refund) =>
          (intent === undefined || refund.payment_intent === intent) &&
          (charge === undefined || refund.charge === charge),
      );
    },
  },
  {
    path: '/v1/refunds/:id',
    run: (ledger, _query, id) => known(ledger.get('refund', id), 'refund', id),
  },
  {
    path: '/v1/charges',
    run: (ledger, query) => {
      allowOnly(query, [...pageParams, 'payment_intent']);
      const intent = textOf(query, 'payment_intent');
      return page(
        ledger.all('charge'),
        query,
        '/v1/charges',
        (charge) => intent === undefined || charge.payment_intent === intent,
      );
    },
  },
  {
    path: '/v1/disputes',
    run: (ledger, query) => {
      allowOnly(query, [...pageParams, 'payment_intent', 'charge']);
      const intent = textOf(query, 'payment_intent');
      const charge = textOf(query, 'charge');
      return page(
        ledger.all('dispute'),
        query,
        '/v1/disputes',
        (dispute) =>
          (intent === undefined || dispute.payment_intent === intent) &&
          (charge === undefined || dispute.charge === charge),
      );
    },
  },
  {
    path: '/v1/disputes/:id',
    run: (ledger, _query, id) => known(ledger.get('dispute', id), 'dispute', id),
  },
  {
    path: '/v1/charges/:id',
    run: (ledger, _query, id) => known(ledger.get('charge', id), 'charge', id),
  },
  {
    path: '/v1/events',
    run: (ledger, query) => {
      allowOnly(query, [...pageParams, 'type', 'types']);
      const type = textOf(query, 'type');
      const types = Array.isArray(query.types) ? query.types : undefined;
      const found = page(
        ledger.all('event'),
        query,
        '/v1/events',
        (event) =>
          (type === undefined || event.type === type) &&
          (types === undefined || types.includes(event.type)),
      );
      return { ...found, data: found.data.map((event) => withDelivery(ledger, event)) };
    },
  },
  {
    path: '/v1/events/:id',
    run: (ledger, _query, id) => withDelivery(ledger, known(ledger.get('event', id), 'event', id)),
  },
];

function known<T>(value: T | undefined, what: string, id: string): T {
  if (value === undefined) throw noSuch(what, id, 'id');
  return value;
}

function withDelivery(ledger: Ledger, event: StripeEvent): StripeEvent {
  const pending = ledger.get('delivery', event.id)?.state === 'pending';
  return { ...event, pending_webhooks: pending ? 1 : 0 };
}

/** `latest_charge` and `payment_method` are the expansions that these objects offer. */
function expanded(ledger: Ledger, query: Form, intent: Intent): unknown {
  const wanted = Array.isArray(query.expand) ? query.expand : [];
  const { latest_charge: charge, payment_method: method } = intent;
  return {
    ...intent,
    ...(wanted.includes('latest_charge') && charge !== null
      ? { latest_charge: ledger.get('charge', charge) }
      : {}),
    ...(wanted.includes('payment_method') && method !== null
      ? { payment_method: shownMethod(ledger, method) }
      : {}),
  };
}

/** Without the token, which only says how the sandbox lets the card behave. */
function shownMethod(ledger: Ledger, id: string): unknown {
  const { token: _behaviour, ...method } = ledger.get('method', id) ?? { token: '' };
  return method;
}
