import { expect, it } from '@jest/globals';
import { addFans, type Fan } from '../support/journey.js';
import { startShopping } from '../support/shoppers.js';
import { until } from '../support/until.js';
import { inWorld, type World } from '../support/world.js';

const watchMsMax = 60_000;

/** The longest time in which a show said that it is being moved, by show. */
type Watch = { closedMs: Map<number, number>; faults: string[]; stop(): Promise<void> };

it(
  'adds a shard and moves selling shows to it, and back, without losing or stopping anything',
  inWorld({ rowSeats: 120, shows: 5 }, async (world) => {
    const { stores } = world;
    const third = new URL(stores.shardUrls[0] ?? '');
    third.pathname = third.pathname.replace(/shard1$/, 'shard3');
    const places = async (sale = 'desk') => {
      const rows = await stores.catalog.rows<{ showId: number; shardId: number }>(
        'SELECT show_id AS showId, shard_id AS shardId FROM shows WHERE sale_id = ?',
        [sale],
      );
      return new Map(rows.map((row) => [row.showId, row.shardId]));
    };
    let watch: Watch | undefined;
    try {
      const shopping = await startShopping(world, { fans: 2, passesEach: 800 });
      await until(() => shopping.done() >= 10, { what: 'the first purchases' });
      watch = await startWatch(world);
      const before = await places();

      // Without --now a show that sells stays.
      const [first = 0] = world.showIds;
      const other = before.get(first) === 1 ? '2' : '1';
      const waiting = await world.cli(['shard', 'move', String(first), '--to', other, '--json']);
      expect(JSON.parse(waiting.out)).toMatchObject({
        moved: 0,
        waiting: [{ show_id: String(first), note: 'people are buying' }],
      });

      const added = await world.cli(['shard', 'add', third.toString(), '--now', '--json']);
      expect([added.code, added.err]).toEqual([0, '']);
      const told = JSON.parse(added.out) as { shard_id: number; moved: number };
      expect(told).toMatchObject({ shard_id: 3, waiting: [] });
      const after = await places();
      const moved = world.showIds.filter((id) => before.get(id) !== after.get(id));
      expect(moved.length).toBeGreaterThan(0);
      expect(moved.length).toBeLessThan(world.showIds.length);
      expect([...new Set(moved.map((id) => after.get(id)))]).toContain(3);

      const atMove = shopping.done();
      await until(() => shopping.done() >= atMove + 20, { what: 'purchases after the moves' });
      const back = String(moved.find((id) => after.get(id) === 3));
      // A move is over when its old rows are gone, which is after the show is served again.
      const returned = await until(
        async () => {
          const told = await world.cli(['shard', 'move', back, '--to', '1', '--now', '--json']);
          return told.code === 0 ? told.out : undefined;
        },
        { what: 'the way back to be free' },
      );
      expect(JSON.parse(returned)).toMatchObject({ moved: 1, waiting: [] });
      await watch.stop();
      const counts = await shopping.finish();

      expect(watch.faults).toEqual([]);
      for (const id of world.showIds) {
        if (id === first) continue;
        const closedMs = watch.closedMs.get(id) ?? 0;
        if (moved.includes(id)) expect(closedMs).toBeLessThan(2_000);
        else expect(closedMs).toBe(0);
      }
      const listed = await world.cli(['shard', 'list', '--json']);
      const list = JSON.parse(listed.out) as { results: { shard_id: number; state: string }[] };
      expect(list.results.map(({ shard_id, state }) => [shard_id, state])).toEqual([
        [1, 'here'],
        [2, 'here'],
        [3, 'here'],
      ]);
      // A room lets its fans in to a show of the added shard as to any other.
      const rush = String(world.rushId);
      const isThere = (await stores.shards.idOf(world.rushId)) === 3;
      if (!isThere) await world.cli(['shard', 'move', rush, '--to', '3', '--now']);
      expect((await places('rush')).get(world.rushId)).toBe(3);
      const [late] = await addFans(world, 1);
      expect(await late?.pass('rush')).toEqual(expect.any(String));
      // What was added is looked at without being told.
      const judged = await world.cli(['audit', '--json']);
      expect([judged.code, JSON.parse(judged.out).violations]).toEqual([0, []]);
      stores.shardUrls.push(third.toString());
      const report = await world.settles();
      expect(report.exact).toMatchObject({ seats_sold: counts.paid, seats_held: 0 });
    } finally {
      await watch?.stop();
      await stores.catalog.change(`DROP DATABASE IF EXISTS ${third.pathname.slice(1)}`);
    }
  }),
  180_000,
);

/** Asks for every show's reservation over and over, as a fan with one in each would. */
async function startWatch(world: World): Promise<Watch> {
  const [fan] = await addFans(world, 1);
  let stopped = false;
  const watch = { closedMs: new Map<number, number>(), faults: [] as string[] };
  const follow = async (showId: number, asker: Fan): Promise<void> => {
    let sinceMs: number | undefined;
    const look = async (): Promise<boolean> => {
      const told = await asker.call('GET', `/shows/${showId}/seats`);
      const nowMs = performance.now();
      if (told.status === 503 && told.body.error === 'show_moving') {
        sinceMs ??= nowMs;
        if (!told.headers.get('retry-after')) watch.faults.push(`${showId}: no Retry-After`);
        watch.closedMs.set(showId, Math.max(watch.closedMs.get(showId) ?? 1, nowMs - sinceMs));
      } else {
        sinceMs = undefined;
        if (told.status !== 200) watch.faults.push(`${showId}: ${told.status}`);
      }
      return stopped;
    };
    await until(look, { ms: watchMsMax, every: 40, what: 'the end of the watch' });
  };
  const asker = fan as Fan;
  const running = Promise.all(world.showIds.map((showId) => follow(showId, asker)));
  return {
    ...watch,
    stop: async () => {
      stopped = true;
      await running;
    },
  };
}
