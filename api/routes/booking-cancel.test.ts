import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { formatId } from '../../core/domain/ids.js';
import { giveBack } from '../../core/store/shard/give-back.js';
import { readRefunds } from '../../core/store/shard/refunds.js';
import { changeShow } from '../../core/store/shard/show-change.js';
import { drainRefunds } from '../../processor/payments/reconciler.js';
import { balances } from '../../test/support/books.js';
import { holdSeats, seedShow, type TestHold, type TestShow } from '../../test/support/fixtures.js';
import { chargesOf, rowsOf } from '../../test/support/payment-rows.js';
import { openPaymentWorld, type PaymentWorld } from '../../test/support/payment-world.js';
import { until } from '../../test/support/until.js';

describe('cancelling and refunding bookings', () => {
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
    await setRule(24, 10);
  });

  const setRule = async (hours: number | null, fee: number | null): Promise<void> => {
    await world.stores.catalog.change(
      'UPDATE sales SET refund_until_hours = ?, refund_fee_percent = ? WHERE sale_id = ?',
      [hours, fee, show.saleId],
    );
  };
  const startsInHours = async (hours: number): Promise<void> => {
    const shard = await world.stores.shards.forShow(show.showId);
    await shard.change(
      'UPDATE show_head SET starts_at = NOW(3) + INTERVAL ? SECOND WHERE show_id = ?',
      [hours * 3_600, show.showId],
    );
  };
  const book = async (seats = [0, 1], token = 'pm_card_visa'): Promise<TestHold> => {
    await startsInHours(48);
    const held = await holdSeats(world.stores, show, { seats });
    expect((await world.confirm(held, token, 'key')).status).toBe(201);
    return held;
  };
  const pathOf = (held: TestHold) =>
    `/bookings/${formatId('booking', { showId: held.showId, no: held.reservationId })}`;
  const cancel = (held: TestHold, body: unknown = {}, fanId = held.fanId) =>
    world.call(fanId, 'POST', `${pathOf(held)}/cancel`, { body });
  const staff = (held: TestHold, verb: string, body: unknown = {}) =>
    world.callStaff('POST', `/staff${pathOf(held)}/${verb}`, body);
  const makeRefunds = async (): Promise<void> => {
    for (const shardId of world.stores.shards.ids()) await drainRefunds(world.deps, shardId);
  };
  const shardOf = () => world.stores.shards.forShow(show.showId);
  const refundsOf = async (held: TestHold) =>
    readRefunds(await shardOf(), held.showId, held.reservationId);

  it('gives the price less the fee back, frees the seats and voids the tickets', async () => {
    const held = await book();
    const terms = await world.call(held.fanId, 'GET', pathOf(held));
    expect(terms.body.cancel).toEqual({ fee_percent: 10, until: expect.any(String) });
    const told = await cancel(held);
    expect(told).toMatchObject({
      status: 202,
      body: { state: 'cancelled', seats: ['A-1', 'A-2'], amount: 43_200, currency: 'INR' },
    });
    const before = await world.call(held.fanId, 'GET', pathOf(held));
    expect(before.body.refunds).toMatchObject([
      { state: 'pending', amount: 43_200, at_desk: false },
    ]);
    expect(before.body.cancel).toBeNull();
    await makeRefunds();
    expect(await rowsOf(world.stores, held)).toMatchObject({
      seats: [],
      tickets: 0,
      refunds: ['SUCCEEDED'],
      quota: 0,
    });
    expect(chargesOf(world.sandbox, held)).toEqual([4_800]);
    const after = await world.call(held.fanId, 'GET', pathOf(held));
    expect(after.body).toMatchObject({
      state: 'cancelled',
      refunds: [{ state: 'made', amount: 43_200 }],
    });
    expect(await balances(await shardOf(), held)).toEqual({ provider: 4_800, sales: -4_800 });
    expect(await cancel(held)).toMatchObject({ status: 409, body: { error: 'already_refunded' } });
  });

  it('cancels ticket by ticket, and the parts add up to the whole', async () => {
    const held = await book([0, 1, 2]);
    await setRule(24, 33.33);
    const parts: number[] = [];
    for (const seat of ['A-2', 'A-1', 'A-3']) {
      const told = await cancel(held, { seats: [seat] });
      expect(told.status).toBe(202);
      parts.push(Number(told.body.amount));
    }
    expect(parts).toEqual([16_001, 16_001, 16_001]);
    await makeRefunds();
    expect(chargesOf(world.sandbox, held)).toEqual([72_000 - 48_003]);
    expect((await rowsOf(world.stores, held)).seats).toEqual([]);
    expect(await cancel(held, { seats: ['A-9'] })).toMatchObject({ status: 422 });
  });

  it('keeps to the deadline and to the owner', async () => {
    const held = await book();
    expect((await cancel(held, {}, 'f'.repeat(12))).status).toBe(404);
    await startsInHours(23);
    expect(await cancel(held)).toMatchObject({
      status: 409,
      body: { error: 'refund_over', until: expect.any(String) },
    });
    await setRule(null, null);
    expect(await cancel(held)).toMatchObject({ status: 409, body: { error: 'refund_over' } });
    expect((await rowsOf(world.stores, held)).tickets).toBe(2);
  });

  it('takes no used ticket back', async () => {
    const held = await book();
    await (await shardOf()).change(
      "UPDATE ticket SET state = 'USED' WHERE show_id = ? AND booking_id = ? AND seat_no = 0",
      [held.showId, held.reservationId],
    );
    expect(await cancel(held)).toMatchObject({ status: 409, body: { error: 'already_used' } });
    expect((await cancel(held, { seats: ['A-2'] })).status).toBe(202);
  });

  it('cancels once when asked many times at once', async () => {
    const held = await book();
    const told = await Promise.all(Array.from({ length: 8 }, () => cancel(held)));
    expect(told.map((one) => one.status).sort()).toEqual([202, ...Array(7).fill(409)]);
    await makeRefunds();
    expect(chargesOf(world.sandbox, held)).toEqual([4_800]);
  });

  it('lets staff cancel without refund, in full or by the rule', async () => {
    const held = await book([0, 1, 2]);
    await startsInHours(1);
    const by = async (seat: string, refund: string) =>
      (await staff(held, 'cancel', { seats: [seat], refund })).body.amount;
    expect(await by('A-1', 'none')).toBe(0);
    expect(await by('A-2', 'rules')).toBe(21_600);
    expect(await by('A-3', 'full')).toBe(24_000);
    const [audit] = await world.stores.catalog.rows<{ n: number }>(
      "SELECT COUNT(*) AS n FROM audit WHERE action = 'booking.cancel' AND subject LIKE ?",
      [pathOf(held).slice('/bookings/'.length)],
    );
    expect(audit?.n).toBe(3);
  });

  it('gives money back without touching tickets, never all of it and never too much', async () => {
    const held = await book();
    const refund = (amount: number) => staff(held, 'refund', { amount, reason: 'broken seat' });
    expect((await refund(8_000)).status).toBe(202);
    expect(await refund(48_000)).toMatchObject({ status: 422, body: { left: 40_000 } });
    expect(await refund(40_000)).toMatchObject({ status: 409, body: { error: 'conflict' } });
    await makeRefunds();
    expect((await rowsOf(world.stores, held)).tickets).toBe(2);
    expect(await balances(await shardOf(), held)).toEqual({ provider: 40_000, sales: -40_000 });
    expect((await cancel(held)).body.amount).toBe(40_000);
  });

  it('grants no refund twice while two members of staff press at once', async () => {
    const held = await book();
    const shard = await shardOf();
    const wish = { bookingId: held.reservationId, amount: 30_000 };
    const given = await Promise.all(
      [0, 1].map(() => changeShow(shard, held.showId, (change) => giveBack(change, wish))),
    );
    expect(given.map(({ result }) => result.kind).sort()).toEqual(['owed', 'too_much']);
  });

  it('shows a pending refund as such and settles it without webhooks', async () => {
    const held = await book([0], 'pm_card_pendingRefund');
    world.sandbox.faults.change({ refund_ms: 100 });
    await cancel(held);
    await makeRefunds();
    expect(await refundsOf(held)).toMatchObject([{ state: 'PENDING' }]);
    const told = await world.call(held.fanId, 'GET', pathOf(held));
    expect(told.body.refunds).toMatchObject([{ state: 'pending' }]);
    await settlesAs(held, 'SUCCEEDED');
  });

  it('says when our account is short of balance, and pays once it is not', async () => {
    const held = await book([0]);
    world.sandbox.faults.change({ refunds: 'short' });
    await cancel(held);
    await makeRefunds();
    expect(await listed(held)).toMatchObject({ state: 'pending', problem: 'short_of_balance' });
    await fetch(`${world.sandbox.url}/_sandbox/faults`, { method: 'DELETE' });
    await settlesAs(held, 'SUCCEEDED');
    expect(await listed(held)).toBeUndefined();
  });

  it('shows a failed refund until staff make it good', async () => {
    const held = await book([0]);
    world.sandbox.faults.change({ refunds: 'failed' });
    await cancel(held);
    await makeRefunds();
    expect(await refundsOf(held)).toMatchObject([{ state: 'FAILED' }]);
    const told = await world.call(held.fanId, 'GET', pathOf(held));
    expect(told.body.refunds).toMatchObject([{ state: 'pending' }]);
    const owed = { provider: 24_000, sales: -2_400, owed: -21_600 };
    expect(await balances(await shardOf(), held)).toEqual(owed);
    const item = await listed(held);
    expect(item).toMatchObject({ state: 'failed', problem: 'expired_or_canceled_card' });
    world.sandbox.faults.change({ refunds: 'normal' });
    const retry = () => world.callStaff('POST', `/staff/refunds/${item?.id}/retry`, {});
    expect((await retry()).status).toBe(202);
    expect((await retry()).status).toBe(409);
    await makeRefunds();
    expect(await refundsOf(held)).toMatchObject([{ state: 'FAILED' }, { state: 'SUCCEEDED' }]);
    expect(await balances(await shardOf(), held)).toEqual({ provider: 2_400, sales: -2_400 });
    expect(await listed(held)).toBeUndefined();
  });

  it('takes a made refund back into the books when the bank returns it', async () => {
    world.sandbox.faults.change({ refund_ms: 100, webhooks: 'on' });
    const held = await book([0], 'pm_card_refundFail');
    await cancel(held);
    await makeRefunds();
    await until(async () => (await refundsOf(held))[0]?.state === 'FAILED', { what: 'the event' });
    const owed = { provider: 24_000, sales: -2_400, owed: -21_600 };
    expect(await balances(await shardOf(), held)).toEqual(owed);
  });

  const listed = async (held: TestHold): Promise<{ id: string } | undefined> => {
    const list = await world.callStaff('GET', '/staff/payments?unsettled=true');
    const no = { showId: held.showId, no: held.reservationId };
    const results = list.body.results as { id: string; reservation_id: string; kind: string }[];
    const id = formatId('reservation', no);
    return results.find((one) => one.kind === 'refund' && one.reservation_id === id);
  };
  const settlesAs = (held: TestHold, state: string) =>
    until(
      async () => {
        await dueNow();
        await makeRefunds();
        return (await refundsOf(held)).at(-1)?.state === state;
      },
      { what: `the refund to be ${state}` },
    );
  const dueNow = async (): Promise<void> => {
    await (await shardOf()).change(
      'UPDATE refund SET check_at = NOW(3) WHERE show_id = ? AND check_at IS NOT NULL',
      [show.showId],
    );
  };
});
