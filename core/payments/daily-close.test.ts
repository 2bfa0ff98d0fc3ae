import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { closeOnce } from '../../processor/payments/closing.js';
import { drainRefunds } from '../../processor/payments/reconciler.js';
import { holdSeats, seedShow, type TestHold, type TestShow } from '../../test/support/fixtures.js';
import { chargesOf, rowsOf } from '../../test/support/payment-rows.js';
import { openPaymentWorld, type PaymentWorld } from '../../test/support/payment-world.js';
import { until } from '../../test/support/until.js';
import { askClose, readClose } from '../store/catalog/payment-closes.js';
import { listOpenIssues } from '../store/catalog/payment-issues.js';
import { beginPayment } from '../store/shard/begin-payment.js';
import { giveBack } from '../store/shard/give-back.js';
import { readPayments } from '../store/shard/payments.js';
import { changeShow } from '../store/shard/show-change.js';
import { closeDay } from './daily-close.js';
import { chargeAttempt } from './settling.js';

const today = new Date().toISOString().slice(0, 10);

describe('the daily close', () => {
  let world: PaymentWorld;
  let show: TestShow;

  beforeAll(async () => {
    world = await openPaymentWorld();
  });
  afterAll(() => world.close());
  beforeEach(async () => {
    world.sandbox.faults.reset();
    world.sandbox.faults.change({ webhooks: 'off' });
    show = await seedShow(world.stores, { seats: 20 });
  });

  const shardOf = () => world.stores.shards.forShow(show.showId);
  const book = async (seats: number[]): Promise<TestHold> => {
    const held = await holdSeats(world.stores, show, { seats });
    expect((await world.confirm(held, 'pm_card_visa', 'key')).status).toBe(201);
    return held;
  };
  const intentOf = async (held: TestHold): Promise<string> =>
    (await readPayments(await shardOf(), held.showId, held.reservationId)).at(-1)?.intentId ?? '';
  const refund = async (held: TestHold, amount: number): Promise<void> => {
    const wish = { bookingId: held.reservationId, amount };
    await changeShow(await shardOf(), held.showId, (change) => giveBack(change, wish));
    for (const shardId of world.stores.shards.ids()) await drainRefunds(world.deps, shardId);
  };
  /** A call of Stripe's API beside Usher, such as from the provider's dashboard. */
  const byHand = async (path: string, form: Record<string, string>): Promise<{ id: string }> => {
    const answer = await fetch(`${world.sandbox.url}/v1/${path}`, {
      method: 'POST',
      headers: {
        authorization: 'Bearer sk_test_usher',
        'content-type': 'application/x-www-form-urlencoded',
      },
      body: new URLSearchParams(form).toString(),
    });
    return (await answer.json()) as { id: string };
  };
  const issueOf = async (objectId: string) =>
    (await listOpenIssues(world.stores.catalog, 1_000)).find((one) => one.objectId === objectId);

  it('finds nothing where the books agree, and says what it compared', async () => {
    await askClose(world.stores.catalog, today, 'test');
    const before = await closeDay(world.deps, today);
    const held = await book([0, 1]);
    await refund(held, 8_000);
    expect(await closeDay(world.deps, today)).toBe(before);
    const close = await readClose(world.stores.catalog, today);
    const totals = close?.totals?.find((one) => one.currency === 'INR');
    expect(totals?.charged_ours).toBe(totals?.charged_theirs);
    expect(totals?.refunded_ours).toBe(8_000);
    expect(totals?.refunded_theirs).toBe(8_000);
  });

  it('settles a charge that nobody had heard of', async () => {
    const held = await holdSeats(world.stores, show);
    const wish = { ...held, idemKey: 'key', paymentToken: 'pm_card_visa' };
    const shard = await shardOf();
    const { result } = await changeShow(shard, held.showId, (one) => beginPayment(one, wish));
    if (result.kind !== 'begun') throw new Error(result.kind);
    await chargeAttempt(world.deps, result.payment);
    await closeDay(world.deps, today);
    expect(await rowsOf(world.stores, held)).toMatchObject({ reservation: 'BOOKED', tickets: 2 });
    expect(await issueOf(await intentOf(held))).toBeUndefined();
  });

  it('lists money that no attempt asked for, until staff have dealt with it', async () => {
    const foreign = await byHand('payment_intents', {
      amount: '700',
      currency: 'inr',
      confirm: 'true',
      payment_method: 'pm_card_visa',
    });
    await closeDay(world.deps, today);
    const issue = await issueOf(foreign.id);
    expect(issue).toMatchObject({ kind: 'foreign_charge', theirs: 700, ours: 0, day: today });
    const list = await world.callStaff('GET', '/staff/payments?unsettled=true');
    expect(list.text).toContain(foreign.id);
    const path = `/staff/payments/issues/${issue?.issueId}/resolve`;
    expect((await world.callStaff('POST', path, { note: 'a gift card' })).status).toBe(204);
    expect((await world.callStaff('POST', path, { note: 'again' })).status).toBe(404);
    await closeDay(world.deps, today);
    expect(await issueOf(foreign.id)).toBeUndefined();
  });

  it('lists a refund that was made at the provider itself', async () => {
    const held = await book([2]);
    const made = await byHand('refunds', {
      payment_intent: await intentOf(held),
      amount: '100',
    });
    await closeDay(world.deps, today);
    expect(await issueOf(made.id)).toMatchObject({ kind: 'foreign_refund', theirs: 100 });
  });

  it('lists another amount and money that the provider lacks, and forgets what is mended', async () => {
    const [other, lost] = [await book([3]), await book([4])];
    const change = async (held: TestHold, sql: string, value: string | number): Promise<void> => {
      await (await shardOf()).change(
        `UPDATE payment SET ${sql} WHERE show_id = ? AND reservation_id = ?`,
        [value, held.showId, held.reservationId],
      );
    };
    const [otherId, lostId] = [await intentOf(other), await intentOf(lost)];
    await change(other, 'received_amount = ?', 23_000);
    await change(lost, 'intent_id = ?', 'pi_gone');
    await closeDay(world.deps, today);
    expect(await issueOf(otherId)).toMatchObject({ kind: 'charge_amount', ours: 23_000 });
    expect(await issueOf('pi_gone')).toMatchObject({ kind: 'charge_missing', theirs: 0 });
    await change(other, 'received_amount = ?', 24_000);
    await change(lost, 'intent_id = ?', lostId);
    await closeDay(world.deps, today);
    expect(await issueOf(otherId)).toBeUndefined();
    expect(await issueOf('pi_gone')).toBeUndefined();
    expect(chargesOf(world.sandbox, lost)).toEqual([24_000]);
  });

  it('puts a dispute before staff, and takes it off the list when it is won', async () => {
    world.sandbox.faults.change({ webhooks: 'on' });
    const held = await book([5]);
    const control = async (path: string, body: unknown): Promise<{ id: string }> => {
      const answer = await fetch(`${world.sandbox.url}/_sandbox/${path}`, {
        method: 'POST',
        body: JSON.stringify(body),
      });
      return (await answer.json()) as { id: string };
    };
    const dispute = await control('disputes', { payment_intent: await intentOf(held) });
    await until(async () => (await issueOf(dispute.id)) !== undefined, { what: 'the dispute' });
    expect(await issueOf(dispute.id)).toMatchObject({ kind: 'dispute', theirs: 24_000 });
    await control(`disputes/${dispute.id}/close`, { status: 'won' });
    await until(async () => (await issueOf(dispute.id)) === undefined, { what: 'its end' });
    expect((await rowsOf(world.stores, held)).tickets).toBe(1);
  });

  it('runs when staff ask, again and again, and waits while the provider is away', async () => {
    const { catalog } = world.stores;
    const asked = await world.callStaff('POST', '/staff/payments/reconcile', { day: today });
    expect(asked).toMatchObject({ status: 202, body: { state: 'waiting', day: today } });
    world.sandbox.faults.change({ rate_limited: 100 });
    await closeOnce(world.deps);
    expect(await readClose(catalog, today)).toMatchObject({ state: 'WAITING' });
    world.sandbox.faults.reset();
    await catalog.change('UPDATE payment_close SET due_at = NOW(3) WHERE waiting = 1');
    while (await closeOnce(world.deps)) {
      // Yesterday's close is asked for by itself.
    }
    const done = await world.callStaff('GET', `/staff/payments/reconcile/${today}`);
    expect(done.body).toMatchObject({ state: 'done', error: null });
    await askClose(catalog, today, 'ops');
    expect(await readClose(catalog, today)).toMatchObject({ state: 'WAITING' });
    const tomorrow = new Date(Date.now() + 86_400_000).toISOString().slice(0, 10);
    const early = await world.callStaff('POST', '/staff/payments/reconcile', { day: tomorrow });
    expect(early.status).toBe(422);
  });
});
