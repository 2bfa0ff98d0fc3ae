import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { drainInbox } from '../processor/payments/reconciler.js';
import { signatureOf } from '../sandbox/webhooks.js';
import { holdSeats, seedShow, type TestHold, type TestShow } from '../test/support/fixtures.js';
import { chargesOf, rowsOf } from '../test/support/payment-rows.js';
import {
  openPaymentWorld,
  type PaymentWorld,
  webhookSecret,
} from '../test/support/payment-world.js';
import { until } from '../test/support/until.js';

describe('the payment webhook', () => {
  let world: PaymentWorld;
  let show: TestShow;

  beforeAll(async () => {
    world = await openPaymentWorld();
  });
  afterAll(() => world.close());
  beforeEach(async () => {
    world.sandbox.faults.reset();
    world.sandbox.faults.change({ webhooks: 'off' });
    show = await seedShow(world.stores);
  });

  const post = async (payload: string, secret = webhookSecret): Promise<number> => {
    const signature = signatureOf(payload, secret, Math.floor(Date.now() / 1000));
    const answer = await fetch(`${world.url}/api/v1/payments/webhook`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'stripe-signature': signature },
      body: payload,
    });
    return answer.status;
  };
  const inbox = (eventId: string) =>
    world.stores.catalog.rows<{ waiting: number | null; settled_at: Date | null }>(
      'SELECT waiting, settled_at FROM inbox WHERE event_id = ?',
      [eventId],
    );
  /** A fan who finished 3-D Secure, and the event about it that was never delivered. */
  const paid = async (): Promise<{ held: TestHold; eventId: string; payload: string }> => {
    const held = await holdSeats(world.stores, show);
    const asked = await world.confirm(held, 'pm_card_authenticationRequired', 'key');
    await world.answerChallenge(String(asked.body.next_action_url), 'complete');
    const event = world.sandbox.ledger
      .all('event')
      .findLast((one) => one.type === 'payment_intent.succeeded');
    return { held, eventId: event?.id ?? '', payload: JSON.stringify(event) };
  };

  it('has one effect for an event that comes a hundred times at once', async () => {
    const { held, eventId, payload } = await paid();
    const statuses = await Promise.all(Array.from({ length: 100 }, () => post(payload)));
    expect(new Set(statuses)).toEqual(new Set([200]));
    await until(async () => (await inbox(eventId))[0]?.settled_at, { what: 'the event' });
    expect(await inbox(eventId)).toHaveLength(1);
    expect(await rowsOf(world.stores, held)).toMatchObject({
      reservation: 'BOOKED',
      payments: ['SUCCEEDED'],
      tickets: 2,
      outbox: ['payment_needed', 'fan_booking', 'ticket_mail'],
    });
    expect(chargesOf(world.sandbox, held)).toEqual([48_000]);
  });

  it('refuses a bad signature and stores nothing of it', async () => {
    const { held, eventId, payload } = await paid();
    expect(await post(payload, 'whsec_wrong')).toBe(400);
    expect(await inbox(eventId)).toHaveLength(0);
    expect((await rowsOf(world.stores, held)).reservation).toBe('PAYING');
  });

  it('says nothing is received while it cannot be stored, so that the provider repeats', async () => {
    const { held, eventId, payload } = await paid();
    const { catalog } = world.stores;
    await catalog.change('RENAME TABLE inbox TO inbox_away');
    const refused = await post(payload).finally(() =>
      catalog.change('RENAME TABLE inbox_away TO inbox'),
    );
    expect(refused).toBeGreaterThanOrEqual(500);
    expect(await inbox(eventId)).toEqual([]);
    expect(await post(payload)).toBe(200);
    await until(async () => (await inbox(eventId))[0]?.settled_at, { what: 'the event' });
    expect((await rowsOf(world.stores, held)).reservation).toBe('BOOKED');
  });

  it('keeps what is not ours without waiting for it', async () => {
    const { payload } = await paid();
    const event = JSON.parse(payload) as { id: string; data: { object: { metadata: unknown } } };
    event.id = `evt_foreign_${randomBytes(4).toString('hex')}`;
    event.data.object.metadata = { order: 'of another shop' };
    expect(await post(JSON.stringify(event))).toBe(200);
    expect(await inbox(event.id)).toMatchObject([{ waiting: null }]);
  });

  it('leaves an event to the reconciler when the provider cannot be asked', async () => {
    const { held, eventId, payload } = await paid();
    world.sandbox.faults.change({ rate_limited: 1 });
    expect(await post(payload)).toBe(200);
    await until(() => world.sandbox.faults.settings().rate_limited === 0, { what: 'the refusals' });
    expect(await inbox(eventId)).toMatchObject([{ waiting: 1 }]);
    await world.stores.catalog.change('UPDATE inbox SET due_at = NOW(3) WHERE event_id = ?', [
      eventId,
    ]);
    await drainInbox(world.deps);
    expect(await inbox(eventId)).toMatchObject([{ waiting: null }]);
    expect((await rowsOf(world.stores, held)).reservation).toBe('BOOKED');
  });

  it('does not believe an event that names an attempt of another database', async () => {
    const first = await paid();
    const second = await holdSeats(world.stores, show, { seats: [4, 5] });
    await world.confirm(second, 'pm_card_authenticationRequired', 'key');
    const event = JSON.parse(first.payload) as {
      id: string;
      data: { object: { metadata: Record<string, string> } };
    };
    const intent = world.sandbox.ledger.all('intent').at(-1);
    event.id = `evt_forged_${randomBytes(4).toString('hex')}`;
    event.data.object.metadata = { ...intent?.metadata };
    expect(await post(JSON.stringify(event))).toBe(200);
    await until(async () => (await inbox(event.id))[0]?.settled_at, { what: 'the event' });
    expect((await rowsOf(world.stores, second)).reservation).toBe('PAYING');
  });
});
