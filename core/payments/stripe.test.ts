import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { type Sandbox, startSandbox } from '../../sandbox/app.js';
import { signatureOf } from '../../sandbox/webhooks.js';
import type { PaymentOutcome, Payments } from './outcomes.js';
import { openPayments } from './stripe.js';

const secretKey = 'sk_test_usher';
const webhookSecret = 'whsec_test';

describe('payments against the sandbox', () => {
  let sandbox: Sandbox;
  let payments: Payments;

  beforeEach(async () => {
    sandbox = await startSandbox({ port: 0, secretKey });
    payments = openPayments({ secretKey, apiBase: sandbox.url, webhookSecret, timeoutMs: 2_000 });
  });
  afterEach(async () => {
    payments.close();
    await sandbox.close();
  });

  const pay = (paymentToken: string, key = 'pay_1_1'): Promise<PaymentOutcome> =>
    payments.createIntent({
      amount: 48_000,
      currency: 'INR',
      idempotencyKey: key,
      metadata: { payment_id: key },
      paymentToken,
      returnUrl: 'http://localhost:3000/paid',
    });
  const idOf = (outcome: PaymentOutcome): string => {
    if (!('intentId' in outcome) || outcome.intentId === undefined) {
      throw new Error(`no intent in ${outcome.kind}`);
    }
    return outcome.intentId;
  };
  const chargesPaid = (): number => sandbox.ledger.all('charge').filter((one) => one.paid).length;
  const window = () => ({
    createdFrom: new Date(Date.now() - 60_000),
    createdTo: new Date(Date.now() + 60_000),
  });

  it('takes the money of a good card, in minor units', async () => {
    expect(await pay('pm_card_visa')).toMatchObject({
      kind: 'succeeded',
      received: { amount: 48_000, currency: 'INR' },
      metadata: { payment_id: 'pay_1_1' },
    });
  });

  it('says why a card was declined, and keeps the intent', async () => {
    const outcome = await pay('pm_card_chargeDeclined');
    expect(outcome).toMatchObject({ kind: 'declined', code: 'card_declined' });
    expect(await payments.retrieveIntent(idOf(outcome))).toEqual(outcome);
    const poor = await pay('pm_card_chargeDeclinedInsufficientFunds', 'pay_1_2');
    expect(poor).toMatchObject({ kind: 'declined', code: 'insufficient_funds' });
    expect(chargesPaid()).toBe(0);
  });

  it('declines a token that the provider does not know', async () => {
    expect(await pay('pm_card_of_nobody')).toEqual({
      kind: 'declined',
      code: 'invalid_payment_token',
    });
  });

  it.each([
    ['complete', { kind: 'succeeded' }],
    ['fail', { kind: 'declined', code: 'payment_intent_authentication_failure' }],
  ])('asks for 3-D Secure, and hears the fan %s it', async (verdict, expected) => {
    const asked = await pay('pm_card_authenticationRequired');
    if (asked.kind !== 'requires_action') throw new Error(asked.kind);
    expect(asked.clientSecret).toContain(asked.intentId);
    const page = await fetch(asked.nextActionUrl ?? '');
    expect(await page.text()).toContain('Approve the payment');
    const answer = await fetch(`${sandbox.url}/3ds/${asked.intentId}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ client_secret: asked.clientSecret, verdict }),
    });
    expect(answer.headers.get('access-control-allow-origin')).toBe('*');
    expect(await payments.retrieveIntent(asked.intentId)).toMatchObject(expected);
  });

  it('leads the fan back to the return address after the form', async () => {
    const asked = await pay('pm_card_authenticationRequired');
    if (asked.kind !== 'requires_action') throw new Error(asked.kind);
    const answer = await fetch(`${sandbox.url}/3ds/${asked.intentId}`, {
      method: 'POST',
      redirect: 'manual',
      body: new URLSearchParams({
        client_secret: asked.clientSecret,
        return_url: 'http://localhost:3000/paid?booking=1',
        verdict: 'complete',
      }),
    });
    const target = new URL(answer.headers.get('location') ?? '');
    expect(answer.status).toBe(303);
    expect(Object.fromEntries(target.searchParams)).toMatchObject({
      booking: '1',
      payment_intent: asked.intentId,
      redirect_status: 'succeeded',
    });
  });

  it('refuses a 3-D Secure answer without the client secret', async () => {
    const asked = await pay('pm_card_authenticationRequired');
    const answer = await fetch(`${sandbox.url}/3ds/${idOf(asked)}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ client_secret: 'guess', verdict: 'complete' }),
    });
    expect(answer.status).toBe(404);
    expect(await payments.retrieveIntent(idOf(asked))).toMatchObject({ kind: 'requires_action' });
  });

  it('charges once for a repeated key, and refuses the key for other values', async () => {
    const [first, again] = [await pay('pm_card_visa'), await pay('pm_card_visa')];
    expect(again).toEqual(first);
    expect(chargesPaid()).toBe(1);
    expect(await pay('pm_card_mastercard')).toMatchObject({ kind: 'rejected' });
    expect(chargesPaid()).toBe(1);
  });

  it('gives a declined answer again under the same key', async () => {
    const first = await pay('pm_card_chargeDeclined');
    expect(await pay('pm_card_chargeDeclined')).toEqual(first);
    expect(sandbox.ledger.all('intent')).toHaveLength(1);
  });

  it('charges once for the same request many times at once', async () => {
    sandbox.faults.change({ slow_ms: 50 });
    const outcomes = await Promise.all(Array.from({ length: 8 }, () => pay('pm_card_visa')));
    const kinds = outcomes.map((outcome) => outcome.kind);
    expect(new Set(kinds)).toEqual(new Set(['succeeded', 'unknown']));
    expect(chargesPaid()).toBe(1);
  });

  it('cancels an open payment, and says succeeded when it is too late', async () => {
    const open = await pay('pm_card_authenticationRequired');
    expect(await payments.cancelIntent(idOf(open))).toMatchObject({ kind: 'cancelled' });
    expect(await payments.cancelIntent(idOf(open))).toMatchObject({ kind: 'cancelled' });
    const paid = await pay('pm_card_visa', 'pay_1_2');
    expect(await payments.cancelIntent(idOf(paid))).toEqual(paid);
  });

  it('finds a payment again whose answer was a 500 after the effect', async () => {
    sandbox.faults.change({ error_500_after_effect: 1 });
    expect(await pay('pm_card_visa')).toMatchObject({ kind: 'unknown', reason: 'status_500' });
    // The stored answer is the 500, so repeating the key says no more; the list does.
    expect(await pay('pm_card_visa')).toMatchObject({ kind: 'unknown' });
    const found = await payments.findIntent({ key: 'payment_id', value: 'pay_1_1', ...window() });
    expect(found).toMatchObject({ kind: 'succeeded' });
    expect(await payments.retrieveIntent(idOf(found))).toEqual(found);
    expect(chargesPaid()).toBe(1);
  });

  it('learns of a payment whose answer was lost by repeating the key', async () => {
    payments.close();
    payments = openPayments({ secretKey, apiBase: sandbox.url, webhookSecret, timeoutMs: 150 });
    sandbox.faults.change({ slow_answer_ms: 600 });
    expect(await pay('pm_card_visa')).toMatchObject({ kind: 'unknown', reason: 'no_answer' });
    sandbox.faults.reset();
    expect(await pay('pm_card_visa')).toMatchObject({ kind: 'succeeded' });
    expect(chargesPaid()).toBe(1);
  });

  it('charges once when the connection is cut after the effect', async () => {
    sandbox.faults.change({ no_answer: 1 });
    // The SDK repeats a cut connection once under the same key, and gets the stored answer.
    expect(await pay('pm_card_visa')).toMatchObject({ kind: 'succeeded' });
    expect(chargesPaid()).toBe(1);
  });

  it('finds nothing where nothing was charged', async () => {
    await Promise.all(Array.from({ length: 15 }, (_, no) => pay('pm_card_visa', `pay_2_${no}`)));
    const search = { key: 'payment_id', ...window() };
    expect(await payments.findIntent({ ...search, value: 'pay_9_9' })).toEqual({
      kind: 'not_found',
    });
    expect(await payments.findIntent({ ...search, value: 'pay_2_0' })).toMatchObject({
      kind: 'succeeded',
    });
    expect(await payments.retrieveIntent('pi_none')).toEqual({ kind: 'not_found' });
  });

  it('sees a slow payment as processing until it ends, and cannot cancel it', async () => {
    sandbox.faults.change({ processing_ms: 300 });
    const pending = await pay('pm_card_pending');
    expect(pending).toMatchObject({ kind: 'processing' });
    expect(await payments.cancelIntent(idOf(pending))).toMatchObject({ kind: 'processing' });
    let last = pending;
    while (last.kind === 'processing') last = await payments.retrieveIntent(idOf(pending));
    expect(last).toMatchObject({ kind: 'succeeded' });
  });

  it('refunds in part, once per key, and never more than was paid', async () => {
    const intentId = idOf(await pay('pm_card_visa'));
    const part = {
      intentId,
      amount: 20_000,
      idempotencyKey: 'ref_1',
      metadata: { refund_id: '1' },
    };
    const first = await payments.refund(part);
    expect(first).toMatchObject({ kind: 'refunded', intentId, amount: { amount: 20_000 } });
    expect(await payments.refund(part)).toEqual(first);
    const tooMuch = await payments.refund({ ...part, amount: 40_000, idempotencyKey: 'ref_2' });
    expect(tooMuch).toMatchObject({ kind: 'rejected' });
    const rest = await payments.refund({ ...part, amount: 28_000, idempotencyKey: 'ref_3' });
    expect(rest).toMatchObject({ kind: 'refunded' });
    expect(await payments.refund({ ...part, idempotencyKey: 'ref_4' })).toEqual({
      kind: 'rejected',
      code: 'charge_already_refunded',
    });
    expect(sandbox.ledger.all('charge')[0]).toMatchObject({ amount_refunded: 48_000 });
  });

  it('stops calling a provider that fails, and counts declined cards as answers', async () => {
    for (let no = 0; no < 15; no += 1) await pay('pm_card_chargeDeclined', `pay_3_${no}`);
    expect(payments.breakerState()).toBe('closed');
    sandbox.faults.change({ error_500_before_effect: 1_000 });
    let outcome: PaymentOutcome = { kind: 'not_found' };
    for (let no = 0; no < 40 && outcome.kind !== 'unavailable'; no += 1) {
      outcome = await pay('pm_card_visa', `pay_4_${no}`);
    }
    expect(outcome).toEqual({ kind: 'unavailable', reason: 'breaker_open' });
    expect(payments.breakerState()).toBe('open');
  });

  it('calls a rate limit unavailable, since nothing happened', async () => {
    sandbox.faults.change({ rate_limited: 1 });
    expect(await pay('pm_card_visa')).toEqual({ kind: 'unavailable', reason: 'rate_limited' });
    expect(sandbox.ledger.all('intent')).toHaveLength(0);
  });

  it('rejects a wrong key without trying again', async () => {
    const stranger = openPayments({
      secretKey: 'sk_test_other',
      apiBase: sandbox.url,
      webhookSecret,
      timeoutMs: 2_000,
    });
    expect(await stranger.retrieveIntent('pi_1')).toMatchObject({ kind: 'rejected' });
    stranger.close();
  });

  it('refuses an API base with a path', () => {
    expect(() =>
      openPayments({ secretKey, apiBase: 'http://x/y', webhookSecret, timeoutMs: 1 }),
    ).toThrow('STRIPE_API_BASE');
  });

  describe('webhook messages', () => {
    const now = (): number => Math.floor(Date.now() / 1000);
    const eventOf = (type: string): string => {
      const event = sandbox.ledger.all('event').find((one) => one.type === type);
      return JSON.stringify(event);
    };

    it('reads a signed payment and a signed refund', async () => {
      const intentId = idOf(await pay('pm_card_visa'));
      await payments.refund({ intentId, amount: 100, idempotencyKey: 'r', metadata: {} });
      const paid = eventOf('payment_intent.succeeded');
      expect(
        payments.parseWebhook(Buffer.from(paid), signatureOf(paid, webhookSecret, now())),
      ).toMatchObject({
        kind: 'payment',
        type: 'payment_intent.succeeded',
        payment: { kind: 'succeeded', intentId, metadata: { payment_id: 'pay_1_1' } },
      });
      const back = eventOf('refund.created');
      expect(
        payments.parseWebhook(Buffer.from(back), signatureOf(back, webhookSecret, now())),
      ).toMatchObject({ kind: 'refund', refund: { kind: 'refunded', intentId } });
      const other = eventOf('charge.succeeded');
      expect(
        payments.parseWebhook(Buffer.from(other), signatureOf(other, webhookSecret, now())),
      ).toMatchObject({ kind: 'ignored' });
    });

    it('refuses a wrong secret, a changed byte, an old and a missing signature', async () => {
      await pay('pm_card_visa');
      const payload = eventOf('payment_intent.succeeded');
      const body = Buffer.from(payload);
      const good = signatureOf(payload, webhookSecret, now());
      const refused = { kind: 'bad_signature' };
      expect(payments.parseWebhook(body, signatureOf(payload, 'whsec_x', now()))).toEqual(refused);
      expect(payments.parseWebhook(Buffer.from(payload.replace('48000', '1')), good)).toEqual(
        refused,
      );
      expect(payments.parseWebhook(body, signatureOf(payload, webhookSecret, now() - 301))).toEqual(
        refused,
      );
      expect(payments.parseWebhook(body, '')).toEqual(refused);
    });
  });
});
