import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import {
  holdSeats,
  seedShow,
  type TestHold,
  type TestShow,
} from '../../../test/support/fixtures.js';
import { chargesOf, rowsOf } from '../../../test/support/payment-rows.js';
import { openPaymentWorld, type PaymentWorld } from '../../../test/support/payment-world.js';
import { settleFact } from '../../payments/settling.js';
import { listOpenIssues } from '../catalog/payment-issues.js';
import { type Payment, readPayments } from './payments.js';
import { readRefunds } from './refunds.js';
import type { PaymentFact, Settled } from './settle.js';

describe('money and the end of a hold, in every order', () => {
  let world: PaymentWorld;
  let show: TestShow;

  beforeAll(async () => {
    world = await openPaymentWorld();
  });
  afterAll(() => world.close());
  beforeEach(async () => {
    world.sandbox.faults.change({ webhooks: 'off' });
    show = await seedShow(world.stores, { seats: 4, seatCap: 2 });
  });

  const rows = (held: TestHold) => rowsOf(world.stores, held);
  const shardOf = () => world.stores.shards.forShow(show.showId);

  /** An attempt whose fan has paid by now, which nobody has heard of yet. */
  const paidUnheard = async (): Promise<{ held: TestHold; payment: Payment }> => {
    const held = await holdSeats(world.stores, show);
    const asked = await world.confirm(held, 'pm_card_authenticationRequired', 'key');
    await world.answerChallenge(String(asked.body.next_action_url), 'complete');
    const shard = await shardOf();
    const [payment] = await readPayments(shard, held.showId, held.reservationId);
    if (!payment) throw new Error('no payment');
    return { held, payment };
  };
  const timeIsOver = async (held: TestHold): Promise<void> => {
    await (await shardOf()).change(
      `UPDATE reservation SET expires_at = NOW(3), due_at = NOW(3)
       WHERE show_id = ? AND reservation_id = ?`,
      [held.showId, held.reservationId],
    );
  };
  const settle = (
    payment: Payment,
    kind: 'succeeded' | 'cancelled' | 'declined',
  ): Promise<Settled> => {
    const intentId = payment.intentId ?? '';
    const facts: Record<string, PaymentFact> = {
      succeeded: { kind, intentId, received: { amount: 48_000, currency: 'INR' } } as PaymentFact,
      cancelled: { kind: 'cancelled', intentId },
      declined: { kind: 'declined', intentId, code: 'card_declined' },
    };
    const fact = facts[kind];
    if (!fact) throw new Error(kind);
    return settleFact(world.deps, payment, fact);
  };
  const sold = { reservation: 'BOOKED', seats: ['BOOKED', 'BOOKED'], tickets: 2, quota: 2 };

  it('retakes the same seats when they are free', async () => {
    const { held, payment } = await paidUnheard();
    await timeIsOver(held);
    expect(await settle(payment, 'cancelled')).toMatchObject({ reservation: 'EXPIRED' });
    expect(await settle(payment, 'succeeded')).toMatchObject({ effect: 'retaken' });
    expect(await settle(payment, 'succeeded')).toMatchObject({ effect: 'nothing' });
    expect(await settle(payment, 'cancelled')).toMatchObject({ effect: 'nothing' });
    expect(await rows(held)).toMatchObject({ ...sold, payments: ['RETAKEN'], refunds: [] });
  });

  it('keeps a booking whatever comes after it', async () => {
    const { held, payment } = await paidUnheard();
    await settle(payment, 'succeeded');
    await timeIsOver(held).catch(() => undefined);
    expect(await settle(payment, 'cancelled')).toMatchObject({ effect: 'nothing' });
    expect(await settle(payment, 'declined')).toMatchObject({ effect: 'nothing' });
    expect(await rows(held)).toMatchObject({ ...sold, payments: ['SUCCEEDED'] });
  });

  it.each([
    [
      'one of the seats is gone',
      async () => void (await holdSeats(world.stores, show, { seats: [1] })),
    ],
    ['the fan has used the quota elsewhere', 'quota'],
    ['the show has begun', 'UPDATE show_head SET starts_at = NOW(3) WHERE show_id = ?'],
    ['the show is cancelled', "UPDATE show_gate SET state = 'CANCELLED' WHERE show_id = ?"],
  ])('gives all of it back when %s', async (_why, cause) => {
    const { held, payment } = await paidUnheard();
    await timeIsOver(held);
    await settle(payment, 'cancelled');
    const quota = cause === 'quota';
    if (quota) await holdSeats(world.stores, show, { fanId: held.fanId, seats: [2] });
    else if (typeof cause === 'string') await (await shardOf()).change(cause, [show.showId]);
    else await cause();
    const before = await rows(held);
    expect(await settle(payment, 'succeeded')).toMatchObject({ effect: 'refund_due' });
    expect(await settle(payment, 'succeeded')).toMatchObject({ effect: 'nothing' });
    expect(await rows(held)).toMatchObject({
      reservation: 'EXPIRED',
      payments: ['SUCCEEDED_LATE'],
      seats: [],
      tickets: 0,
      quota: before.quota,
      refunds: ['CREATED'],
    });
    expect(chargesOf(world.sandbox, held)).toEqual([48_000]);
  });

  it('gives the second payment back when two attempts were paid', async () => {
    const { held, payment } = await paidUnheard();
    await settle(payment, 'declined');
    expect((await world.confirm(held, 'pm_card_visa', 'second')).status).toBe(201);
    expect(await settle(payment, 'succeeded')).toMatchObject({ effect: 'refund_due' });
    expect(await rows(held)).toMatchObject({ ...sold, payments: ['SUCCEEDED_LATE', 'SUCCEEDED'] });
  });

  it('books when an attempt that seemed declined was paid while the hold lives', async () => {
    const { held, payment } = await paidUnheard();
    expect(await settle(payment, 'declined')).toMatchObject({ reservation: 'HELD' });
    expect(await settle(payment, 'succeeded')).toMatchObject({ effect: 'retaken' });
    expect(await rows(held)).toMatchObject({ ...sold, payments: ['RETAKEN'] });
  });

  it.each([
    ['amount', { received: { amount: 1, currency: 'INR' } }],
    ['currency', { received: { amount: 48_000, currency: 'EUR' } }],
    ['mode', { received: { amount: 48_000, currency: 'INR' }, wrongMode: true }],
  ])('gives money of another %s back, books nothing and tells staff', async (_what, wrong) => {
    const { held, payment } = await paidUnheard();
    const fact = { kind: 'succeeded', intentId: payment.intentId ?? '', ...wrong } as PaymentFact;
    expect(await settleFact(world.deps, payment, fact)).toMatchObject({ effect: 'wrong_money' });
    expect(await settleFact(world.deps, payment, fact)).toMatchObject({ effect: 'nothing' });
    expect(await rows(held)).toMatchObject({
      reservation: 'HELD',
      payments: ['SUCCEEDED_LATE'],
      refunds: ['CREATED'],
      tickets: 0,
    });
    const [refund] = await readRefunds(await shardOf(), held.showId, held.reservationId);
    expect(refund).toMatchObject({ ...wrong.received, reason: 'wrong_payment' });
    const issues = await listOpenIssues(world.stores.catalog, 1_000);
    expect(issues.find((one) => one.objectId === payment.intentId)).toMatchObject({
      kind: 'wrong_money',
      reservationId: held.reservationId,
    });
  });

  it('gives the money of a second intent back by that intent, once', async () => {
    const { held, payment } = await paidUnheard();
    const received = { amount: 48_000, currency: 'INR' };
    const second: PaymentFact = { kind: 'succeeded', intentId: 'pi_second', received };
    expect(await settle(payment, 'succeeded')).toMatchObject({ effect: 'booked' });
    expect(await settleFact(world.deps, payment, second)).toMatchObject({ effect: 'wrong_money' });
    expect(await settleFact(world.deps, payment, second)).toMatchObject({ effect: 'nothing' });
    expect(await rows(held)).toMatchObject({ ...sold, refunds: ['CREATED'] });
    const [refund] = await readRefunds(await shardOf(), held.showId, held.reservationId);
    expect(refund).toMatchObject({ intentId: 'pi_second', amount: 48_000 });
  });

  it('settles once when told the same many times at once', async () => {
    const { held, payment } = await paidUnheard();
    const told = await Promise.all(Array.from({ length: 20 }, () => settle(payment, 'succeeded')));
    expect(told.filter((one) => one.effect === 'booked')).toHaveLength(1);
    expect(await rows(held)).toMatchObject(sold);
  });
});
