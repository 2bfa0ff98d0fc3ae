import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { claimsOf } from '../../core/store/catalog/cap-claims.js';
import { readPayments } from '../../core/store/shard/payments.js';
import { endHold, lockReservation } from '../../core/store/shard/reservations.js';
import { changeShow } from '../../core/store/shard/show-change.js';
import { claimsHandler } from '../../processor/outbox/claims.js';
import type { OutboxDeps } from '../../processor/outbox/deps.js';
import { reconcileShard } from '../../processor/payments/reconciler.js';
import { holdSeats, seedShow, type TestHold, type TestShow } from '../support/fixtures.js';
import { chargesOf, rowsOf } from '../support/payment-rows.js';
import { openPaymentWorld, type PaymentWorld } from '../support/payment-world.js';
import { until } from '../support/until.js';

const cardCap = 7;

describe('the cap of a card over shows on two shards', () => {
  let world: PaymentWorld;
  let shows: TestShow[];
  let sales = 0;
  beforeAll(async () => {
    world = await openPaymentWorld();
    shows = await Promise.all(Array.from({ length: 20 }, () => seedShow(world.stores)));
    const { shards } = world.stores;
    const used = await Promise.all(shows.map((show) => shards.idOf(show.showId)));
    expect(new Set(used).size).toBe(2);
  });
  afterAll(() => world.close());

  /** All shows in a sale of their own, which counts cards or doesn't. */
  const newSale = async (counts: boolean): Promise<string> => {
    sales += 1;
    const saleId = `card-sale-${sales}`;
    await world.stores.catalog.change(
      `INSERT INTO sales (sale_id, name, state, lobby, standing, opens_at, rate_per_minute,
         pass_cap, pass_seconds, seat_cap, hold_seconds, hold_limit_seconds, seed_sealed, seed_hash,
         card_cap)
       VALUES (?, 'Cards', 'ACTIVE', 'arrival', 0, NOW(3), 600, 100, 600, 10, 300, 900, '', '', ?)`,
      [saleId, counts ? cardCap : null],
    );
    await world.stores.catalog.change('UPDATE shows SET sale_id = ?', [saleId]);
    for (const shardId of world.stores.shards.ids()) {
      const shard = world.stores.shards.byId(shardId);
      await shard.change('UPDATE show_gate SET sale_id = ?', [saleId]);
      await shard.change('UPDATE show_head SET counts_cards = ?, capped = ?', [
        ...[counts ? 1 : 0, counts ? 1 : 0],
      ]);
    }
    return saleId;
  };
  const taken = async (saleId: string): Promise<number> => {
    const rows = await world.stores.catalog.rows<{ holder: string; taken: number }>(
      "SELECT holder, taken FROM cap_quota WHERE scope = ? AND kind = 'card'",
      [saleId],
    );
    expect(rows).toHaveLength(1);
    const [{ holder, taken: seats }] = rows as [{ holder: string; taken: number }];
    const claims = await claimsOf(world.stores.catalog, { scope: saleId, kind: 'card', holder });
    expect(claims.reduce((sum, claim) => sum + claim.units, 0)).toBe(seats);
    return seats;
  };
  const relay = async (held: TestHold) => {
    const shard = await world.stores.shards.forShow(held.showId);
    const row = { showId: held.showId, outboxId: 1, kind: 'claims', subjectId: 1, tries: 1 };
    const payload = { requests: [held.reservationId] };
    await claimsHandler({ ...world.deps, ...world.stores } as unknown as OutboxDeps, {
      ...{ ...row, payload },
    });
    return shard;
  };
  const storm = async (seats: number[]) => {
    const holds = await Promise.all(shows.map((show) => holdSeats(world.stores, show, { seats })));
    const told = await Promise.all(holds.map((held) => world.confirm(held, 'pm_card_visa', 'key')));
    return { holds, told };
  };

  it('holds against 20 parallel payments on 20 shows, and takes money for no other', async () => {
    const saleId = await newSale(true);
    const { holds, told } = await storm([0, 1]);
    const booked = told.filter((one) => one.status === 201);
    expect(booked).toHaveLength(3);
    const refused = told.filter((one) => one.status === 402);
    expect(refused).toHaveLength(17);
    expect(refused.map((one) => one.body.decline_code)).toEqual(Array(17).fill('card_cap_reached'));
    const money = holds.map((held) => chargesOf(world.sandbox, held).reduce((a, b) => a + b, 0));
    expect(money.filter((amount) => amount > 0)).toHaveLength(3);
    expect(await taken(saleId)).toBe(6);
    const lost = holds[told.findIndex((one) => one.status === 402)] as TestHold;
    expect((await world.confirm(lost, 'pm_card_mastercard', 'other')).status).toBe(201);
  });

  it('is passed when no card is counted', async () => {
    await newSale(false);
    const { told } = await storm([2]);
    expect(told.map((one) => one.status)).toEqual(Array(20).fill(201));
  });

  it('counts a card after 3-D Secure, and gives back what its booking gives back', async () => {
    const saleId = await newSale(true);
    const [show] = shows as [TestShow];
    const held = await holdSeats(world.stores, show, { seats: [3, 4] });
    const asked = await world.confirm(held, 'pm_card_authenticationRequired', 'key');
    expect(asked.status).toBe(202);
    await world.answerChallenge(String(asked.body.next_action_url), 'complete');
    const paid = await world.confirm(held, 'pm_card_authenticationRequired', 'key');
    expect(paid.status).toBe(201);
    expect(await taken(saleId)).toBe(2);
    const shard = await world.stores.shards.forShow(held.showId);
    await shard.change(
      `UPDATE show_seat SET state = 'FREE', reservation_id = NULL
       WHERE show_id = ? AND reservation_id = ? AND seat_no = 3`,
      [held.showId, held.reservationId],
    );
    await relay(held);
    await relay(held);
    expect(await taken(saleId)).toBe(1);
  });

  it('is kept by the reconciler when the api died between authorising and counting', async () => {
    const saleId = await newSale(true);
    const [show] = shows.slice(1) as [TestShow];
    const held = await holdSeats(world.stores, show, { seats: [3] });
    // The answer to the first call is lost; the card is authorised all the same.
    world.sandbox.faults.change({ error_500_after_effect: 1 });
    expect((await world.confirm(held, 'pm_card_visa', 'key')).status).toBe(202);
    const shard = await world.stores.shards.forShow(held.showId);
    // The webhook of the authorised card may come in between and put the next look off.
    const looked = async () => {
      await shard.change('UPDATE payment SET check_at = NOW(3) WHERE show_id = ?', [held.showId]);
      for (const shardId of world.stores.shards.ids()) {
        await reconcileShard(world.deps, shardId, 'charges');
        await reconcileShard(world.deps, shardId, 'looks');
      }
      return (await rowsOf(world.stores, held)).payments[0] === 'SUCCEEDED';
    };
    await until(looked, { what: 'the payment to be settled' });
    expect(await rowsOf(world.stores, held)).toMatchObject({ payments: ['SUCCEEDED'] });
    expect(await taken(saleId)).toBe(1);
    const [payment] = await readPayments(shard, held.showId, held.reservationId);
    expect(payment?.manualCapture).toBe(true);
  });

  it('forgets an attempt whose card was let go', async () => {
    const saleId = await newSale(true);
    const [show] = shows.slice(2) as [TestShow];
    const held = await holdSeats(world.stores, show, { seats: [3] });
    expect((await world.confirm(held, 'pm_card_chargeDeclined', 'key')).status).toBe(402);
    expect((await world.confirm(held, 'pm_card_visa', 'again')).status).toBe(201);
    expect(await taken(saleId)).toBe(1);
    const other = await holdSeats(world.stores, show, { seats: [4] });
    await changeShow(await relay(other), other.showId, async (change) => {
      const reservation = await lockReservation(change, other.reservationId);
      if (reservation) await endHold(change, reservation, 'HELD', 'RELEASED');
    });
    await relay(other);
    expect(await taken(saleId)).toBe(1);
  });
});
