import { expect, it } from '@jest/globals';
import { closeRedis, openRedis } from '../../core/redis/connect.js';
import { addFans } from '../support/journey.js';
import { until } from '../support/until.js';
import { inWorld } from '../support/world.js';

it(
  'loses no request, no seat and no money when Redis is emptied in mid-sale',
  inWorld({ own: ['redis'], rowSeats: 30 }, async (world) => {
    const redis = openRedis(world.stores.redisUrl, 'command', () => undefined);
    await until(() => redis.status === 'ready', { what: 'a connection to Redis' });
    const [showId = 0] = world.showIds;
    const fans = await addFans(world, 40);
    let finished = 0;
    const buying = fans.map(async (fan, index) => {
      // Half of them bring a pass of the room with them, half go through the emptied one.
      const rushes = index % 2 === 0;
      const pass = await fan.pass(rushes ? 'rush' : 'desk');
      await arrived();
      const told = await fan.reserve(rushes ? world.rushId : showId, { quantity: 1 }, { pass });
      const paid = await fan.confirm(String(told.body.reservation_id));
      finished += 1;
      return { reserved: told.status, paid: paid.status };
    });
    let waiting = 0;
    let open = (): void => undefined;
    const gate = new Promise<void>((resolve) => {
      open = resolve;
    });
    async function arrived(): Promise<void> {
      waiting += 1;
      await gate;
    }
    await until(() => waiting === fans.length, { what: 'everybody to have a pass' });
    await redis.flushall();
    open();
    await until(() => finished >= 5, { what: 'some purchases' });
    await redis.flushall();

    const told = await Promise.all(buying);
    expect(told).toEqual(fans.map(() => ({ reserved: 200, paid: 201 })));
    closeRedis(redis);
    const report = await world.settles();
    expect(report.exact).toMatchObject({ seats_sold: 40, seats_sold_twice: 0, undecided: 0 });
  }),
);
