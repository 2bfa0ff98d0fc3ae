import { randomUUID } from 'node:crypto';
import { expect, it } from '@jest/globals';
import { parseId } from '../../core/domain/ids.js';
import type { Database } from '../../core/store/database.js';
import { addFans, type Fan } from '../support/journey.js';
import { until } from '../support/until.js';
import { inWorld } from '../support/world.js';

/** Longer than anybody waits for the provider, so that the charge comes when all was given up. */
const chargeTakesMs = 26_000;

it(
  'keeps money that comes just after the end if the seats are free, and gives it back if not',
  inWorld({ rowSeats: 4 }, async (world) => {
    const [showId = 0] = world.showIds;
    const shard = await world.stores.shards.forShow(showId);
    const [lucky, unlucky, rival] = (await addFans(world, 3)) as [Fan, Fan, Fan];
    const pass = { lucky: await lucky.pass('desk'), unlucky: await unlucky.pass('desk') };
    const wish = { lucky: { seats: ['A-1', 'A-2'] }, unlucky: { seats: ['B-1', 'B-2'] } };
    const kept = await lucky.reserve(showId, wish.lucky, { pass: pass.lucky });
    const lost = await unlucky.reserve(showId, wish.unlucky, { pass: pass.unlucky });
    const ids = [kept, lost].map((told) => String(told.body.reservation_id)) as [string, string];

    await world.sandbox('/_sandbox/faults', 'POST', { slow_ms: chargeTakesMs });
    const pay = (fan: Fan, id: string) =>
      fan.call('POST', '/confirm', {
        body: { reservation_id: id, payment_token: 'pm_card_visa' },
        headers: { 'idempotency-key': randomUUID() },
      });
    const paying = [pay(lucky, ids[0]), pay(unlucky, ids[1])];
    // Once one call was given up both charges sleep at the provider; from here on everything else
    // is answered at once, before the reconciler asks.
    await Promise.race(paying);
    await world.sandbox('/_sandbox/faults', 'POST', { slow_ms: 0 });
    const first = await Promise.all(paying);
    expect(first.map((told) => told.body.status)).toEqual(['processing', 'processing']);
    await shard.change(
      "UPDATE reservation SET due_at = NOW(3), expires_at = NOW(3) WHERE state = 'PAYING'",
    );
    for (const id of ids) {
      await until(async () => (await stateOf(shard, id)) === 'EXPIRED', {
        what: `the end of ${id}`,
      });
    }
    const taken = await rival.reserve(
      showId,
      { seats: ['B-2'] },
      { pass: await rival.pass('desk') },
    );
    expect(taken.status).toBe(200);

    await until(async () => (await stateOf(shard, ids[0])) === 'BOOKED', {
      ms: chargeTakesMs * 2,
      what: 'the late money to be kept',
    });
    await until(async () => (await refundsOf(shard, ids[1])).includes('SUCCEEDED'), {
      ms: chargeTakesMs * 2,
      what: 'the late money to be given back',
    });
    expect(await refundsOf(shard, ids[0])).toEqual([]);
    expect(await stateOf(shard, ids[1])).toBe('EXPIRED');
    const bookingsOf = async (fan: typeof lucky): Promise<unknown[]> =>
      (await fan.call('GET', '/bookings')).body.results as unknown[];
    // The list is a copy that the outbox brings.
    const listed = await until(async () => (await bookingsOf(lucky)).at(0), {
      what: 'the booking in the list',
    });
    expect(listed).toMatchObject({ state: 'confirmed' });
    expect(await bookingsOf(unlucky)).toEqual([]);
    const report = await world.settles();
    expect(report.provider).toBe(true);
    expect(report.exact).toMatchObject({ seats_sold: 2, seats_held: 1, seats_sold_twice: 0 });
  }),
  150_000,
);

async function stateOf(shard: Database, id: string): Promise<string | undefined> {
  const ref = parseId('reservation', id);
  const [row] = await shard.rows<{ state: string }>(
    'SELECT state FROM reservation WHERE show_id = ? AND reservation_id = ?',
    [ref?.showId ?? 0, ref?.no ?? 0],
  );
  return row?.state;
}

async function refundsOf(shard: Database, id: string): Promise<string[]> {
  const ref = parseId('reservation', id);
  const rows = await shard.rows<{ state: string }>(
    'SELECT state FROM refund WHERE show_id = ? AND reservation_id = ?',
    [ref?.showId ?? 0, ref?.no ?? 0],
  );
  return rows.map((row) => row.state);
}
