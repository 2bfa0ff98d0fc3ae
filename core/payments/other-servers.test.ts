import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { type Sandbox, startSandbox } from '../../sandbox/app.js';
import type { Payments } from './outcomes.js';
import { openPayments } from './stripe.js';

const secretKey = 'sk_test_usher';

/** A server that speaks an older version: what it doesn't know is refused before it runs. */
describe('payments against a server of before 2026-09-30', () => {
  let sandbox: Sandbox;
  let older: Server;
  let payments: Payments;
  let refused = 0;
  let missing: string | undefined;

  beforeEach(async () => {
    refused = 0;
    missing = undefined;
    sandbox = await startSandbox({ port: 0, secretKey });
    older = createServer(async (req, res) => {
      const chunks: Buffer[] = [];
      for await (const chunk of req) chunks.push(chunk as Buffer);
      const body = Buffer.concat(chunks);
      if (missing && req.url?.startsWith(missing))
        return answer(404, { type: 'invalid_request_error', message: 'No such route' });
      if (body.includes('allowed_payment_method_types')) {
        refused += 1;
        return answer(400, {
          type: 'invalid_request_error',
          code: 'parameter_unknown',
          message: 'Received unknown parameter: allowed_payment_method_types',
          param: 'allowed_payment_method_types',
        });
      }
      const { host: _, ...headers } = req.headers as Record<string, string>;
      const method = req.method ?? 'GET';
      const passed = method === 'GET' ? { method, headers } : { method, headers, body };
      const told = await fetch(`${sandbox.url}${req.url}`, passed);
      res.writeHead(told.status, { 'content-type': 'application/json' });
      res.end(await told.text());
      function answer(status: number, error: Record<string, string>): void {
        res.writeHead(status, { 'content-type': 'application/json' });
        res.end(JSON.stringify({ error }));
      }
    });
    await new Promise<void>((resolve) => older.listen(0, '127.0.0.1', resolve));
    const apiBase = `http://127.0.0.1:${(older.address() as AddressInfo).port}`;
    payments = openPayments({ secretKey, apiBase, webhookSecret: 'whsec_x', timeoutMs: 2_000 });
  });
  afterEach(async () => {
    payments.close();
    older.closeAllConnections();
    await new Promise((resolve) => older.close(resolve));
    await sandbox.close();
  });

  const pay = (key: string) =>
    payments.createIntent({
      amount: 48_000,
      currency: 'INR',
      idempotencyKey: key,
      metadata: { payment_id: key },
      paymentToken: 'pm_card_visa',
      returnUrl: 'http://localhost:3000/paid',
    });

  it('takes money for cards only, by the name that it knows, and asks no second time', async () => {
    expect(await pay('a')).toMatchObject({ kind: 'succeeded' });
    expect(await pay('b')).toMatchObject({ kind: 'succeeded' });
    expect(refused).toBe(1);
    expect(sandbox.ledger.all('charge').filter((one) => one.paid)).toHaveLength(2);
  });

  it('does not take a list that it has not for the word that nothing was paid', async () => {
    await pay('c');
    missing = '/v1/payment_intents?';
    const search = {
      key: 'payment_id',
      value: 'c',
      createdFrom: new Date(Date.now() - 60_000),
      createdTo: new Date(Date.now() + 60_000),
    };
    expect(await payments.findIntent(search)).toMatchObject({ kind: 'rejected' });
  });

  it('reads the books of a server that knows no disputes', async () => {
    await pay('d');
    missing = '/v1/disputes';
    const span = { from: new Date(Date.now() - 60_000), to: new Date(Date.now() + 60_000) };
    const books = await payments.readBooks(span);
    expect(books).toMatchObject({ payments: [{ kind: 'succeeded' }], disputes: [] });
    missing = '/v1/refunds';
    await expect(payments.readBooks(span)).rejects.toThrow('No such route');
  });
});
