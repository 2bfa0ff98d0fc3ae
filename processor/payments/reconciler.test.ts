import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { chargeAttempt, factOf, settleFact } from '../../core/payments/settling.js';
import { type Begun, beginPayment } from '../../core/store/shard/begin-payment.js';
import { type Payment, readPayments } from '../../core/store/shard/payments.js';
import { changeShow } from '../../core/store/shard/show-change.js';
import { holdSeats, seedShow, type TestHold, type TestShow } from '../../test/support/fixtures.js';
import { chargesOf, rowsOf } from '../../test/support/payment-rows.js';
import { openPaymentWorld, type PaymentWorld } from '../../test/support/payment-world.js';
import { until } from '../../test/support/until.js';
import { beginEnding, endAttempt } from './ending.js';
import { openReconciler, reconcileShard } from './reconciler.js';

/** Each case is scripted from the parts, so that a crash is simply the part that isn't called. */
describe('payments without webhooks', () => {
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

  const rows = (held: TestHold) => rowsOf(world.stores, held);
  const change = async (held: TestHold, sql: string): Promise<void> => {
    const shard = await world.stores.shards.forShow(held.showId);
    await shard.change(`${sql} WHERE show_id = ? AND reservation_id = ?`, [
      held.showId,
      held.reservationId,
    ]);
  };
  const past = 'NOW(3) - INTERVAL 1 SECOND';
  const timeIsOver = (held: TestHold) =>
    change(held, `UPDATE reservation SET expires_at = ${past}, due_at = ${past}`);
  const attemptIsOld = (held: TestHold) =>
    change(held, 'UPDATE payment SET created_at = created_at - INTERVAL 30 SECOND');
  const begin = async (held: TestHold, paymentToken = 'pm_card_visa'): Promise<Begun> => {
    const shard = await world.stores.shards.forShow(held.showId);
    const wish = { ...held, idemKey: 'key', paymentToken };
    return (await changeShow(shard, held.showId, (one) => beginPayment(one, wish))).result;
  };
  const paymentOf = async (held: TestHold): Promise<Payment> => {
    const shard = await world.stores.shards.forShow(held.showId);
    const payment = (await readPayments(shard, held.showId, held.reservationId)).at(-1);
    if (!payment) throw new Error('no payment');
    return payment;
  };
  const reconcile = async (held: TestHold): Promise<void> => {
    await change(held, `UPDATE payment SET check_at = ${past}`);
    for (const shardId of world.stores.shards.ids()) {
      await reconcileShard(world.deps, shardId, 'charges');
      await reconcileShard(world.deps, shardId, 'looks');
    }
  };
  /** An attempt that waits for 3-D Secure. */
  const challenged = async (): Promise<{ held: TestHold; page: string }> => {
    const held = await holdSeats(world.stores, show);
    const asked = await world.confirm(held, 'pm_card_authenticationRequired', 'key');
    expect(asked.status).toBe(202);
    return { held, page: String(asked.body.next_action_url) };
  };
  const sold = { reservation: 'BOOKED', seats: ['BOOKED', 'BOOKED'], tickets: 2, quota: 2 };
  const free = { seats: [], tickets: 0, quota: 0 };

  it.each([
    ['before', false],
    ['after', true],
  ])('charges once when the process died %s the provider call', async (_when, called) => {
    const held = await holdSeats(world.stores, show);
    await begin(held);
    if (called) await chargeAttempt(world.deps, await paymentOf(held));
    await reconcile(held);
    expect(await rows(held)).toMatchObject({ ...sold, payments: ['SUCCEEDED'] });
    expect(chargesOf(world.sandbox, held)).toEqual([48_000]);
    await reconcile(held);
    expect(await rows(held)).toMatchObject({ ...sold, refunds: [] });
  });

  it('finds the intent by search when the provider repeats a stored failure', async () => {
    const held = await holdSeats(world.stores, show);
    world.sandbox.faults.change({ error_500_after_effect: 1 });
    expect((await world.confirm(held, 'pm_card_visa', 'key')).status).toBe(202);
    await reconcile(held);
    expect(await rows(held)).toMatchObject(sold);
    expect(chargesOf(world.sandbox, held)).toEqual([48_000]);
  });

  it('frees the seats of an attempt that never reached the provider, and takes late money for them', async () => {
    const held = await holdSeats(world.stores, show);
    await begin(held);
    await attemptIsOld(held);
    await timeIsOver(held);
    const asleep = await paymentOf(held);
    await reconcile(held);
    expect(await rows(held)).toMatchObject({
      ...free,
      reservation: 'EXPIRED',
      payments: ['CANCELLED'],
    });
    expect((await paymentOf(held)).checkAtMs).not.toBeNull();
    // A process that was paused between its commit and its call wakes up.
    const fact = factOf(await chargeAttempt(world.deps, asleep));
    if (!fact) throw new Error('no fact');
    await settleFact(world.deps, asleep, fact);
    expect(await rows(held)).toMatchObject({ ...sold, payments: ['RETAKEN'], refunds: [] });
  });

  it('finds a charge whose caller died in its sleep by looking once more', async () => {
    const held = await holdSeats(world.stores, show);
    await begin(held);
    await attemptIsOld(held);
    await timeIsOver(held);
    const asleep = await paymentOf(held);
    await reconcile(held);
    await chargeAttempt(world.deps, asleep);
    await reconcile(held);
    expect(await rows(held)).toMatchObject({ ...sold, payments: ['RETAKEN'] });
    expect((await paymentOf(held)).checkAtMs).toBeNull();
  });

  it('settles a slow payment alone, as its loop comes by', async () => {
    const held = await holdSeats(world.stores, show);
    world.sandbox.faults.change({ processing_ms: 200 });
    expect(await world.confirm(held, 'pm_card_pending', 'key')).toMatchObject({
      status: 202,
      body: { status: 'processing' },
    });
    const reconciler = openReconciler(world.deps);
    await until(async () => (await rows(held)).reservation === 'BOOKED', { what: 'the booking' });
    await reconciler.close();
    expect(await rows(held)).toMatchObject({ ...sold, payments: ['SUCCEEDED'] });
  });

  it('cancels first and frees then, so that a challenge answered later takes no money', async () => {
    const { held, page } = await challenged();
    await timeIsOver(held);
    await reconcile(held);
    expect(await rows(held)).toMatchObject({
      ...free,
      reservation: 'EXPIRED',
      payments: ['CANCELLED'],
    });
    await world.answerChallenge(page, 'complete');
    expect(chargesOf(world.sandbox, held)).toEqual([]);
    const late = await world.confirm(held, 'pm_card_authenticationRequired', 'key');
    expect(late).toMatchObject({ status: 410, body: { error: 'reservation_expired' } });
  });

  it('books when the challenge was answered in the last instant', async () => {
    const { held, page } = await challenged();
    await timeIsOver(held);
    await world.answerChallenge(page, 'complete');
    await reconcile(held);
    expect(await rows(held)).toMatchObject({ ...sold, payments: ['SUCCEEDED'] });
  });

  it.each([
    ['the success', ['pay', 'settle', 'cancel']],
    ['the cancel', ['cancel', 'pay', 'settle']],
    ['the cancel, between pay and settle', ['pay', 'cancel', 'settle']],
  ])('agrees with the provider when %s comes first in ENDING', async (_name, steps) => {
    const { held, page } = await challenged();
    await timeIsOver(held);
    const payment = await paymentOf(held);
    expect(await beginEnding(world.deps, payment)).toBe(true);
    expect((await rows(held)).reservation).toBe('ENDING');
    const run: Record<string, () => Promise<unknown>> = {
      pay: () => world.answerChallenge(page, 'complete'),
      cancel: () => endAttempt(world.deps, payment, 60_000),
      settle: async () => {
        const outcome = await world.deps.payments.retrieveIntent(payment.intentId ?? '');
        const fact = factOf(outcome);
        if (fact) await settleFact(world.deps, payment, fact);
      },
    };
    for (const step of steps) await run[step]?.();
    const charged = chargesOf(world.sandbox, held);
    const after = await rows(held);
    expect(after.reservation).toBe(charged.length === 1 ? 'BOOKED' : 'EXPIRED');
    expect(after.tickets).toBe(charged.length === 1 ? 2 : 0);
    expect(charged.length).toBe(steps[0] === 'cancel' ? 0 : 1);
  });

  it('stays ENDING while the provider cannot be asked, and ends later', async () => {
    const { held } = await challenged();
    await timeIsOver(held);
    world.sandbox.faults.change({ rate_limited: 5 });
    await reconcile(held);
    expect(await rows(held)).toMatchObject({ reservation: 'ENDING', seats: ['HELD', 'HELD'] });
    expect((await paymentOf(held)).checkAtMs).not.toBeNull();
    expect((await world.confirm(held, 'pm_card_visa', 'another')).body).toMatchObject({
      status: 'processing',
    });
    world.sandbox.faults.reset();
    await reconcile(held);
    expect(await rows(held)).toMatchObject({ ...free, reservation: 'EXPIRED' });
  });
});
