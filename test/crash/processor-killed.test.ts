import { expect, it } from '@jest/globals';
import { wakeLockMs, wakeStalledCheckMs } from '../../core/queue/wake.js';
import { lanesLimits } from '../../core/store/database.js';
import { addFans } from '../support/journey.js';
import { untilHeldUp } from '../support/locks.js';
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

it(
  'is replaced by the one beside it when it is killed inside a transaction, and nobody starts one',
  inWorld({ rowSeats: 5 }, async (world) => {
    const [showId = 0] = world.showIds;
    const shard = await world.stores.shards.forShow(showId);
    const fans = await addFans(world, 12);
    const passes = await Promise.all(fans.map((fan) => fan.pass('desk')));
    const first = world.program('processor');
    const second = await world.start('processor');
    // It sleeps until the first one stands in the middle of its batch.
    second.pause();
    const { answers, batchesBefore } = await shard.transaction(async (tx) => {
      await tx.rows('SELECT seat_no FROM show_seat WHERE show_id = ? FOR UPDATE', [showId]);
      const asked = fans.map((fan, index) =>
        fan.reserve(showId, { quantity: 1 }, { pass: passes[index] ?? '' }),
      );
      await untilHeldUp(shard, 'FROM show_seat FORCE INDEX');
      const before = await shard.rows('SELECT lsn FROM show_log WHERE show_id = ?', [showId]);
      await first.kill('SIGKILL');
      second.resume();
      return { answers: Promise.all(asked), batchesBefore: before.length };
    });
    const told = await answers;
    expect(batchesBefore).toBe(0);
    expect(told.filter((one) => one.status === 200)).toHaveLength(10);
    expect(told.filter((one) => one.body.error === 'sold_out')).toHaveLength(2);
    expect((await world.settles()).exact).toMatchObject({ undecided: 0, seats_sold_twice: 0 });
  }),
);

it('leaves no lease longer than ten seconds behind, whatever way a processor ends', () => {
  // Paused: the server drops its connections, and who waits for its locks asks again.
  const locksMs = (lanesLimits.idleSeconds + lanesLimits.lockWaitSeconds) * 1_000;
  expect(locksMs).toBeLessThan(10_000);
  // Killed or paused: its wake-ups go to another.
  expect(wakeLockMs + wakeStalledCheckMs).toBeLessThan(10_000);
});
