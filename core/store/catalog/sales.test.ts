import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { openRoomBench, type RoomBench } from '../../../test/support/rooms.js';
import { listAudit } from './audit.js';
import { changeSale, listSales, moveEpoch, readSale, type SaleChange } from './sales.js';

let bench: RoomBench;

beforeAll(async () => {
  bench = await openRoomBench();
});
afterAll(() => bench.close());

const change = (wanted: Omit<SaleChange, 'actor'>) =>
  bench.catalog.transaction((tx) => changeSale(tx, { ...wanted, actor: 'ida' }));

describe('changing a sale', () => {
  it('writes who changed what from what to what, and moves the version', async () => {
    const saleId = await bench.addSale({ ratePerMinute: 600 });
    const sale = await change({
      saleId,
      action: 'sale.rate',
      set: { ratePerMinute: 90 },
      version: 1,
    });
    expect(sale).toMatchObject({ ratePerMinute: 90, version: 2 });
    expect(await readSale(bench.catalog, saleId)).toEqual(sale);
    expect(await listAudit(bench.catalog, { subject: saleId })).toMatchObject([
      {
        actor: 'ida',
        action: 'sale.rate',
        before: { rate_per_minute: 600 },
        after: { rate_per_minute: 90 },
      },
    ]);
  });

  it('changes nothing when it is so already, and refuses a version that is over', async () => {
    const saleId = await bench.addSale();
    await change({ saleId, action: 'sale.pause', set: { state: 'PAUSED' } });
    await change({ saleId, action: 'sale.pause', set: { state: 'PAUSED' } });
    expect(await listAudit(bench.catalog, { subject: saleId })).toHaveLength(1);
    await expect(
      change({ saleId, action: 'sale.resume', set: { state: 'ACTIVE' }, version: 1 }),
    ).rejects.toMatchObject({ code: 'stale' });
    await expect(
      change({ saleId: 'none', action: 'sale.resume', set: { state: 'ACTIVE' } }),
    ).rejects.toMatchObject({ code: 'not_found' });
  });

  it('does not move an opening that has happened', async () => {
    const saleId = await bench.addSale({ opensInMs: -5_000 });
    const opensAt = new Date(Date.now() + 60_000);
    await expect(change({ saleId, action: 'sale.delay', set: { opensAt } })).rejects.toMatchObject({
      code: 'conflict',
    });
  });
});

describe('the epoch of a sale', () => {
  it('is moved by one of many who try, and stays for the first room', async () => {
    const saleId = await bench.addSale();
    for (const epoch of [1, 2]) {
      const sale = await readSale(bench.catalog, saleId);
      if (!sale) throw new Error('the sale is gone');
      const moves = await Promise.all([1, 2, 3].map(() => moveEpoch(bench.catalog, sale, 50)));
      expect(moves.filter(Boolean)).toHaveLength(1);
      const after = await readSale(bench.catalog, saleId);
      expect(after).toMatchObject({ epoch, seqReserved: 50 * epoch });
    }
  });
});

it('lists sales by pages', async () => {
  for (let n = 0; n < 3; n += 1) await bench.addSale();
  const first = await listSales(bench.catalog, { limit: 2 });
  const next = await listSales(bench.catalog, { after: first[1]?.saleId ?? '', limit: 100 });
  const ids = [...first, ...next].map((sale) => sale.saleId);
  expect(ids).toEqual([...new Set(ids)].sort());
});
