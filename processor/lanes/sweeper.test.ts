import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Seat } from '../../core/domain/seat-map.js';
import { drawHall } from '../../test/support/halls.js';
import {
  askIn,
  brokenRows,
  decidedRows,
  type LaneWorld,
  openLaneWorld,
  statesIn,
} from '../../test/support/lane-world.js';
import { expireOverdue, sweep } from './sweeper.js';

const hall = (rows: string[]): Seat[] => drawHall(rows).seats;

describe('the sweeper has the lanes', () => {
  let world: LaneWorld;
  beforeAll(async () => {
    world = await openLaneWorld();
  });
  afterAll(() => world.close());

  const ask = (showId: number, count: number, more = {}) => askIn(world, showId, count, more);
  const states = (showId: number) => statesIn(world, showId);
  const change = (showId: number, sql: string) =>
    world.shard.change(`${sql} WHERE show_id = ?`, [showId]);

  it('find a request below the floor by sweeping', async () => {
    const showId = await world.addShow(hall(['..']));
    await ask(showId, 1);
    await change(showId, 'UPDATE show_head SET floor_id = 1000000');
    const { lanes } = world.openLanes();
    await world.drain(lanes, showId);
    expect(await states(showId)).toEqual({ ACCEPTED: 1 });
    await sweep(world.shard, world.shardId, lanes, {
      marks: [],
      isRedisUp: true,
      wake: lanes.drain,
    });
    expect(await states(showId)).toEqual({ GRANTED: 1 });
  });

  it('find a stray that came late by sweeping again, not only at the start', async () => {
    const showId = await world.addShow(hall(['..']));
    const { lanes } = world.openLanes();
    const marks: number[] = [];
    const look = (isRedisUp: boolean) =>
      sweep(world.shard, world.shardId, lanes, { marks, isRedisUp, wake: lanes.drain });
    await look(true);
    await look(true);
    await ask(showId, 1);
    await change(showId, 'UPDATE show_head SET floor_id = 1000000');
    // Its wake-up may be on the way: another processor takes it only when it still waits next time.
    await look(true);
    expect(await states(showId)).toEqual({ ACCEPTED: 1 });
    await look(true);
    expect(await states(showId)).toEqual({ GRANTED: 1 });
    await ask(showId, 1);
    await change(showId, 'UPDATE show_head SET floor_id = 2000000');
    await look(false);
    expect(await states(showId)).toEqual({ GRANTED: 2 });
  });

  it('leave a rescued lane to its owner after a batch, and one whose holds end at once', async () => {
    const lane = 9;
    const showId = await world.addShow(hall(Array(4).fill('.'.repeat(50))), { lane });
    await ask(showId, 1_300);
    const { lanes, batches } = world.openLanes();
    await lanes.expire(world.shardId, [showId]);
    expect(await states(showId)).toEqual({ ACCEPTED: 1_300 });
    await lanes.rescue({ shardId: world.shardId, lane });
    // The batch that it was asked for, and never the one that was looked for meanwhile.
    expect(batches.flat().flatMap((show) => show.decisions)).toHaveLength(500);
    expect(await states(showId)).toEqual({ GRANTED: 200, sold_out: 300, ACCEPTED: 800 });
    const rush = world.drain(lanes, showId);
    await lanes.rescue({ shardId: world.shardId, lane });
    await rush;
    expect(await states(showId)).toEqual({ GRANTED: 200, sold_out: 1_100 });
  });

  it('wait for nobody when they only end holds', async () => {
    const [locked, free] = [await world.addShow(hall(['.'])), await world.addShow(hall(['.']))];
    const { lanes } = world.openLanes();
    for (const showId of [locked, free]) {
      await ask(showId, 1);
      await world.drain(lanes, showId);
      await change(showId, 'UPDATE reservation SET due_at = NOW(3)');
    }
    const held = async (showId: number) =>
      (
        await world.shard.rows<{ state: string }>(
          'SELECT state FROM reservation WHERE show_id = ?',
          [showId],
        )
      ).map(({ state }) => state);
    await world.shard.transaction(async (tx) => {
      await tx.rows('SELECT version FROM show_head WHERE show_id = ? FOR UPDATE', [locked]);
      await expireOverdue(world.shard, world.shardId, lanes);
      expect([await held(locked), await held(free)]).toEqual([['HELD'], ['EXPIRED']]);
    });
    await expireOverdue(world.shard, world.shardId, lanes);
    expect(await held(locked)).toEqual(['EXPIRED']);
  });

  it('take nothing back that was sold again, when expiry comes late', async () => {
    const showId = await world.addShow(hall(['.']));
    await ask(showId, 1);
    const { lanes } = world.openLanes();
    await world.drain(lanes, showId);
    await change(showId, 'UPDATE reservation SET due_at = NOW(3)');
    await ask(showId, 1);
    await world.drain(lanes, showId);
    const seat = () => world.shard.rows('SELECT * FROM show_seat WHERE show_id = ?', [showId]);
    const resold = await seat();
    await expireOverdue(world.shard, world.shardId, lanes);
    expect(await seat()).toEqual(resold);
    expect(await brokenRows(world.shard, showId)).toEqual([]);
  });

  it('free holds that ran out though nobody asks for a seat, but none that is being paid', async () => {
    const showId = await world.addShow(hall(['..']));
    await ask(showId, 2);
    const { lanes, batches } = world.openLanes();
    await world.drain(lanes, showId);
    const [paying] = await decidedRows(world.shard, showId);
    await change(showId, 'UPDATE reservation SET due_at = NOW(3)');
    await world.shard.change(
      "UPDATE reservation SET state = 'PAYING' WHERE show_id = ? AND reservation_id = ?",
      [showId, paying?.requestId ?? 0],
    );
    await expireOverdue(world.shard, world.shardId, lanes);
    const seats = await world.shard.rows<{ state: string }>(
      'SELECT state FROM show_seat WHERE show_id = ? ORDER BY state',
      [showId],
    );
    expect(seats.map((row) => row.state)).toEqual(['FREE', 'HELD']);
    expect(batches.at(-1)?.[0]?.overdue).toHaveLength(1);
    expect(await brokenRows(world.shard, showId)).toEqual([]);
  });
});
