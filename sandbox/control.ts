import { Router } from 'express';
import { closeDispute, closeWish, disputeWish, openDispute } from './disputes.js';
import type { Call } from './events.js';
import type { Faults } from './faults.js';
import type { Ledger, LedgerTx } from './ledger.js';
import { settleShortRefunds } from './refunds.js';

/** Changes the ledger outside any request of Stripe's API. */
export type Act = <T>(work: (tx: LedgerTx, call: Call) => T) => T;

/** What isn't Stripe's: fault switches, cardholders' disputes, and the ledger for auditors. */
export function controlRoutes({
  ledger,
  faults,
  act,
}: {
  ledger: Ledger;
  faults: Faults;
  act: Act;
}): Router {
  const routes = Router();
  routes.get('/faults', (_request, response) => {
    response.json(faults.settings());
  });
  routes.post('/faults', (request, response) => {
    const before = faults.settings().refunds;
    const changed = faults.change(jsonOf(request.body));
    if (changed === undefined) {
      response.status(422).json({ error: 'unknown or malformed fault switch' });
      return;
    }
    if (before === 'short' && changed.refunds === 'normal') topUp();
    response.json(changed);
  });
  routes.delete('/faults', (_request, response) => {
    response.json(faults.reset());
    topUp();
  });
  const topUp = (): void => act((tx, call) => settleShortRefunds(tx, call, ledger.all('refund')));
  routes.post('/disputes', (request, response) => {
    const wish = disputeWish.safeParse(jsonOf(request.body));
    const made = wish.success ? act((tx, call) => openDispute(tx, call, wish.data)) : undefined;
    if (made === undefined) response.status(422).json({ error: 'no charge to dispute' });
    else response.json(made);
  });
  routes.post('/disputes/:id/close', (request, response) => {
    const wish = closeWish.safeParse(jsonOf(request.body));
    const id = request.params.id;
    const closed = wish.success
      ? act((tx, call) => closeDispute(tx, call, id, wish.data.status))
      : undefined;
    if (closed === undefined) response.status(422).json({ error: 'no open dispute' });
    else response.json(closed);
  });
  routes.get('/ledger', (_request, response) => {
    response.json({
      payment_intents: ledger.all('intent').map(({ client_secret: _secret, ...intent }) => intent),
      charges: ledger.all('charge'),
      refunds: ledger.all('refund'),
      disputes: ledger.all('dispute'),
      deliveries: ledger.all('delivery'),
      events: ledger
        .all('event')
        .map(({ id, type, created, data }) => ({ id, type, created, object_id: data.object.id })),
    });
  });
  return routes;
}

function jsonOf(body: unknown): unknown {
  try {
    return typeof body === 'string' ? JSON.parse(body) : undefined;
  } catch {
    return undefined;
  }
}
