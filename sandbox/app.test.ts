import { appendFileSync, mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { type Sandbox, type SandboxSettings, startSandbox } from './app.js';
import type { StripeEvent } from './objects.js';
import { signatureOf } from './webhooks.js';

const secretKey = 'sk_test_usher';
const secret = 'whsec_sandbox';

type Answer = { status: number; headers: Headers; body: Record<string, unknown> };
type Hook = { event: StripeEvent; signed: boolean };

/** An endpoint that keeps what it hears, and refuses as many posts as it is told to. */
async function openEndpoint(): Promise<{
  url: string;
  heard: Hook[];
  refuse: (times: number) => void;
  hears: (enough: (hooks: Hook[]) => boolean) => Promise<Hook[]>;
  close: () => Promise<void>;
}> {
  const heard: Hook[] = [];
  const waiting: { enough: (hooks: Hook[]) => boolean; done: (hooks: Hook[]) => void }[] = [];
  let refusals = 0;
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const payload = Buffer.concat(chunks).toString();
      const header = String(request.headers['stripe-signature']);
      const seconds = Number(/t=(\d+)/.exec(header)?.[1]);
      response.statusCode = refusals > 0 ? 500 : 200;
      refusals = Math.max(0, refusals - 1);
      response.end();
      if (response.statusCode !== 200) return;
      const event = JSON.parse(payload) as StripeEvent;
      heard.push({ event, signed: signatureOf(payload, secret, seconds) === header });
      for (const one of waiting) if (one.enough(heard)) one.done(heard);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`,
    heard,
    refuse: (times) => {
      refusals = times;
    },
    hears: (enough) =>
      enough(heard)
        ? Promise.resolve(heard)
        : new Promise((done) => waiting.push({ enough, done })),
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

describe('the sandbox', () => {
  let folder = '';
  let sandbox: Sandbox;
  let endpoint: Awaited<ReturnType<typeof openEndpoint>>;

  const start = async (changed: Partial<SandboxSettings> = {}): Promise<void> => {
    sandbox = await startSandbox({
      port: 0,
      secretKey,
      dataPath: join(folder, 'ledger.jsonl'),
      webhook: { url: endpoint.url, secret },
      ...changed,
    });
  };
  const call = async (
    method: 'GET' | 'POST',
    path: string,
    form: Record<string, string> = {},
    key?: string,
  ): Promise<Answer> => {
    const response = await fetch(`${sandbox.url}${path}`, {
      method,
      headers: {
        authorization: `Bearer ${secretKey}`,
        ...(key === undefined ? {} : { 'idempotency-key': key }),
      },
      ...(method === 'POST' ? { body: new URLSearchParams(form) } : {}),
    });
    const body = (await response.json()) as Record<string, unknown>;
    return { status: response.status, headers: response.headers, body };
  };
  const pay = (method: string, key?: string): Promise<Answer> =>
    call(
      'POST',
      '/v1/payment_intents',
      {
        amount: '48000',
        currency: 'inr',
        confirm: 'true',
        payment_method: method,
        'metadata[payment_id]': 'pay_1',
      },
      key,
    );

  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'usher-sandbox-'));
    endpoint = await openEndpoint();
    await start();
  });
  afterEach(async () => {
    await sandbox.close();
    await endpoint.close();
    rmSync(folder, { recursive: true, force: true });
  });

  it('signs its events, and repeats one until it is taken', async () => {
    endpoint.refuse(2);
    const paid = await pay('pm_card_visa', 'key-1');
    const heard = await endpoint.hears((hooks) => hooks.length >= 3);
    expect(heard.map((one) => one.event.type).sort()).toEqual([
      'charge.succeeded',
      'payment_intent.created',
      'payment_intent.succeeded',
    ]);
    expect(heard.every((one) => one.signed)).toBe(true);
    const done = heard.find((one) => one.event.type === 'payment_intent.succeeded');
    expect(done?.event.data.object).toEqual(paid.body);
    expect(done?.event.request.idempotency_key).toBe('key-1');
  });

  it('doubles, drops and delays webhooks when told to', async () => {
    sandbox.faults.change({ webhooks: 'doubled' });
    await call('POST', '/v1/payment_intents', { amount: '1', currency: 'inr' });
    const twice = await endpoint.hears((hooks) => hooks.length >= 2);
    expect(twice[0]?.event.id).toBe(twice[1]?.event.id);
    sandbox.faults.change({ webhooks: 'off' });
    await call('POST', '/v1/payment_intents', { amount: '2', currency: 'inr' });
    sandbox.faults.change({ webhooks: 'delayed', webhook_delay_ms: 20 });
    await call('POST', '/v1/payment_intents', { amount: '3', currency: 'inr' });
    const heard = await endpoint.hears((hooks) => hooks.length >= 3);
    const amounts = heard.map(
      (one) => 'amount' in one.event.data.object && one.event.data.object.amount,
    );
    expect(amounts).toEqual([1, 1, 3]);
  });

  it('goes on after a restart: payments, keys, deliveries, and what was processing', async () => {
    sandbox.faults.change({ processing_ms: 600_000 });
    endpoint.refuse(1_000);
    const paid = await pay('pm_card_visa', 'key-1');
    const declined = await pay('pm_card_chargeDeclined', 'key-2');
    const pending = await pay('pm_card_pending', 'key-3');
    await sandbox.close();
    // A kill in mid-write leaves half a line behind.
    appendFileSync(join(folder, 'ledger.jsonl'), '[{"kind":"intent","value":{"id":"pi_ha');
    endpoint.refuse(0);
    await start({ faults: { processing_ms: 0 } });
    const again = await pay('pm_card_visa', 'key-1');
    expect(again.body).toEqual(paid.body);
    expect(again.headers.get('idempotent-replayed')).toBe('true');
    expect(await pay('pm_card_chargeDeclined', 'key-2')).toMatchObject({
      status: 402,
      body: declined.body,
    });
    // The two payments are told of, one from before the restart and one that ended after it.
    const settled = (hooks: Hook[]): string[] => {
      const done = hooks.filter((one) => one.event.type === 'payment_intent.succeeded');
      return [...new Set(done.map((one) => one.event.data.object.id))].sort();
    };
    const heard = await endpoint.hears((hooks) => settled(hooks).length >= 2);
    expect(settled(heard)).toEqual([paid.body.id, pending.body.id].sort());
    expect(sandbox.ledger.all('charge').filter((one) => one.paid)).toHaveLength(2);
  });

  it('answers 409 while the first request under a key is running', async () => {
    sandbox.faults.change({ slow_ms: 200 });
    const answers = await Promise.all([pay('pm_card_visa', 'k'), pay('pm_card_visa', 'k')]);
    expect(answers.map((one) => one.status).sort()).toEqual([200, 409]);
    expect(sandbox.ledger.all('charge')).toHaveLength(1);
  });

  it('tells other parameters under a key, and forgets a malformed first try', async () => {
    const malformed = await call(
      'POST',
      '/v1/payment_intents',
      { amount: 'x', currency: 'inr' },
      'k',
    );
    expect(malformed).toMatchObject({
      status: 400,
      body: { error: { type: 'invalid_request_error', param: 'amount' } },
    });
    expect((await pay('pm_card_visa', 'k')).status).toBe(200);
    expect(await pay('pm_card_mastercard', 'k')).toMatchObject({
      status: 400,
      body: { error: { type: 'idempotency_error' } },
    });
  });

  it.each([
    ['no amount', { currency: 'inr' }, 'amount'],
    ['an amount of nothing', { amount: '0', currency: 'inr' }, 'amount'],
    ['a fraction', { amount: '1.5', currency: 'inr' }, 'amount'],
    ['no currency', { amount: '1' }, 'currency'],
    ['an unknown parameter', { amount: '1', currency: 'inr', colour: 'red' }, 'colour'],
    ['an unknown card', { amount: '1', currency: 'inr', payment_method: 'pm_x' }, 'payment_method'],
    ['a confirm without card', { amount: '1', currency: 'inr', confirm: 'true' }, 'payment_method'],
    ['a list as metadata', { amount: '1', currency: 'inr', 'metadata[]': 'x' }, 'metadata'],
  ])('refuses %s and keeps nothing', async (_what, form, param) => {
    const answer = await call('POST', '/v1/payment_intents', form as Record<string, string>);
    expect(answer).toMatchObject({ status: 400, body: { error: { param } } });
    expect(sandbox.ledger.all('intent')).toHaveLength(0);
  });

  it('authorises first and takes the money at the capture', async () => {
    const made = await call('POST', '/v1/payment_intents', {
      amount: '500',
      currency: 'inr',
      capture_method: 'manual',
      payment_method: 'pm_card_visa',
    });
    expect(made.body.status).toBe('requires_confirmation');
    const path = `/v1/payment_intents/${String(made.body.id)}`;
    expect((await call('POST', `${path}/confirm`)).body).toMatchObject({
      status: 'requires_capture',
      amount_received: 0,
    });
    expect((await call('POST', `${path}/capture`)).body).toMatchObject({
      status: 'succeeded',
      amount_received: 500,
    });
    expect(await call('POST', `${path}/cancel`)).toMatchObject({
      status: 400,
      body: {
        error: {
          code: 'payment_intent_unexpected_state',
          payment_intent: { status: 'succeeded' },
        },
      },
    });
    const full = await call('GET', `${path}?expand[]=latest_charge`);
    expect(full.body.latest_charge).toMatchObject({ object: 'charge', captured: true });
  });

  it('takes another card after a declined one', async () => {
    const declined = await pay('pm_card_chargeDeclined');
    const error = declined.body.error as { payment_intent: { id: string } };
    const path = `/v1/payment_intents/${error.payment_intent.id}/confirm`;
    expect((await call('POST', path, { payment_method: 'pm_card_visa' })).body).toMatchObject({
      status: 'succeeded',
      last_payment_error: null,
    });
  });

  it('lists newest first, page by page', async () => {
    for (const amount of ['1', '2', '3']) {
      await call('POST', '/v1/payment_intents', { amount, currency: 'inr' });
    }
    const first = await call('GET', '/v1/payment_intents?limit=2');
    const data = first.body.data as { id: string; amount: number }[];
    expect(data.map((one) => one.amount)).toEqual([3, 2]);
    expect(first.body.has_more).toBe(true);
    const rest = await call('GET', `/v1/payment_intents?limit=2&starting_after=${data[1]?.id}`);
    expect(rest.body).toMatchObject({ has_more: false, data: [{ amount: 1 }] });
    const none = await call('GET', '/v1/payment_intents?created[lt]=1000');
    expect(none.body.data).toEqual([]);
    const events = await call('GET', '/v1/events?type=payment_intent.created&limit=1');
    expect(events.body).toMatchObject({ has_more: true, data: [{ object: 'event' }] });
  });

  it('asks for its key, and answers unknown paths in its own shape', async () => {
    const bare = await fetch(`${sandbox.url}/v1/payment_intents`);
    expect(bare.status).toBe(401);
    expect(await call('GET', '/v1/unheard_of')).toMatchObject({
      status: 404,
      body: { error: { type: 'invalid_request_error' } },
    });
    expect((await call('GET', '/v1/payment_intents/pi_none')).body).toMatchObject({
      error: { code: 'resource_missing' },
    });
  });

  it('shows auditors every charge and refund, and takes its switches by HTTP', async () => {
    const paid = await pay('pm_card_visa');
    await call('POST', '/v1/refunds', { payment_intent: String(paid.body.id), amount: '8000' });
    const ledger = await fetch(`${sandbox.url}/_sandbox/ledger`);
    expect(await ledger.json()).toMatchObject({
      payment_intents: [{ metadata: { payment_id: 'pay_1' }, amount_received: 48_000 }],
      charges: [{ amount_refunded: 8_000, refunded: false }],
      refunds: [{ amount: 8_000, payment_intent: paid.body.id }],
    });
    const switchTo = (body: string): Promise<Response> =>
      fetch(`${sandbox.url}/_sandbox/faults`, { method: 'POST', body });
    expect((await switchTo('{"error_500_after_effect":1}')).status).toBe(200);
    expect((await pay('pm_card_visa')).status).toBe(500);
    expect((await pay('pm_card_visa')).status).toBe(200);
    expect((await switchTo('{"nonsense":1}')).status).toBe(422);
    expect((await switchTo('x')).status).toBe(422);
  });
});
