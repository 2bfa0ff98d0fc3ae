import { expect, it } from '@jest/globals';
import { openDatabase } from '../../core/store/database.js';
import { addFans } from '../support/journey.js';
import { until } from '../support/until.js';
import { inWorld } from '../support/world.js';

const takeoverMsMax = 10_000;

it(
  'replaces a processor that sleeps inside a transaction, and the sleeper wakes to do nothing',
  inWorld({ rowSeats: 5 }, async (world) => {
    const [showId = 0] = world.showIds;
    const shard = await world.stores.shards.forShow(showId);
    const shardUrl = await urlOf(world.stores.shardUrls, showId);
    const fans = await addFans(world, 12);
    const passes = await Promise.all(fans.map((fan) => fan.pass('desk')));
    const sleeper = world.program('processor');

    const { answers, pausedMs } = await shard.transaction(async (tx) => {
      // The lane takes its head and then waits for these seats: there it is put to sleep.
      await tx.rows('SELECT seat_no FROM show_seat WHERE show_id = ? FOR UPDATE', [showId]);
      const asked = fans.map((fan, index) =>
        fan.reserve(showId, { quantity: 1 }, { pass: passes[index] ?? '' }),
      );
      await until(() => waitsForLock(shardUrl), { what: 'the lane to wait for the seats' });
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
    await until(() => /batch failed|sweep failed|ECONNRESET|LOST/.test(sleeper.log()), {
      what: 'the sleeper to find its connection gone',
    });
    await world.settles();
    expect(await logged()).toBe(before);
  }),
);

async function urlOf(urls: string[], showId: number): Promise<string> {
  for (const url of urls) {
    const database = openDatabase(url);
    const rows = await database.rows('SELECT 1 FROM show_head WHERE show_id = ?', [showId]);
    await database.close();
    if (rows.length > 0) return url;
  }
  throw new Error(`show ${showId} is on no shard`);
}

async function waitsForLock(shardUrl: string): Promise<boolean> {
  const database = openDatabase(shardUrl);
  try {
    const rows = await database.rows(
      `SELECT t.trx_id FROM information_schema.innodb_trx t
       JOIN information_schema.processlist p ON p.id = t.trx_mysql_thread_id
       WHERE t.trx_state = 'LOCK WAIT' AND p.db = DATABASE()`,
    );
    return rows.length > 0;
  } finally {
    await database.close();
  }
}
