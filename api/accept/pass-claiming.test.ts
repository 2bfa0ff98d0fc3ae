import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { openLog } from '../../core/runtime/log.js';
import { readClaims } from '../../core/store/catalog/pass-claims.js';
import { seedShow, type TestShow } from '../../test/support/fixtures.js';
import { randomText } from '../../test/support/lane-world.js';
import { openTestStores, type TestStores } from '../../test/support/stores.js';
import { until } from '../../test/support/until.js';
import { openPassClaiming, type PassClaiming, passRequestsMax } from './pass-claiming.js';

describe('the requests that a pass may make', () => {
  let stores: TestStores;
  let show: TestShow;
  let claiming: PassClaiming;
  beforeAll(async () => {
    stores = await openTestStores(1);
    show = await seedShow(stores);
    claiming = openPassClaiming(stores.catalog, stores.shards, openLog('test', 'silent'));
  });
  afterAll(() => stores.close());

  /** Claims once more than a pass may, and gives each back; what the last claim said. */
  const wearOut = async (counts: boolean): Promise<unknown> => {
    const passId = randomText(16);
    const isFree = async () => {
      const rows = await stores.catalog.rows<{ busy: number }>(
        'SELECT busy FROM pass_claims WHERE pass_id = ?',
        [passId],
      );
      return rows[0]?.busy === 0;
    };
    let last: unknown = 'claimed';
    for (let no = 0; no <= passRequestsMax; no += 1) {
      const claim = { passId, showId: show.showId, idemKey: randomText(16) };
      last = await claiming.claim({ ...claim, fanId: randomText(12) }).then(
        () => 'claimed',
        (error: { code: string }) => error.code,
      );
      claiming.release(claim, { counts });
      await until(isFree, { what: 'a free pass', every: 1 });
    }
    const [{ requests = -1 } = {}] = await readClaims(stores.catalog, [passId]);
    return { last, requests };
  };

  it('are counted when they were decided', async () => {
    expect(await wearOut(true)).toEqual({ last: 'slow_down', requests: passRequestsMax + 1 });
  });

  it('are not counted when nothing was accepted, as at a closed gate', async () => {
    expect(await wearOut(false)).toEqual({ last: 'claimed', requests: 0 });
  });
});
