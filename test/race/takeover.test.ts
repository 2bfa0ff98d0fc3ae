import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { openLog } from '../../core/runtime/log.js';
import { insertRequests } from '../../core/store/shard/journal.js';
import { laneOf } from '../../core/store/shards.js';
import { openLanes } from '../../processor/lanes/lanes.js';
import { holdSeats, seedShow } from '../support/fixtures.js';
import { decidedRows, randomText } from '../support/lane-world.js';
import { chargesOf, rowsOf } from '../support/payment-rows.js';
import { openPaymentWorld, type PaymentWorld } from '../support/payment-world.js';
import { until } from '../support/until.js';

let world: PaymentWorld;
beforeAll(async () => {
  world = await openPaymentWorld();
});
afterAll(() => world.close());

/** How long before the end of the hold its owner presses pay and the rival asks for the seat. */
const leadsMs = [1_500, 160, 80, 40, 20, 10, 5, 0, -20];

it('has one owner for a seat whose hold ends while its owner pays and a rival asks', async () => {
  const { stores } = world;
  const lanes = openLanes({
    shards: stores.shards,
    log: openLog('test', 'silent'),
    onDecided: () => undefined,
  });
  const endings: { owners: number; paid: boolean }[] = [];
  for (const leadMs of leadsMs) endings.push(await race(leadMs));
  expect(endings.map((ending) => ending.owners)).toEqual(leadsMs.map(() => 1));
  // Both ends were seen: else this test has shown nothing.
  expect(endings.some((ending) => ending.paid)).toBe(true);
  expect(endings.some((ending) => !ending.paid)).toBe(true);

  async function race(leadMs: number): Promise<{ owners: number; paid: boolean }> {
    const show = await seedShow(stores, { seats: 1 });
    const shard = await stores.shards.forShow(show.showId);
    const shardId = (await stores.shards.idOf(show.showId)) ?? 0;
    const lastsMs = Math.max(leadMs, 0) + 100;
    const hold = await holdSeats(stores, show, { seats: [0], expiresInMs: lastsMs });
    const endsMs = Date.now() + lastsMs;
    const ask = async () => {
      const passId = randomText(16);
      await insertRequests(shard, [
        {
          showId: show.showId,
          saleId: show.saleId,
          fanId: randomText(12),
          idemKey: passId,
          bodyHash: 'h'.repeat(22),
          passId,
          node: 'test0000',
          wish: { seats: ['A-1'] },
        },
      ]);
      await lanes.drain({ shardId, lane: laneOf(show.showId) });
    };
    await until(() => Date.now() >= endsMs - leadMs, { every: 1, what: 'the end of the hold' });
    const [confirmed] = await Promise.all([
      world.confirm(hold, 'pm_card_visa', randomText(16)),
      ask(),
    ]);
    await ask();

    const rows = await rowsOf(stores, hold);
    const rivals = (await decidedRows(shard, show.showId)).filter(
      (row) => row.fanId !== hold.fanId,
    );
    const won = rivals.filter((row) => row.state === 'GRANTED').length;
    const paid = confirmed.status === 201;
    if (paid) {
      expect(rows).toMatchObject({ reservation: 'BOOKED', seats: ['BOOKED'], tickets: 1 });
      expect(chargesOf(world.sandbox, hold)).toEqual([hold.amount]);
    } else {
      // The loser is told before any charge.
      expect([confirmed.status, confirmed.body.error]).toEqual([410, 'reservation_expired']);
      expect(chargesOf(world.sandbox, hold)).toEqual([]);
      expect(rows).toMatchObject({ reservation: 'EXPIRED', tickets: 0, payments: [] });
    }
    return { owners: Number(paid) + won, paid };
  }
});
