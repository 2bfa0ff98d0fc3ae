import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Seat } from '../../core/domain/seat-map.js';
import { insertRequests } from '../../core/store/shard/journal.js';
import { drawHall } from '../../test/support/halls.js';
import {
  brokenRows,
  decidedRows,
  type LaneWorld,
  openLaneWorld,
} from '../../test/support/lane-world.js';
import { until } from '../../test/support/until.js';
import { expireOverdue, sweep } from './sweeper.js';

const hall = (rows: string[]): Seat[] => drawHall(rows).seats;

describe('the lanes', () => {
  let world: LaneWorld;
  beforeAll(async () => {
    world = await openLaneWorld();
  });
  afterAll(() => world.close());

  const ask = (showId: number, count: number, more = {}) =>
    insertRequests(
      world.shard,
      Array.from({ length: count }, () => world.entry(showId, { quantity: 1 }, more)),
    );
  const states = async (showId: number) => {
    const counts: Record<string, number> = {};
    for (const row of await decidedRows(world.shard, showId)) {
      const name = row.reason ?? row.state;
      counts[name] = (counts[name] ?? 0) + 1;
    }
    return counts;
  };
  const change = (showId: number, sql: string) =>
    world.shard.change(`${sql} WHERE show_id = ?`, [showId]);

  it('let a busy show delay the others of its lane by no more than a batch', async () => {
    const busy = await world.addShow(hall(['....']), { lane: 5 });
    const quiet = await world.addShow(hall(['....']), { lane: 5 });
    await ask(busy, 350);
    await ask(quiet, 3);
    const { lanes, batches } = world.openLanes();
    await world.drain(lanes, busy);
    const [first = []] = batches;
    const sizes = new Map(first.map((show) => [show.head.showId, show.decisions.length]));
    expect(sizes.get(busy)).toBe(100);
    expect(sizes.get(quiet)).toBe(3);
    expect(await states(busy)).toEqual({ GRANTED: 4, sold_out: 346 });
    expect(await states(quiet)).toEqual({ GRANTED: 3 });
  });

  it('decide in the order of the journal', async () => {
    const showId = await world.addShow(hall(['......']));
    for (let turn = 0; turn < 10; turn += 1) await ask(showId, 1);
    const { lanes } = world.openLanes();
    await world.drain(lanes, showId);
    const rows = await decidedRows(world.shard, showId);
    expect(rows.map((row) => row.state)).toEqual([
      ...Array(6).fill('GRANTED'),
      ...Array(4).fill('REFUSED'),
    ]);
  });

  it('set a request aside that no batch can decide, and let the others flow', async () => {
    const showId = await world.addShow(hall(['..........']));
    await world.shard.change(
      `CREATE TRIGGER poison BEFORE INSERT ON reservation FOR EACH ROW
       IF NEW.fan_id = 'poisoned0000' THEN
         SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'this row cannot be written';
       END IF`,
    );
    await ask(showId, 3);
    await ask(showId, 1, { fanId: 'poisoned0000' });
    await ask(showId, 3);
    const { lanes } = world.openLanes();
    await world.drain(lanes, showId);
    await world.shard.change('DROP TRIGGER poison');
    const rows = await decidedRows(world.shard, showId);
    expect(rows.map((row) => row.reason ?? row.state)).toEqual([
      ...Array(3).fill('GRANTED'),
      'internal',
      ...Array(3).fill('GRANTED'),
    ]);
    expect(await brokenRows(world.shard, showId)).toEqual([]);
  });

  it('decide each request once when two processors drain one lane', async () => {
    const showId = await world.addShow(hall(Array(6).fill('..........')));
    const one = world.openLanes();
    const two = world.openLanes();
    for (let round = 0; round < 4; round += 1) {
      await ask(showId, 60);
      await Promise.all([world.drain(one.lanes, showId), world.drain(two.lanes, showId)]);
    }
    const told = [...one.batches, ...two.batches].flat().flatMap((show) => show.decisions);
    expect(new Set(told.map((decision) => decision.request.requestId)).size).toBe(240);
    expect(told).toHaveLength(240);
    expect(await states(showId)).toEqual({ GRANTED: 60, sold_out: 180 });
    expect(await brokenRows(world.shard, showId)).toEqual([]);
  });

  it('refuse nobody because somebody else keeps a lock for long', async () => {
    const showId = await world.addShow(hall(['..']));
    await ask(showId, 1);
    const { lanes } = world.openLanes();
    await world.shard.transaction(async (tx) => {
      await tx.rows('SELECT version FROM show_head WHERE show_id = ? FOR UPDATE', [showId]);
      await world.drain(lanes, showId);
      expect(await states(showId)).toEqual({ ACCEPTED: 1 });
    });
    await until(
      async () => {
        await world.drain(lanes, showId);
        return (await states(showId)).GRANTED === 1;
      },
      { what: 'the decision once the lock is gone' },
    );
  });

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

  it('free holds that ran out before they decide, so the next fan gets the seat', async () => {
    const showId = await world.addShow(hall(['.']));
    await ask(showId, 1);
    const { lanes, batches } = world.openLanes();
    await world.drain(lanes, showId);
    await ask(showId, 1);
    await world.drain(lanes, showId);
    expect(await states(showId)).toEqual({ GRANTED: 1, sold_out: 1 });

    await change(showId, 'UPDATE reservation SET due_at = NOW(3)');
    await ask(showId, 1);
    await world.drain(lanes, showId);
    expect(await states(showId)).toEqual({ GRANTED: 2, sold_out: 1 });
    const kinds = await world.shard.rows<{ kind: string }>(
      'SELECT kind FROM show_log WHERE show_id = ? ORDER BY lsn',
      [showId],
    );
    expect(kinds.map((row) => row.kind)).toEqual(['GRANTED', 'REFUSED', 'EXPIRED', 'GRANTED']);
    expect(batches.at(-1)?.[0]?.news.seats).toEqual([{ seatNo: 0, seat: 'A-1', state: 'HELD' }]);
    expect(await brokenRows(world.shard, showId)).toEqual([]);
  });

  it('tell nobody that nothing is left while more holds are overdue than one batch ends', async () => {
    const lane = 11;
    const large = await world.addShow(hall(Array(26).fill('.'.repeat(24))), { lane });
    const small = await world.addShow(hall(['.']), { lane });
    for (const showId of [large, small]) {
      await world.shard.change(
        `INSERT INTO reservation (show_id, reservation_id, fan_id, pass_id, state, seats, adjacent,
           amount, currency, created_at, expires_at, limit_at, due_at)
         SELECT show_id, 900000 + seat_no, LPAD(seat_no, 12, '0'), LPAD(seat_no, 16, '0'), 'HELD',
           JSON_ARRAY(JSON_ARRAY(seat_no, seat, price)), 1, price, 'EUR', NOW(3), NOW(3), NOW(3),
           NOW(3) FROM show_seat WHERE show_id = ?`,
        [showId],
      );
      await change(
        showId,
        "UPDATE show_seat SET state = 'HELD', reservation_id = 900000 + seat_no",
      );
      await ask(showId, 1);
    }
    const { lanes } = world.openLanes();
    await world.drain(lanes, large);
    expect(await states(large)).toEqual({ GRANTED: 1 });
    expect(await states(small)).toEqual({ GRANTED: 1 });
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

  it('let a request lapse that waited for over a minute, and hold nothing for it', async () => {
    const showId = await world.addShow(hall(['...']));
    await ask(showId, 1);
    await change(showId, 'UPDATE request SET accepted_at = NOW(3) - INTERVAL 61 SECOND');
    await ask(showId, 1);
    const { lanes } = world.openLanes();
    await world.drain(lanes, showId);
    const rows = await decidedRows(world.shard, showId);
    expect(rows.map((row) => row.state)).toEqual(['LAPSED', 'GRANTED']);
    expect(await brokenRows(world.shard, showId)).toEqual([]);
  });

  it('let every request lapse once the show has begun', async () => {
    const showId = await world.addShow(hall(['...']));
    await ask(showId, 2);
    await change(showId, 'UPDATE show_head SET starts_at = NOW(3)');
    const { lanes } = world.openLanes();
    await world.drain(lanes, showId);
    expect(await states(showId)).toEqual({ LAPSED: 2 });
  });

  it('believe the rows, not their own map, when somebody else changed seats', async () => {
    const showId = await world.addShow(hall(['..']));
    const { lanes } = world.openLanes();
    await ask(showId, 1);
    await world.drain(lanes, showId);
    await world.shard.change(
      "UPDATE show_seat SET state = 'BLOCKED' WHERE show_id = ? AND state = 'FREE'",
      [showId],
    );
    await change(showId, 'UPDATE show_head SET version = version + 1');
    await ask(showId, 1);
    await world.drain(lanes, showId);
    expect(await states(showId)).toEqual({ GRANTED: 1, sold_out: 1 });
  });

  it('hold nothing when the rows differ from the map without a new version', async () => {
    const showId = await world.addShow(hall(['..']));
    const { lanes } = world.openLanes();
    await ask(showId, 1);
    await world.drain(lanes, showId);
    await world.shard.change(
      "UPDATE show_seat SET state = 'BLOCKED' WHERE show_id = ? AND state = 'FREE'",
      [showId],
    );
    await ask(showId, 1);
    await world.drain(lanes, showId);
    expect(await states(showId)).toEqual({ GRANTED: 1, sold_out: 1 });
    expect(await brokenRows(world.shard, showId)).toEqual([]);
  });
});
