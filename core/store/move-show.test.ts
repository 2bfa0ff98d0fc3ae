import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { holdSeats, seedShow, type TestShow } from '../../test/support/fixtures.js';
import { openTestStores, type TestStores } from '../../test/support/stores.js';
import { listDueMoves, type Move, planMove, readMove } from './catalog/show-moves.js';
import type { Database, Queryable, Tx } from './database.js';
import { advanceMove, type MoveDeps } from './move-show.js';
import { insertRequests } from './shard/journal.js';
import { changeShow } from './shard/show-change.js';
import { readShowTables } from './show-tables.js';

const waits = {
  announceMs: 0,
  decideMsMax: 0,
  closedMsMax: 60_000,
  graceMs: 0,
  busySeconds: 30,
  againSeconds: 0,
};
/** Every so many statements a mover dies. */
const stride = 8;

class Cut extends Error {}

/** Lets so many statements and commits through; after that it is as if the process had died. */
function cutting(budget: { left: number }) {
  const spend = () => {
    budget.left -= 1;
    if (budget.left < 0) throw new Cut('cut');
  };
  const spending =
    <A extends unknown[], R>(ask: (...args: A) => Promise<R>) =>
    async (...args: A): Promise<R> => {
      spend();
      return ask(...args);
    };
  const queries = (db: Queryable): Queryable => ({
    rows: spending(db.rows) as Queryable['rows'],
    change: spending(db.change),
    say: spending(db.say),
  });
  return (db: Database): Database => ({
    ...queries(db),
    transaction: async (work, retries) => {
      const result = await db.transaction((tx) => work(queries(tx) as Tx), retries);
      // The commit is done, and whoever asked for it never hears of it.
      spend();
      return result;
    },
    close: async () => undefined,
  });
}

describe('a move of a show', () => {
  let stores: TestStores;
  let show: TestShow;
  const [one, two] = [1, 2];
  const deps = (): MoveDeps => ({ catalog: stores.catalog, shards: stores.shards, waits });

  beforeAll(async () => {
    stores = await openTestStores();
    show = await seedShow(stores, { seats: 8 });
    const shard = await stores.shards.forShow(show.showId);
    for (const seats of [[0], [1, 2], [5]]) await holdSeats(stores, show, { seats });
    await insertRequests(shard, [
      {
        showId: show.showId,
        fanId: 'fan000000000',
        idemKey: 'undecided',
        bodyHash: 'h',
        passId: 'p'.repeat(16),
        saleId: show.saleId,
        node: 'test0000',
        wish: { quantity: 1 },
      },
    ]);
    await changeShow(shard, show.showId, async (change) => {
      change.log({ kind: 'STAFF', subjectId: 1, detail: { by: 'test', action: 'note' } });
      change.outbox({ kind: 'nothing', subjectId: 1, payload: {} });
    });
  });
  afterAll(() => stores.close());

  const place = async () => {
    const [row] = await stores.catalog.rows<{ shardId: number }>(
      'SELECT shard_id AS shardId FROM shows WHERE show_id = ?',
      [show.showId],
    );
    return row?.shardId ?? 0;
  };
  const plan = async () => {
    const toShard = (await place()) === one ? two : one;
    const planned = { showId: show.showId, toShard, evenSelling: true, actor: 'test' };
    expect(await stores.catalog.transaction((tx) => planMove(tx, planned))).toBe(true);
  };
  const finish = async (with_: MoveDeps) => {
    for (let step = 0; step < 20; step += 1) {
      const [due] = await listDueMoves(stores.catalog, 1);
      if (!due) return;
      await advanceMove(with_, due);
    }
    throw new Error('the move does not end');
  };
  /** All rows of the show on a shard; a gate's opening is its sale's after a move. */
  const rowsOn = async (shardId: number) => {
    const shard = stores.shards.byId(shardId);
    const all: Record<string, unknown[]> = {};
    for (const table of await readShowTables(shard)) {
      const rows = await shard.rows<Record<string, unknown>>(
        `SELECT * FROM ${table.name} WHERE show_id = ?`,
        [show.showId],
      );
      if (rows.length > 0) all[table.name] = rows.map(({ opens_at, ...row }) => row);
    }
    return all;
  };
  const served = async () => {
    const lanes: number[] = [];
    for (const shardId of [one, two]) {
      const heads = await stores.shards
        .byId(shardId)
        .rows('SELECT show_id FROM show_head WHERE show_id = ? AND lane < 16', [show.showId]);
      if (heads.length > 0) lanes.push(shardId);
    }
    return lanes;
  };

  it('leaves every row as it was on the other shard and none behind', async () => {
    const from = await place();
    const before = await rowsOn(from);
    expect(Object.keys(before).length).toBeGreaterThan(6);
    await plan();
    await finish(deps());
    expect(await place()).toBe(from === one ? two : one);
    expect(await rowsOn(await place())).toEqual(before);
    expect(await rowsOn(from)).toEqual({});
    expect(await served()).toEqual([await place()]);
  });

  it('goes on or is undone wherever its mover dies, and never serves the show twice', async () => {
    const before = await rowsOn(await place());
    const states = new Set<string>();
    for (let left = 1; ; left += stride) {
      await plan();
      const cut = cutting({ left });
      const dying: MoveDeps = {
        catalog: cut(stores.catalog),
        shards: { byId: (shardId) => cut(stores.shards.byId(shardId)) },
        waits,
      };
      const died = await finish(dying).then(
        () => false,
        (error) => {
          if (!(error instanceof Cut)) throw error;
          return true;
        },
      );
      const state = (await readMove(stores.catalog, show.showId))?.state ?? '';
      states.add(state);
      const lanes = await served();
      expect(lanes.length).toBeLessThanOrEqual(1);
      if (['PLANNED', 'COPYING', 'OPENED'].includes(state)) expect(lanes).toEqual([await place()]);
      await finish(deps());
      expect(await served()).toEqual([await place()]);
      expect(await rowsOn(await place())).toEqual(before);
      expect(await rowsOn((await place()) === one ? two : one)).toEqual({});
      if (!died) break;
    }
    expect([...states].sort()).toEqual([
      'CLOSED',
      'COPYING',
      'DONE',
      'OPENED',
      'PLANNED',
      'SWITCHED',
    ]);
  }, 120_000);

  it('waits while its sale sells, and is told why', async () => {
    await stores.catalog.transaction(async (tx) => {
      const toShard = (await place()) === one ? two : one;
      await planMove(tx, { showId: show.showId, toShard, evenSelling: false, actor: 'test' });
    });
    const [due] = await listDueMoves(stores.catalog, 1);
    const from = await place();
    await advanceMove(deps(), due as Move);
    expect(await readMove(stores.catalog, show.showId)).toMatchObject({
      state: 'PLANNED',
      note: 'people are buying',
    });
    expect(await listDueMoves(stores.catalog, 1)).toEqual([]);
    // The sale ends: its gate is closed, and the plan is due again.
    await stores.shards
      .byId(from)
      .change("UPDATE show_gate SET state = 'CLOSED' WHERE show_id = ?", [show.showId]);
    await stores.catalog.change("UPDATE sales SET state = 'CLOSED' WHERE sale_id = ?", [
      show.saleId,
    ]);
    await stores.catalog.change('UPDATE show_moves SET planned_at = NOW(3) WHERE show_id = ?', [
      show.showId,
    ]);
    await finish(deps());
    expect(await place()).not.toBe(from);
    const [gate] = await stores.shards
      .byId(await place())
      .rows('SELECT state FROM show_gate WHERE show_id = ?', [show.showId]);
    expect(gate).toEqual({ state: 'CLOSED' });
  });

  it('is refused to a mover that was away while another one went on', async () => {
    await plan();
    const [stale] = await listDueMoves(stores.catalog, 1);
    const from = await place();
    await finish(deps());
    const now = await rowsOn(await place());
    for (const state of ['PLANNED', 'COPYING', 'CLOSED', 'SWITCHED', 'OPENED'] as const) {
      await expect(advanceMove(deps(), { ...(stale as Move), state, ageMs: 0 })).rejects.toThrow();
    }
    expect(await rowsOn(await place())).toEqual(now);
    expect(await served()).toEqual([await place()]);
    expect(await rowsOn(from)).toEqual({});
  });
});
