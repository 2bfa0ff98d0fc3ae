import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { holdSeats, seedShow, type TestHold, type TestShow } from '../../test/support/fixtures.js';
import { chargesOf, rowsOf } from '../../test/support/payment-rows.js';
import { openPaymentWorld, type PaymentWorld } from '../../test/support/payment-world.js';
import { until } from '../../test/support/until.js';
import { outageGraceMs } from '../store/shard/paying.js';
import { readReservation } from '../store/shard/reservations.js';

describe('while the payment provider fails', () => {
  let world: PaymentWorld;
  let show: TestShow;

  beforeAll(async () => {
    world = await openPaymentWorld({ callsPerSecond: 500 });
  });
  afterAll(() => world.close());
  beforeEach(async () => {
    world.sandbox.faults.reset();
    world.sandbox.faults.change({ webhooks: 'off' });
    show = await seedShow(world.stores, { seats: 40, seatCap: 40 });
  });

  const leftMs = async (held: TestHold): Promise<number> => {
    const shard = await world.stores.shards.forShow(held.showId);
    const row = await readReservation(shard, held.showId, held.reservationId);
    return (row?.expiresAtMs ?? 0) - Date.now();
  };

  it('says so, gives the hold its one extension, and takes the payment afterwards', async () => {
    const held = await holdSeats(world.stores, show, { expiresInMs: 20_000 });
    world.sandbox.faults.change({ rate_limited: 1 });
    const told = await world.confirm(held, 'pm_card_visa', 'key');
    expect(told).toMatchObject({ status: 503, body: { error: 'payments_unavailable' } });
    const after = await leftMs(held);
    expect(after).toBeGreaterThan(outageGraceMs - 10_000);
    expect(after).toBeLessThanOrEqual(outageGraceMs);
    world.sandbox.faults.change({ rate_limited: 1 });
    expect((await world.confirm(held, 'pm_card_visa', 'key')).status).toBe(503);
    expect(await leftMs(held)).toBeLessThanOrEqual(after);
    expect((await world.confirm(held, 'pm_card_visa', 'key')).status).toBe(201);
    expect(chargesOf(world.sandbox, held)).toEqual([48_000]);
  });

  it('never extends beyond the start of the show', async () => {
    const held = await holdSeats(world.stores, show, { expiresInMs: 20_000 });
    const shard = await world.stores.shards.forShow(held.showId);
    await shard.change(
      'UPDATE show_head SET starts_at = NOW(3) + INTERVAL 30 SECOND WHERE show_id = ?',
      [held.showId],
    );
    world.sandbox.faults.change({ rate_limited: 1 });
    expect((await world.confirm(held, 'pm_card_visa', 'key')).status).toBe(503);
    expect(await leftMs(held)).toBeLessThanOrEqual(31_000);
  });

  it('opens the breaker, slows admission, and closes by itself', async () => {
    const { payments, redis, names } = world.deps;
    world.sandbox.faults.change({ rate_limited: 1_000 });
    await until(
      async () => {
        await payments.retrieveIntent('pi_none');
        return payments.breakerState() === 'open';
      },
      { what: 'the breaker to open' },
    );
    await until(async () => (await redis.get(names.providerPace)) === '10', {
      what: 'admission to be slowed',
    });
    const held = await holdSeats(world.stores, show, { seats: [10] });
    const asked = world.sandbox.ledger.all('intent').length;
    const began = performance.now();
    expect((await world.confirm(held, 'pm_card_visa', 'first')).status).toBe(503);
    expect(performance.now() - began).toBeLessThan(1_000);
    expect(world.sandbox.ledger.all('intent')).toHaveLength(asked);
    world.sandbox.faults.reset();
    await until(async () => (await world.confirm(held, 'pm_card_visa', 'first')).status === 201, {
      what: 'the breaker to close',
    });
    expect(payments.breakerState()).toBe('closed');
    expect((await rowsOf(world.stores, held)).reservation).toBe('BOOKED');
  });
});
