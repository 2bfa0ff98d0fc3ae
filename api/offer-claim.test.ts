import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { holdSeats, seedShow } from '../test/support/fixtures.js';
import { openTestStores, type TestStores } from '../test/support/stores.js';
import { claimOffer } from './offer-claim.js';

let stores: TestStores;
beforeAll(async () => {
  stores = await openTestStores();
});
afterAll(() => stores.close());

it('counts offers of several shows of a sale against one cap', async () => {
  const show = await seedShow(stores);
  const shard = await stores.shards.forShow(show.showId);
  await stores.catalog.change('UPDATE sales SET sale_cap = 3 WHERE sale_id = ?', [show.saleId]);
  await shard.change('UPDATE show_head SET capped = 1 WHERE show_id = ?', [show.showId]);
  const fanId = 'fan-offered0';
  const offers = [
    await holdSeats(stores, show, { fanId, seats: [0, 1] }),
    await holdSeats(stores, show, { fanId, seats: [2, 3] }),
  ];
  const claim = (no = 0) => claimOffer(stores.catalog, shard, { showId: show.showId, no });
  // Holds of a request have been counted when it was accepted.
  await claim(offers[1]?.reservationId);
  await shard.change('UPDATE reservation SET offered = 1 WHERE show_id = ?', [show.showId]);
  await claim(offers[0]?.reservationId);
  await claim(offers[0]?.reservationId);
  await expect(claim(offers[1]?.reservationId)).rejects.toThrow('may have 3 seats');
});
