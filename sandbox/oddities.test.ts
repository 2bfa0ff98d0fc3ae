// What makes a provider hard to live with: effects that come late, events in any order, disputes.

import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { until } from '../test/support/until.js';
import { type Sandbox, startSandbox } from './app.js';
import type { StripeEvent } from './objects.js';

const secretKey = 'sk_test_usher';

describe('the oddities of the sandbox', () => {
  let sandbox: Sandbox;
  let endpoint: Server;
  let heard: string[];

  beforeEach(async () => {
    heard = [];
    endpoint = createServer(async (request, response) => {
      const chunks: Buffer[] = [];
      for await (const chunk of request) chunks.push(chunk as Buffer);
      heard.push((JSON.parse(Buffer.concat(chunks).toString()) as StripeEvent).id);
      response.end();
    });
    await new Promise<void>((resolve) => endpoint.listen(0, '127.0.0.1', resolve));
    const url = `http://127.0.0.1:${(endpoint.address() as AddressInfo).port}/`;
    sandbox = await startSandbox({ port: 0, secretKey, webhook: { url, secret: 'whsec_x' } });
  });
  afterEach(async () => {
    await sandbox.close();
    endpoint.closeAllConnections();
    await new Promise((resolve) => endpoint.close(resolve));
  });

  const pay = async (method: string): Promise<Record<string, unknown>> => {
    const answer = await fetch(`${sandbox.url}/v1/payment_intents`, {
      method: 'POST',
      headers: { authorization: `Bearer ${secretKey}`, 'idempotency-key': `key-${method}` },
      body: new URLSearchParams({
        ...{ amount: '48000', currency: 'inr', confirm: 'true', payment_method: method },
      }),
    });
    return (await answer.json()) as Record<string, unknown>;
  };

  it('late_success: cuts the call off, charges later, and then answers the same key', async () => {
    sandbox.faults.change({ late_success: 1, late_ms: 150 });
    await expect(pay('pm_card_visa')).rejects.toThrow();
    expect(sandbox.ledger.all('charge')).toEqual([]);
    await until(() => sandbox.ledger.all('charge').length === 1, { what: 'the late charge' });
    expect(await pay('pm_card_visa')).toMatchObject({ status: 'succeeded' });
    expect(sandbox.ledger.all('charge')).toHaveLength(1);
  });

  it('shuffled: delivers every event once, and not in the order in which they came', async () => {
    sandbox.faults.change({ webhooks: 'shuffled', webhook_delay_ms: 300 });
    await Promise.all(
      ['pm_card_visa', 'pm_card_mastercard', 'pm_card_pendingRefund', 'pm_card_refundFail'].map(
        pay,
      ),
    );
    const made = sandbox.ledger.all('event').map(({ id }) => id);
    expect(made.length).toBeGreaterThan(7);
    await until(() => heard.length === made.length, { what: 'all events' });
    expect([...heard].sort()).toEqual([...made].sort());
    expect(heard).not.toEqual(made);
  });

  it('the dispute card: is charged, disputed at once, and can be refunded by nobody', async () => {
    const paid = await pay('pm_card_createDispute');
    expect(paid.status).toBe('succeeded');
    await until(() => sandbox.ledger.all('dispute').length === 1, { what: 'the dispute' });
    expect(sandbox.ledger.all('dispute')).toMatchObject([
      { amount: 48_000, payment_intent: paid.id, status: 'needs_response' },
    ]);
    const kinds = sandbox.ledger.all('event').map(({ type }) => type);
    expect(kinds).toContain('charge.dispute.created');
    const refund = await fetch(`${sandbox.url}/v1/refunds`, {
      method: 'POST',
      headers: { authorization: `Bearer ${secretKey}` },
      body: new URLSearchParams({ payment_intent: String(paid.id) }),
    });
    expect(await refund.json()).toMatchObject({ error: { code: 'charge_disputed' } });
    const list = async (query: string): Promise<string[]> => {
      const answer = await fetch(`${sandbox.url}/v1/disputes?${query}`, {
        headers: { authorization: `Bearer ${secretKey}` },
      });
      const { data } = (await answer.json()) as { data: { id: string }[] };
      return data.map(({ id }) => id);
    };
    const [made] = sandbox.ledger.all('dispute');
    const since = `created[gte]=${made?.created}`;
    expect(await list(`${since}&payment_intent=${String(paid.id)}`)).toEqual([made?.id]);
    expect(await list(`created[lt]=${made?.created}`)).toEqual([]);
    expect(await list('charge=ch_other')).toEqual([]);
  });
});
