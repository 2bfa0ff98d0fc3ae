// A pass of a standing sale that has just won seats is not handed out again.
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { claimPasses } from '../core/store/catalog/pass-claims.js';
import { holdSeats, seedShow, type TestShow } from '../test/support/fixtures.js';
import { openRoomBench, type RoomBench } from '../test/support/rooms.js';
import { openTestStores, type TestStores } from '../test/support/stores.js';
import type { Gate, Place } from './gate.js';

describe('joining a standing sale again', () => {
  let stores: TestStores;
  let bench: RoomBench;
  let gate: Gate;
  let show: TestShow;
  let fanId: string;

  beforeAll(async () => {
    stores = await openTestStores(1);
    bench = await openRoomBench({ on: { stores } });
    gate = bench.openGate();
  });
  afterAll(async () => {
    await bench.close();
    await stores.close();
  });
  beforeEach(async () => {
    show = await seedShow(stores, { seats: 4 });
    await stores.catalog.change('UPDATE sales SET standing = 1 WHERE sale_id = ?', [show.saleId]);
    [fanId = ''] = await bench.addFans(1);
  });

  const join = async (): Promise<Place> => (await gate.join({ saleId: show.saleId, fanId })).place;
  const passOf = ({ pass }: Place): string => bench.tokens.readPass(pass ?? '').passId;
  const stateOf = async (passId: string): Promise<unknown> =>
    stores.catalog.rows('SELECT state FROM admission WHERE pass_id = ?', [passId]);

  it('gives the same pass until it has won seats, and from then on another', async () => {
    const passId = passOf(await join());
    expect(passOf(await join())).toBe(passId);
    // Granted, and the outbox has told nobody yet.
    await holdSeats(stores, show, { fanId, passId });
    expect(await gate.place({ saleId: show.saleId, fanId })).toMatchObject({ state: 'done' });
    const next = await join();
    expect(next.state).toBe('admitted');
    expect(passOf(next)).not.toBe(passId);
    expect(await stateOf(passId)).toEqual([{ state: 'SPENT' }]);
    expect(passOf(await join())).toBe(passOf(next));
  });

  it('looks where the pass was used, in a sale of several shows', async () => {
    const sister = await seedShow(stores, { seats: 4 });
    await stores.catalog.change('UPDATE shows SET sale_id = ? WHERE show_id = ?', [
      show.saleId,
      sister.showId,
    ]);
    const passId = passOf(await join());
    const claim = { passId, showId: sister.showId, idemKey: 'a-key' };
    await claimPasses(stores.catalog, [claim]);
    expect(passOf(await join())).toBe(passId);
    await holdSeats(stores, sister, { fanId, passId });
    expect(passOf(await join())).not.toBe(passId);
  });
});
