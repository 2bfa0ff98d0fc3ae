import { expect, it } from '@jest/globals';
import { startShopping } from '../support/shoppers.js';
import { until } from '../support/until.js';
import { inWorld } from '../support/world.js';

const outageMs = 120_000;

it(
  'admitted fans reserve, pay and give back while Redis is away for two minutes',
  inWorld({ own: ['redis'], rowSeats: 100, shows: 4 }, async (world) => {
    const shopping = await startShopping(world, { fans: 2, passesEach: 3_000 });
    await until(() => shopping.done() >= 10, { what: 'the first purchases' });
    await world.without('redis', async () => {
      const startedMs = Date.now();
      const before = shopping.done();
      await until(() => shopping.done() >= before + 20, { what: 'purchases without Redis' });
      await until(() => Date.now() - startedMs >= outageMs, {
        ms: outageMs * 2,
        what: 'the end of the outage',
      });
    });
    const after = shopping.done();
    await until(() => shopping.done() >= after + 10, { what: 'purchases with Redis again' });
    const counts = await shopping.finish();
    expect(counts.paid).toBeGreaterThan(0);
    expect(counts.released).toBeGreaterThan(0);
    const report = await world.settles();
    expect(report.exact).toMatchObject({ seats_sold: counts.paid, seats_held: 0 });
  }),
  180_000 + outageMs,
);
