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
import { until } from '../../test/support/until.js';

const hall = (rows: string[]): Seat[] => drawHall(rows).seats;

describe('the lanes', () => {
  let world: LaneWorld;
  beforeAll(async () => {
    world = await openLaneWorld();
  });
  afterAll(() => world.close());

  const ask = (showId: number, count: number, more = {}) => askIn(world, showId, count, more);
  const states = (showId: number) => statesIn(world, showId);
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

  it('answer what waits for shows that began long ago, after a stop or a pause', async () => {
    const beganLongAgo = (showId: number) =>
      change(showId, 'UPDATE show_head SET starts_at = NOW(3) - INTERVAL 3 DAY');
    const [before, behind] = [
      await world.addShow(hall(['....']), { lane: 7 }),
      await world.addShow(hall(['....']), { lane: 7 }),
    ];
    await ask(before, 2);
    await beganLongAgo(before);
    let paused = false;
    const { lanes } = world.openLanes(() => paused);
    await world.drain(lanes, before);
    expect(Object.keys(await states(before))).not.toContain('ACCEPTED');
    paused = true;
    await ask(behind, 2);
    await world.drain(lanes, behind);
    await beganLongAgo(behind);
    expect(await states(behind)).toEqual({ ACCEPTED: 2 });
    paused = false;
    await world.drain(lanes, behind);
    expect(Object.keys(await states(behind))).not.toContain('ACCEPTED');
  });

  it('reach every show when many more wait than one look takes', async () => {
    const busy = await Promise.all(
      Array.from({ length: 12 }, () => world.addShow(hall(['....']), { lane: 9 })),
    );
    for (const showId of busy) await ask(showId, 150);
    const { lanes, batches } = world.openLanes();
    await world.drain(lanes, busy[0] ?? 0);
    for (const showId of busy) {
      expect(await states(showId)).toEqual({ GRANTED: 4, sold_out: 146 });
    }
    // No show had more than its share of a batch.
    const shares = batches.flat().map((show) => show.decisions.length);
    expect(Math.max(...shares)).toBe(100);
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
