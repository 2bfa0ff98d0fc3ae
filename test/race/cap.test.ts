import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { drawHall } from '../support/halls.js';
import {
  brokenRows,
  decidedRows,
  type LaneWorld,
  openLaneWorld,
  randomText,
} from '../support/lane-world.js';

describe('the seat cap', () => {
  let world: LaneWorld;
  beforeAll(async () => {
    world = await openLaneWorld();
  });
  afterAll(() => world.close());

  const storm = async (size: number, more: { passId?: string } = {}) => {
    const showId = await world.addShow(drawHall(Array(6).fill('..........')).seats, {
      seatCap: 10,
    });
    const apis = [world.openAccepting(), world.openAccepting()];
    const processors = [world.openLanes(), world.openLanes()];
    const fanId = randomText(12);
    await Promise.all(
      Array.from({ length: 20 }, async (_, index) => {
        const entry = world.entry(showId, { quantity: size }, { fanId, ...more });
        await apis[index % 2]?.accept(world.shardId, entry);
        const processor = processors[index % 2];
        if (processor) await world.drain(processor.lanes, showId);
      }),
    );
    const rows = await decidedRows(world.shard, showId);
    expect(rows).toHaveLength(20);
    const held = await world.shard.rows(
      "SELECT seat FROM show_seat WHERE show_id = ? AND state = 'HELD'",
      [showId],
    );
    expect(await brokenRows(world.shard, showId)).toEqual([]);
    return { held: held.length, rows };
  };

  it.each([
    [1, 10],
    [3, 9],
    [7, 7],
  ])('holds against 20 parallel requests for %i seats with a pass each', async (size, most) => {
    const { held, rows } = await storm(size);
    expect(held).toBe(most);
    expect(rows.filter((row) => row.reason === 'cap_reached')).toHaveLength(20 - most / size);
  });

  it('is not even reached by 20 parallel requests with one pass: it wins once', async () => {
    const { held, rows } = await storm(1, { passId: randomText(16) });
    expect(held).toBe(1);
    expect(rows.filter((row) => row.reason === 'pass_spent')).toHaveLength(19);
  });
});
