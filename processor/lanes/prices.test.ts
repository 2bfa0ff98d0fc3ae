import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { PriceRules } from '../../core/domain/price-rules.js';
import { readSeatMap } from '../../core/store/shard/seat-map-rows.js';
import { drawHall } from '../../test/support/halls.js';
import { type LaneWorld, openLaneWorld } from '../../test/support/lane-world.js';
import { movePricesByTime } from './sweeper.js';

const rules: PriceRules = {
  step: 5,
  floor_percent: 80,
  ceiling_percent: 150,
  by_share_sold: [{ from_percent: 50, change_percent: 23 }],
  by_time_to_show: [{ within_hours: 2, change_percent: -40 }],
};

describe('prices in the lanes', () => {
  let world: LaneWorld;
  beforeAll(async () => {
    world = await openLaneWorld();
  });
  afterAll(() => world.close());

  /** A show of four seats at 100 that moves its prices. */
  const open = async () => {
    const showId = await world.addShow(drawHall(['....']).seats);
    await world.shard.change(
      'UPDATE show_head SET price_rules = ?, booking_fee = 0 WHERE show_id = ?',
      [JSON.stringify(rules), showId],
    );
    const { lanes, batches } = world.openLanes();
    const accepting = world.openAccepting();
    return {
      showId,
      lanes,
      batches,
      buy: async (quantity: number) => {
        await accepting.accept(world.shardId, world.entry(showId, { quantity }));
        await world.drain(lanes, showId);
      },
      told: async () => {
        const map = await readSeatMap(world.shard, showId);
        const [seat] = map?.seats ?? [];
        return { price: seat?.price, version: map?.priceVersion };
      },
      frozen: () =>
        world.shard.rows<{ seats: string; amount: number }>(
          'SELECT seats, amount FROM reservation WHERE show_id = ? ORDER BY reservation_id',
          [showId],
        ),
    };
  };

  it('move with the share that is sold, are frozen at the hold, and are told with a version', async () => {
    const show = await open();
    expect(await show.told()).toEqual({ price: 100, version: 0 });
    await show.buy(2);
    expect(await show.told()).toEqual({ price: 125, version: 1 });
    expect(show.batches.flat().at(-1)?.news).toMatchObject({ version: 1, priceVersion: 1 });
    await show.buy(1);
    const held = await show.frozen();
    expect(held.map((row) => row.amount)).toEqual([200, 125]);
    expect(JSON.parse(held[1]?.seats ?? '[]')[0][2]).toBe(125);
    expect(await show.told()).toEqual({ price: 125, version: 1 });
  });

  it('move with the time to the show and with seats that come back, without a request', async () => {
    const show = await open();
    await show.buy(2);
    await world.shard.change(
      'UPDATE show_head SET starts_at = NOW(3) + INTERVAL 1 HOUR WHERE show_id = ?',
      [show.showId],
    );
    await movePricesByTime(world.shard, world.shardId, show.lanes);
    expect(await show.told()).toEqual({ price: 85, version: 2 });
    await world.shard.change(
      'UPDATE reservation SET due_at = NOW(3) - INTERVAL 1 SECOND WHERE show_id = ?',
      [show.showId],
    );
    await show.lanes.expire(world.shardId, [show.showId]);
    // Forty less would be below the floor.
    expect(await show.told()).toEqual({ price: 80, version: 3 });
    await movePricesByTime(world.shard, world.shardId, show.lanes);
    expect(await show.told()).toEqual({ price: 80, version: 3 });
  });

  it('stay as staff set them where a sale has no rules', async () => {
    const show = await open();
    await world.shard.change('UPDATE show_head SET price_rules = NULL WHERE show_id = ?', [
      show.showId,
    ]);
    await show.buy(3);
    expect(await show.told()).toEqual({ price: 100, version: 0 });
    expect((await show.frozen()).map((row) => row.amount)).toEqual([300]);
  });
});
