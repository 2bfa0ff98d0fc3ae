import { expect, it } from '@jest/globals';
import { addFans } from '../support/journey.js';
import { until } from '../support/until.js';
import { inWorld } from '../support/world.js';

it(
  'decides every request once, though the processor is killed with a lane full',
  inWorld({ rowSeats: 50 }, async (world) => {
    const { stores } = world;
    const showId = world.showIds[0] ?? 0;
    const shard = await stores.shards.forShow(showId);
    const fans = await addFans(world, 120);
    const passes = await Promise.all(fans.map((fan) => fan.pass('desk')));
    const decided = async () => {
      const [row] = await shard.rows<{ n: number }>(
        "SELECT COUNT(*) AS n FROM request WHERE state <> 'ACCEPTED'",
      );
      return row?.n ?? 0;
    };

    // Stopped first, so that the lane is full when the kill comes.
    world.program('processor').pause();
    const answers = Promise.all(
      fans.map((fan, index) => fan.reserve(showId, { quantity: 1 }, { pass: passes[index] ?? '' })),
    );
    await until(
      async () => {
        const [row] = await shard.rows<{ n: number }>('SELECT COUNT(*) AS n FROM request');
        return row?.n === fans.length;
      },
      { what: 'a full lane' },
    );
    world.program('processor').resume();
    await world.program('processor').kill('SIGKILL');
    const before = await decided();
    await world.start('processor');

    const told = await answers;
    expect(before).toBeLessThanOrEqual(fans.length);
    expect(told.filter((one) => one.status === 200)).toHaveLength(100);
    expect(told.filter((one) => one.body.error === 'sold_out')).toHaveLength(20);
    expect(await decided()).toBe(fans.length);
    const report = await world.settles();
    expect(report.exact).toMatchObject({ undecided: 0, seats_sold_twice: 0, seats_held: 100 });
  }),
);
