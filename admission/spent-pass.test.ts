// A pass that has just won seats is not handed out again.
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { claimPasses } from '../core/store/catalog/pass-claims.js';
import { holdSeats, seedShow, type TestShow } from '../test/support/fixtures.js';
import { openRoomBench, type RoomBench } from '../test/support/rooms.js';
import { openTestStores, type TestStores } from '../test/support/stores.js';
import { until } from '../test/support/until.js';
import type { Gate, Place } from './gate.js';

describe('joining again', () => {
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
    [fanId = ''] = await bench.addFans(1);
  });

  const join = async (): Promise<Place> => (await gate.join({ saleId: show.saleId, fanId })).place;
  const passOf = ({ pass }: Place): string => bench.tokens.readPass(pass ?? '').passId;
  const stateOf = async (passId: string): Promise<unknown> =>
    stores.catalog.rows('SELECT state FROM admission WHERE pass_id = ?', [passId]);

  const stand = () =>
    stores.catalog.change('UPDATE sales SET standing = 1 WHERE sale_id = ?', [show.saleId]);

  it('gives the same pass of a standing sale until it has won seats, then another', async () => {
    await stand();
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
    await stand();
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

  it('gives a new place in a room, which has not heard of the seats yet', async () => {
    const pump = bench.openPump();
    const { saleId } = show;
    await join();
    const letIn = async () => {
      await pump.tick(saleId);
      return (await gate.place({ saleId, fanId })).state === 'admitted';
    };
    await until(letIn, { what: 'a pass' });
    const passId = passOf(await join());
    expect(passOf(await join())).toBe(passId);
    await holdSeats(stores, show, { fanId, passId });
    await stores.catalog.change(
      'UPDATE sales SET pow_difficulty = 1000, version = version + 1 WHERE sale_id = ?',
      [saleId],
    );
    await gate.changed(saleId);
    // The new place has the door's price, as any other.
    await expect(join()).rejects.toMatchObject({ code: 'challenge_required' });
    expect(await stateOf(passId)).toEqual([{ state: 'SPENT' }]);
    await stores.catalog.change(
      'UPDATE sales SET pow_difficulty = 0, version = version + 1 WHERE sale_id = ?',
      [saleId],
    );
    await gate.changed(saleId);
    const { created, place } = await gate.join({ saleId, fanId });
    expect({ created, state: place.state, place: place.place }).toEqual({
      ...{ created: true, state: 'waiting', place: 2 },
    });
    pump.close();
  });
});
