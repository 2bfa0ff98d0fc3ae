import { expect, it } from '@jest/globals';
import { startShopping } from '../support/shoppers.js';
import { until } from '../support/until.js';
import { inWorld } from '../support/world.js';

const outageMs = 5_000;

it(
  'answers every request exactly once across five seconds without MySQL',
  inWorld({ own: ['mysql'], rowSeats: 60, shows: 2 }, async (world) => {
    const shopping = await startShopping(world, { fans: 6, passesEach: 100 });
    await until(() => shopping.done() >= 10, { what: 'the first purchases' });
    await world.without('mysql', async () => {
      const startedMs = Date.now();
      await until(() => Date.now() - startedMs >= outageMs, {
        ms: outageMs * 2,
        what: 'the end of the outage',
      });
    });
    const after = shopping.done();
    await until(() => shopping.done() >= after + 10, {
      ms: 30_000,
      what: 'purchases with MySQL again',
    });
    const counts = await shopping.finish();
    expect(counts.paid).toBeGreaterThan(0);
    const report = await world.settles();
    expect(report.exact.seats_sold).toBe(counts.paid);
  }),
  120_000,
);
