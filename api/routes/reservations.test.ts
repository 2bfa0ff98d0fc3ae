import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { formatId } from '../../core/domain/ids.js';
import { holdSeats, seedShow, type TestHold, type TestShow } from '../../test/support/fixtures.js';
import { chargesOf, rowsOf } from '../../test/support/payment-rows.js';
import { openPaymentWorld, type PaymentWorld } from '../../test/support/payment-world.js';

describe('reservations', () => {
  let world: PaymentWorld;
  let show: TestShow;

  beforeAll(async () => {
    world = await openPaymentWorld();
  });
  afterAll(() => world.close());
  beforeEach(async () => {
    world.sandbox.faults.reset();
    world.sandbox.faults.change({ webhooks: 'off' });
    show = await seedShow(world.stores, { seats: 40 });
  });

  const pathOf = (held: TestHold): string =>
    `/reservations/${formatId('reservation', { showId: held.showId, no: held.reservationId })}`;
  const get = (held: TestHold, fanId = held.fanId) => world.call(fanId, 'GET', pathOf(held));
  const release = (held: TestHold, fanId = held.fanId) => world.call(fanId, 'DELETE', pathOf(held));
  const extend = (held: TestHold) =>
    world.call(held.fanId, 'POST', `${pathOf(held)}/extend`, { body: {} });

  it('shows the owner all of it, and nobody else anything', async () => {
    const held = await holdSeats(world.stores, show);
    const { status, body } = await get(held);
    expect({ status, body }).toMatchObject({
      status: 200,
      body: {
        show_id: String(show.showId),
        state: 'held',
        seats: [
          { seat: 'A-1', price: { amount: 24_000, currency: 'INR' } },
          { seat: 'A-2', price: { amount: 24_000, currency: 'INR' } },
        ],
        adjacent: true,
        amount: 48_000,
        currency: 'INR',
      },
    });
    expect(body.payment).toBeUndefined();
    expect(Date.parse(String(body.expires_at))).toBeGreaterThan(Date.parse(String(body.now)));
    const foreign = await get(held, 'somebodyelse');
    const none = await get({ ...held, reservationId: 999_999 });
    expect([foreign.status, foreign.body]).toEqual([404, none.body]);
  });

  it('calls a hold expired from the instant that it is, swept or not', async () => {
    const held = await holdSeats(world.stores, show, { expiresInMs: -1 });
    expect((await get(held)).body).toMatchObject({ state: 'expired' });
    expect((await extend(held)).status).toBe(410);
  });

  it('releases once, and agrees to be asked again', async () => {
    const held = await holdSeats(world.stores, show);
    expect((await release(held, 'somebodyelse')).status).toBe(404);
    expect((await release(held)).status).toBe(204);
    expect((await release(held)).status).toBe(204);
    expect(await rowsOf(world.stores, held)).toMatchObject({
      reservation: 'RELEASED',
      seats: [],
      quota: 0,
    });
    expect((await get(held)).body).toMatchObject({ state: 'released' });
  });

  it('does not release what is being paid or is paid', async () => {
    const held = await holdSeats(world.stores, show);
    await world.confirm(held, 'pm_card_authenticationRequired', 'key');
    expect(await release(held)).toMatchObject({ status: 409, body: { error: 'payment_open' } });
    expect(await extend(held)).toMatchObject({ status: 409, body: { error: 'payment_open' } });
    const other = await holdSeats(world.stores, show, { seats: [3] });
    await world.confirm(other, 'pm_card_visa', 'key');
    expect(await release(other)).toMatchObject({ status: 409, body: { error: 'conflict' } });
    expect((await get(other)).body).toMatchObject({
      state: 'booked',
      booking_id: formatId('booking', { showId: other.showId, no: other.reservationId }),
      payment: { status: 'succeeded' },
    });
  });

  it('extends up to the absolute limit and no further', async () => {
    const held = await holdSeats(world.stores, show, { expiresInMs: 10_000 });
    const first = await extend(held);
    expect(first.status).toBe(200);
    const left = Date.parse(String(first.body.expires_at)) - Date.parse(String(first.body.now));
    expect(left).toBeGreaterThan(290_000);
    expect(left).toBeLessThanOrEqual(300_000);
    const shard = await world.stores.shards.forShow(held.showId);
    await shard.change(
      `UPDATE reservation SET limit_at = NOW(3) + INTERVAL 1 MINUTE,
         expires_at = NOW(3) + INTERVAL 30 SECOND WHERE show_id = ? AND reservation_id = ?`,
      [held.showId, held.reservationId],
    );
    const second = await extend(held);
    expect(second.body.expires_at).toBe(second.body.limit_at);
    expect(await extend(held)).toMatchObject({ status: 409, body: { error: 'limit_reached' } });
  });

  it('renews five minutes as often as asked, until ten minutes after it was made', async () => {
    const held = await holdSeats(world.stores, show, { expiresInMs: 300_000 });
    const shard = await world.stores.shards.forShow(held.showId);
    const made = 'UPDATE reservation SET limit_at = created_at + INTERVAL 600 SECOND';
    await shard.change(`${made} WHERE show_id = ?`, [held.showId]);
    const lasts: number[] = [];
    for (let passedMs = 0; passedMs <= 480_000; passedMs += 120_000) {
      const { body } = await extend(held);
      lasts.push(Date.parse(String(body.expires_at)) - Date.parse(String(body.limit_at)));
      // Two minutes pass for the row, whose every time moves back.
      await shard.change(
        `UPDATE reservation SET expires_at = expires_at - INTERVAL 2 MINUTE,
           due_at = due_at - INTERVAL 2 MINUTE, limit_at = limit_at - INTERVAL 2 MINUTE
         WHERE show_id = ?`,
        [held.showId],
      );
    }
    expect(lasts.map((ms) => Math.round(ms / 60_000))).toEqual([-5, -3, -1, 0, Number.NaN]);
  });

  it('lets exactly one of release and confirm win', async () => {
    const outcomes = await Promise.all(
      Array.from({ length: 20 }, async (_, no) => {
        const held = await holdSeats(world.stores, show, { seats: [no * 2, no * 2 + 1] });
        const calls = [() => world.confirm(held, 'pm_card_visa', 'key'), () => release(held)];
        if (no % 2 === 1) calls.reverse();
        await Promise.all(calls.map((call) => call()));
        return { held, rows: await rowsOf(world.stores, held) };
      }),
    );
    for (const { held, rows } of outcomes) {
      const paid = chargesOf(world.sandbox, held).length;
      expect([rows.reservation, paid, rows.tickets, rows.seats.length]).toEqual(
        rows.reservation === 'BOOKED' ? ['BOOKED', 1, 2, 2] : ['RELEASED', 0, 0, 0],
      );
    }
  });
});
