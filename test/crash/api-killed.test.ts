import { randomUUID } from 'node:crypto';
import { expect, it } from '@jest/globals';
import { addFans } from '../support/journey.js';
import { inWorld } from '../support/world.js';

it(
  'decides what was accepted, though the api is killed before it could wake anybody',
  inWorld({ own: ['redis'] }, async (world) => {
    const showId = world.showIds[0] ?? 0;
    const shard = await world.stores.shards.forShow(showId);
    const fans = await addFans(world, 25);
    const passes = await Promise.all(fans.map((fan) => fan.pass('desk')));
    const keys = fans.map(() => randomUUID());
    await world.program('processor').kill('SIGKILL');

    // Without Redis no wake-up leaves the api, and it dies before Redis is back.
    await world.without('redis', async () => {
      const accepted = await Promise.all(
        fans.map((fan, index) =>
          fan.call('POST', '/reserve', {
            body: { show_id: String(showId), quantity: 1 },
            headers: {
              'usher-pass': passes[index] ?? '',
              'idempotency-key': keys[index] ?? '',
              prefer: 'respond-async',
            },
          }),
        ),
      );
      expect(new Set(accepted.map((told) => told.status))).toEqual(new Set([202]));
      await world.program('api').kill('SIGKILL');
    });
    await Promise.all([world.start('api'), world.start('processor')]);

    const told = await Promise.all(
      fans.map((fan, index) =>
        fan.reserve(showId, { quantity: 1 }, { pass: passes[index] ?? '', key: keys[index] ?? '' }),
      ),
    );
    expect(told.filter((one) => one.status === 200)).toHaveLength(20);
    expect(told.filter((one) => one.body.error === 'sold_out')).toHaveLength(5);
    const rows = await shard.rows('SELECT request_id FROM request');
    expect(rows).toHaveLength(fans.length);
    await world.settles();
  }),
);
