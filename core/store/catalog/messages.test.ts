import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { randomText } from '../../../test/support/lane-world.js';
import { openTestStores, type TestStores } from '../../../test/support/stores.js';
import { claimMessages, insertMessages, keepClaims } from './messages.js';

const handOverMs = 20_000;
const leaseMs = 300_000;

describe('claims of messages', () => {
  let stores: TestStores;
  beforeAll(async () => {
    stores = await openTestStores(1);
  });
  afterAll(() => stores.close());

  const file = () =>
    insertMessages(
      stores.catalog,
      [
        {
          ...{ key: randomText(16), fanId: randomText(12), kind: 'reminder' },
          ...{ showId: null, subjectId: null, detail: {} },
        },
      ],
      ['mail'],
    );
  /** Seconds until each message is due, by its number. */
  const dueIn = async (): Promise<number[]> => {
    const rows = await stores.catalog.rows<{ seconds: number }>(
      `SELECT TIMESTAMPDIFF(SECOND, NOW(3), due_at) AS seconds FROM message ORDER BY message_id`,
    );
    return rows.map(({ seconds }) => Number(seconds));
  };

  it('last for long once they are handed over, but for what was tried meanwhile', async () => {
    for (let no = 0; no < 3; no += 1) await file();
    const claims = await claimMessages(stores.catalog, { rowsMax: 2, leaseMs: handOverMs });
    expect(claims.map(({ tries }) => tries)).toEqual([1, 1]);
    // Who dies here keeps them for so long, and no longer.
    const [first = 0, second = 0, third = 0] = await dueIn();
    expect([first, second].every((seconds) => seconds > 0 && seconds <= 20)).toBe(true);
    expect(third).toBeLessThanOrEqual(0);

    await stores.catalog.change(
      'UPDATE message SET due_at = NOW(3) + INTERVAL 1 HOUR WHERE message_id = ?',
      [claims[1]?.messageId ?? 0],
    );
    await keepClaims(stores.catalog, claims, leaseMs);
    const [kept = 0, tried = 0, other = 0] = await dueIn();
    expect(kept).toBeGreaterThan(200);
    expect(kept).toBeLessThanOrEqual(300);
    expect(tried).toBeGreaterThan(3_000);
    expect(other).toBeLessThanOrEqual(0);
  });
});
