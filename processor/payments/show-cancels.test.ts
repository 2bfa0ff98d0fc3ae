import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { endForShowCancel } from '../../core/store/shard/show-cancel.js';
import { changeShow } from '../../core/store/shard/show-change.js';
import { holdSeats, seedShow, type TestHold, type TestShow } from '../../test/support/fixtures.js';
import { chargesOf, rowsOf } from '../../test/support/payment-rows.js';
import { openPaymentWorld, type PaymentWorld } from '../../test/support/payment-world.js';
import { until } from '../../test/support/until.js';
import { drainRefunds, openReconciler, reconcileShard } from './reconciler.js';
import { drainShowCancels } from './show-cancels.js';

describe('cancelling a show', () => {
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
  const cancel = () =>
    world.callStaff('POST', `/staff/shows/${show.showId}/cancel`, { reason: 'no power' });
  const status = async () =>
    (await world.callStaff('GET', `/staff/shows/${show.showId}/cancel`)).body;
  const drain = async (): Promise<void> => {
    for (const shardId of world.stores.shards.ids()) {
      while (await drainShowCancels(world.deps, shardId)) {
        // Each turn takes one batch of each show.
      }
    }
  };
  const drainMoney = async (): Promise<void> => {
    for (const shardId of world.stores.shards.ids()) {
      await reconcileShard(world.deps, shardId, 'looks');
      await drainRefunds(world.deps, shardId);
    }
  };

  it('refunds every booking in full, frees holds, and tells one result for each', async () => {
    const paid = [await book([0, 1]), await book([2]), await book([3])];
    const used = paid[2] as TestHold;
    await (await shardOf()).change(
      "UPDATE ticket SET state = 'USED' WHERE show_id = ? AND booking_id = ?",
      [used.showId, used.reservationId],
    );
    const held = await holdSeats(world.stores, show, { seats: [5] });
    expect((await cancel()).status).toBe(202);
    expect(await status()).toMatchObject({ state: 'running', bookings: 0 });
    await drain();
    expect(await rowsOf(world.stores, held)).toMatchObject({ reservation: 'RELEASED', seats: [] });
    await drain();
    expect(await status()).toMatchObject({
      state: 'done',
      bookings: 3,
      refunds: { created: { bookings: 3, amount: 96_000 } },
    });
    await drainMoney();
    const after = await status();
    expect(after.refunds).toEqual({ succeeded: { bookings: 3, amount: 96_000 } });
    expect(after.results).toHaveLength(3);
    for (const one of paid) {
      expect(await rowsOf(world.stores, one)).toMatchObject({ seats: [], tickets: 0, quota: 0 });
      expect(chargesOf(world.sandbox, one)).toEqual([0]);
    }
    expect((await cancel()).status).toBe(202);
    await drain();
    expect((await status()).bookings).toBe(3);
  });

  it('goes on where a processor died, and refunds nobody twice', async () => {
    const paid = [await book([0]), await book([1]), await book([2])];
    await cancel();
    const first = paid[0] as TestHold;
    await changeShow(await shardOf(), show.showId, (change) =>
      endForShowCancel(change, first.reservationId, 'show'),
    );
    const both = [drain(), drain()];
    await Promise.all(both);
    await drain();
    await drainMoney();
    expect(await status()).toMatchObject({ state: 'done', bookings: 3 });
    for (const one of paid) {
      expect(chargesOf(world.sandbox, one)).toEqual([0]);
      expect((await rowsOf(world.stores, one)).refunds).toEqual(['SUCCEEDED']);
    }
  });

  it.each(['complete', 'nothing'])(
    'waits for a payment under way, whose fan does %s',
    async (verdict) => {
      const held = await holdSeats(world.stores, show);
      const asked = await world.confirm(held, 'pm_card_authenticationRequired', 'key');
      await cancel();
      if (verdict === 'complete') {
        await world.answerChallenge(String(asked.body.next_action_url), verdict);
      }
      await drain();
      expect(await status()).toMatchObject({ state: 'running' });
      const reconciler = openReconciler(world.deps);
      await until(async () => (await status()).state === 'done', { what: 'the job to end' });
      await until(async () => !(await rowsOf(world.stores, held)).refunds.includes('CREATED'), {
        what: 'the refund',
      });
      await reconciler.close();
      const wasPaid = verdict === 'complete';
      expect(chargesOf(world.sandbox, held)).toEqual(wasPaid ? [0] : []);
      expect(await rowsOf(world.stores, held)).toMatchObject({ tickets: 0, seats: [], quota: 0 });
      expect((await status()).bookings).toBe(wasPaid ? 1 : 0);
    },
  );

  it('shows refunds that fail as such', async () => {
    await book([0]);
    world.sandbox.faults.change({ refunds: 'short' });
    await cancel();
    await drain();
    await drain();
    await drainMoney();
    expect((await status()).results).toMatchObject([
      { refund: 'pending', problem: 'short_of_balance', amount: 24_000 },
    ]);
  });
});
