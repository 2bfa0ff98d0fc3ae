import { expect, it } from '@jest/globals';
import { startShopping } from '../support/shoppers.js';
import { until } from '../support/until.js';
import { inWorld } from '../support/world.js';

/** Ordinary runs keep it short; `USHER_TEST_OUTAGE_MS=120000` makes it two minutes. */
const outageMs = Number(process.env.USHER_TEST_OUTAGE_MS || 5_000);

it(
  'goes on selling to admitted fans while Redis is away, and after it came back',
  inWorld({ own: ['redis'], rowSeats: 60, shows: 2 }, async (world) => {
    const shopping = await startShopping(world, { fans: 4, passesEach: 2_000 });
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
    await world.settles();
  }),
  180_000 + outageMs,
);
