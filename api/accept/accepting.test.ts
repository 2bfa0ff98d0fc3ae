import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { changeGates } from '../../core/store/shard/gates.js';
import { insertRequests, type JournalEntry } from '../../core/store/shard/journal.js';
import { laneOf, type Shards } from '../../core/store/shards.js';
import { drawHall } from '../../test/support/halls.js';
import {
  decidedRows,
  type LaneWorld,
  openLaneWorld,
  randomText,
} from '../../test/support/lane-world.js';
import { untilHeldUp } from '../../test/support/locks.js';
import { openAccepting } from './accepting.js';

const { seats } = drawHall(['..........']);

describe('accepting', () => {
  let world: LaneWorld;
  beforeAll(async () => {
    world = await openLaneWorld();
  });
  afterAll(() => world.close());

  const acceptAll = (entries: JournalEntry[], acceptings = [world.openAccepting()]) =>
    Promise.all(
      entries.map((entry, index) =>
        acceptings[index % acceptings.length]?.accept(world.shardId, entry),
      ),
    );

  it('makes one row of one key, however often and wherever it comes', async () => {
    const showId = await world.addShow(seats);
    const entry = world.entry(showId, { quantity: 1 });
    const apis = [world.openAccepting(), world.openAccepting(), world.openAccepting()];
    const told = await acceptAll(Array(50).fill(entry), apis);
    expect(new Set(told.map((row) => row?.requestId)).size).toBe(1);
    expect(await decidedRows(world.shard, showId)).toHaveLength(1);
    const [again] = await acceptAll([entry]);
    expect(again).toEqual(told[0]);
  });

  it('keeps the body that came first under a key', async () => {
    const showId = await world.addShow(seats);
    const entry = world.entry(showId, { quantity: 1 });
    const other = { ...entry, wish: { quantity: 2 }, bodyHash: 'o'.repeat(22) };
    await acceptAll([entry]);
    const [told] = await acceptAll([other]);
    expect(told?.bodyHash).toBe(entry.bodyHash);
    expect(await decidedRows(world.shard, showId)).toHaveLength(1);
  });

  it('keeps the keys of two fans and of two shows apart', async () => {
    const shows = [await world.addShow(seats), await world.addShow(seats)];
    const idemKey = 'the-same-key';
    const fans = [randomText(12), randomText(12)];
    const entries = shows.flatMap((showId) =>
      fans.map((fanId) => world.entry(showId, { quantity: 1 }, { fanId, idemKey })),
    );
    const told = await acceptAll(entries);
    expect(new Set(told.map((row) => `${row?.showId} ${row?.requestId}`)).size).toBe(4);
  });

  it('never deadlocks rivals who bring the same keys in opposite orders', async () => {
    const failures: unknown[] = [];
    const { shards } = world.stores;
    const watched: Shards = {
      ...shards,
      byId: (shardId) => {
        const shard = shards.byId(shardId);
        return {
          ...shard,
          change: (sql, params) =>
            shard.change(sql, params).catch((error: unknown) => {
              failures.push(error);
              throw error;
            }),
        };
      },
    };
    for (let round = 0; round < 6; round += 1) {
      const shows = [await world.addShow(seats), await world.addShow(seats)];
      const entries = Array.from({ length: 300 }, (_, index) =>
        world.entry(shows[index % 2] ?? 0, { quantity: 1 }),
      );
      const apis = [1, 2].map(() => openAccepting(watched, () => undefined));
      const told = await Promise.all([
        acceptAll(entries, apis.slice(0, 1)),
        acceptAll([...entries].reverse(), apis.slice(1)),
      ]);
      expect(told.flat().filter((row) => row === undefined)).toEqual([]);
      const rows = await Promise.all(shows.map((showId) => decidedRows(world.shard, showId)));
      expect(rows.flat()).toHaveLength(300);
    }
    expect(failures).toEqual([]);
  });

  it('tells a decided request as it is', async () => {
    const showId = await world.addShow(seats);
    const entry = world.entry(showId, { quantity: 1 });
    await acceptAll([entry]);
    const { lanes } = world.openLanes();
    await world.drain(lanes, showId);
    const [told] = await acceptAll([entry]);
    expect(told?.state).toBe('GRANTED');
  });

  it('wakes each lane for what it journalled', async () => {
    const shows = [
      await world.addShow(seats, { lane: 1 }),
      await world.addShow(seats, { lane: 9 }),
    ];
    const woken: number[] = [];
    const accepting = openAccepting(world.stores.shards, ({ lane }) => woken.push(lane));
    await acceptAll(
      shows.map((showId) => world.entry(showId, { quantity: 1 })),
      [accepting],
    );
    expect(new Set(woken)).toEqual(new Set(shows.map(laneOf)));
    expect(accepting.depth()).toBe(0);
  });

  it.each([
    ['closed', "UPDATE show_gate SET state = 'CLOSED'"],
    ['paused', "UPDATE show_gate SET state = 'PAUSED'"],
    ['of a show that is moving', "UPDATE show_gate SET state = 'MOVING'"],
    ['not open yet', 'UPDATE show_gate SET opens_at = NOW(3) + INTERVAL 1 MINUTE'],
    ['of a show that has begun', 'UPDATE show_gate SET closes_at = NOW(3)'],
    ['of another sale', "UPDATE show_gate SET sale_id = 'another'"],
  ])('lets nothing through a gate that is %s', async (_name, sql) => {
    const showId = await world.addShow(seats);
    await world.shard.change(`${sql} WHERE show_id = ?`, [showId]);
    expect(await acceptAll([world.entry(showId, { quantity: 1 })])).toEqual([undefined]);
    expect(await decidedRows(world.shard, showId)).toEqual([]);
  });

  it('still answers for a request that came before the gate closed', async () => {
    const showId = await world.addShow(seats);
    const entry = world.entry(showId, { quantity: 1 });
    const [before] = await acceptAll([entry]);
    await world.shard.change("UPDATE show_gate SET state = 'CLOSED' WHERE show_id = ?", [showId]);
    expect(await acceptAll([entry])).toEqual([before]);
  });

  it('makes closing a gate wait for what is being accepted', async () => {
    const showId = await world.addShow(seats);
    const entry = world.entry(showId, { quantity: 1 });
    const close = { state: 'CLOSED' as const, opensAt: new Date(Date.now() - 60_000) };
    const order: string[] = [];
    const { accepted, closing } = await world.shard.transaction(async (tx) => {
      // An uncommitted row with the same key holds the accepting statement up after the gate.
      await insertRequests(tx, [entry]);
      const accepted = acceptAll([entry]).then((rows) => {
        order.push('accepted');
        return rows;
      });
      await untilHeldUp(world.shard, 'INSERT IGNORE INTO request');
      const closing = changeGates(world.shard, [showId], close).then(() => order.push('closed'));
      await untilHeldUp(world.shard, 'FROM show_gate', () => order.length > 0);
      expect(order).toEqual([]);
      return { accepted, closing };
    });
    expect(await accepted).toEqual([expect.objectContaining({ state: 'ACCEPTED' })]);
    await closing;
    expect(await acceptAll([world.entry(showId, { quantity: 1 })])).toEqual([undefined]);
  });

  it('journals nothing after closing a gate has returned', async () => {
    const showId = await world.addShow(seats);
    const apis = [world.openAccepting(), world.openAccepting()];
    const entries = Array.from({ length: 1_500 }, () => world.entry(showId, { quantity: 1 }));
    const told = acceptAll(entries, apis);
    await changeGates(world.shard, [showId], {
      state: 'CLOSED',
      opensAt: new Date(Date.now() - 60_000),
    });
    const atClosing = (await decidedRows(world.shard, showId)).length;
    const accepted = (await told).filter((row) => row !== undefined);
    expect(accepted).toHaveLength(atClosing);
    expect(await decidedRows(world.shard, showId)).toHaveLength(atClosing);
  });
});
