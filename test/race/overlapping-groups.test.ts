import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { drawHall } from '../support/halls.js';
import { brokenRows, decidedRows, type LaneWorld, openLaneWorld } from '../support/lane-world.js';

let world: LaneWorld;
beforeAll(async () => {
  world = await openLaneWorld();
});
afterAll(() => world.close());

it('gives one of two overlapping groups all of its seats, and the other none', async () => {
  const apis = [world.openAccepting(), world.openAccepting()];
  const processors = [world.openLanes(), world.openLanes()];
  const shows = await Promise.all(
    Array.from({ length: 12 }, (_, index) =>
      world.addShow(drawHall(['.....']).seats, { lane: index % 3 }),
    ),
  );
  // Opposite orders are what makes two careless transactions wait for each other.
  const groups = [
    ['A-1', 'A-2', 'A-3'],
    ['A-5', 'A-4', 'A-3'],
    ['A-3', 'A-2', 'A-1'],
    ['A-3', 'A-4', 'A-5'],
  ];
  await Promise.all(
    shows.flatMap((showId) =>
      groups.map(async (seats, index) => {
        const fan = world.entry(showId, { seats });
        await apis[index % 2]?.accept(world.shardId, fan);
        await Promise.all(processors.map(({ lanes }) => world.drain(lanes, showId)));
      }),
    ),
  );
  for (const showId of shows) {
    const rows = await decidedRows(world.shard, showId);
    expect(rows.filter((row) => row.state === 'GRANTED')).toHaveLength(1);
    expect(rows.filter((row) => row.reason === 'seats_taken')).toHaveLength(groups.length - 1);
    const held = await world.shard.rows(
      "SELECT seat FROM show_seat WHERE show_id = ? AND state = 'HELD'",
      [showId],
    );
    expect(held).toHaveLength(3);
    expect(await brokenRows(world.shard, showId)).toEqual([]);
  }
});
