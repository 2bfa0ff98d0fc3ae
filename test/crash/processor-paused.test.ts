import { expect, it } from '@jest/globals';
import { addFans } from '../support/journey.js';
import { untilHeldUp } from '../support/locks.js';
import { until } from '../support/until.js';
import { inWorld } from '../support/world.js';

/** Ten seconds is the promise on a machine of its own; this only tells late from never. */
const takeoverMsMax = 30_000;

it(
  'replaces a processor that sleeps inside a transaction, and the sleeper wakes to do nothing',
  inWorld({ rowSeats: 5 }, async (world) => {
    const [showId = 0] = world.showIds;
    const shard = await world.stores.shards.forShow(showId);
    const fans = await addFans(world, 12);
    const passes = await Promise.all(fans.map((fan) => fan.pass('desk')));
    const sleeper = world.program('processor');

    const { answers, pausedMs } = await shard.transaction(async (tx) => {
      // The lane takes its head and then waits for these seats: there it is put to sleep.
      await tx.rows('SELECT seat_no FROM show_seat WHERE show_id = ? FOR UPDATE', [showId]);
      const asked = fans.map((fan, index) =>
        fan.reserve(showId, { quantity: 1 }, { pass: passes[index] ?? '' }),
      );
      await untilHeldUp(shard, 'FROM show_seat FORCE INDEX');
      sleeper.pause();
      return { answers: Promise.all(asked), pausedMs: Date.now() };
    });
    await world.start('processor');
    const told = await answers;
    expect(Date.now() - pausedMs).toBeLessThan(takeoverMsMax);
    expect(told.filter((one) => one.status === 200)).toHaveLength(10);
    expect(told.filter((one) => one.body.error === 'sold_out')).toHaveLength(2);

    const logged = async () =>
      (await shard.rows('SELECT lsn FROM show_log WHERE show_id = ?', [showId])).length;
    const before = await logged();
    sleeper.resume();
    await until(
      () => /stays behind|batch failed|sweep failed|ECONNRESET|LOST/.test(sleeper.log()),
      {
        what: 'the sleeper to find its connection gone',
      },
    );
    await world.settles();
    expect(await logged()).toBe(before);
  }),
);
