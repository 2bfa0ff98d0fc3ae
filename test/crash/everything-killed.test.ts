import { expect, it } from '@jest/globals';
import { startShopping } from '../support/shoppers.js';
import { until } from '../support/until.js';
import { inWorld } from '../support/world.js';

it(
  'goes on where it was after everything was killed at once, stores included',
  inWorld({ own: ['mysql', 'redis'], rowSeats: 60, shows: 2 }, async (world) => {
    const shopping = await startShopping(world, { fans: 6, passesEach: 200 });
    await until(() => shopping.done() >= 10, { what: 'the first purchases' });
    await Promise.all(
      (['processor', 'api', 'admission', 'sandbox', 'mailbox'] as const).map((name) =>
        world.program(name).kill('SIGKILL'),
      ),
    );
    await Promise.all([world.killEngine('mysql'), world.killEngine('redis')]);
    // In another order than a tidy start would have.
    await world.start('api');
    await Promise.all([world.start('sandbox'), world.start('mailbox')]);
    await world.start('processor');
    await world.start('admission');

    const after = shopping.done();
    await until(() => shopping.done() >= after + 10, {
      ms: 40_000,
      what: 'purchases after the restart',
    });
    const counts = await shopping.finish();
    const report = await world.settles();
    expect(report.exact).toMatchObject({
      seats_sold: counts.paid,
      seats_sold_twice: 0,
      undecided: 0,
    });
  }),
  150_000,
);
