import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { openLog } from '../../core/runtime/log.js';
import { insertRequests } from '../../core/store/shard/journal.js';
import { joinLine } from '../../core/store/shard/line-changes.js';
import { changeShow } from '../../core/store/shard/show-change.js';
import { readEntry } from '../../core/store/shard/waitlist.js';
import { laneOf } from '../../core/store/shards.js';
import { audit } from '../../loadtest/audit/run.js';
import { openAuditWorld } from '../../test/support/audit-world.js';
import { drawHall } from '../../test/support/halls.js';
import {
  brokenRows,
  decidedRows,
  type LaneWorld,
  openLaneWorld,
  randomText,
} from '../../test/support/lane-world.js';
import { openTestStores } from '../../test/support/stores.js';
import { openLanes } from './lanes.js';
import { expireOverdue } from './sweeper.js';

const shows = 20;
const holdsEach = 500;

describe('expiry of many holds at once', () => {
  let world: LaneWorld;
  beforeAll(async () => {
    world = await openLaneWorld();
  });
  afterAll(() => world.close());

  /** Shows whose every seat is in a hold of its own that ran out an hour ago, made by SQL. */
  const addLapsedShows = async (): Promise<number[]> => {
    const { shard } = world;
    const showIds = Array.from({ length: shows }, (_, index) => 100_000 + index);
    const first = await world.addShow(drawHall(['.']).seats);
    const copyRow = async (table: string, columns: string) =>
      shard.change(
        `INSERT INTO ${table} (show_id, ${columns})
         SELECT j.id, ${columns} FROM ${table}, JSON_TABLE(?, '$[*]' COLUMNS (id INT PATH '$')) AS j
         WHERE ${table}.show_id = ?`,
        [JSON.stringify(showIds), first],
      );
    await copyRow('show_gate', 'sale_id, state, opens_at, closes_at');
    await copyRow(
      'show_head',
      'lane, starts_at, currency, seat_cap, booking_fee, hold_seconds, hold_limit_seconds',
    );
    await shard.change('UPDATE show_head SET lane = show_id % 16 WHERE show_id IN (?)', [showIds]);
    const numbers = `WITH RECURSIVE n AS (
      SELECT 0 AS no UNION ALL SELECT no + 1 FROM n WHERE no + 1 < ${holdsEach})`;
    await shard.change(
      `INSERT INTO reservation (show_id, reservation_id, fan_id, pass_id, state, seats, adjacent,
         amount, currency, created_at, expires_at, limit_at, due_at)
       ${numbers} SELECT h.show_id, 900000 + no, LPAD(no, 12, '0'), LPAD(no, 16, '0'), 'HELD',
         CONCAT('[[', no, ', "A-', no + 1, '", 100]]'), 1, 100, 'EUR', NOW(3) - INTERVAL 70 MINUTE,
         NOW(3) - INTERVAL 1 HOUR, NOW(3) - INTERVAL 1 HOUR, NOW(3) - INTERVAL 1 HOUR
       FROM n, show_head h WHERE h.show_id IN (?)`,
      [showIds],
    );
    await shard.change(
      `INSERT INTO show_seat (show_id, seat_no, seat, row_label, row_no, x, zone, kind, price,
         state, reservation_id)
       ${numbers} SELECT h.show_id, no, CONCAT('A-', no + 1), 'A', 0, no, 'stalls', 'standard', 100,
         'HELD', 900000 + no FROM n, show_head h WHERE h.show_id IN (?)`,
      [showIds],
    );
    await shard.change(
      `INSERT INTO quota (show_id, fan_id, taken)
       SELECT show_id, fan_id, 1 FROM reservation WHERE show_id IN (?)`,
      [showIds],
    );
    return showIds;
  };
  const left = async (): Promise<number> => {
    const [row] = await world.shard.rows<{ n: number }>(
      `SELECT COUNT(*) AS n FROM reservation WHERE due_at <= NOW(3) AND state = 'HELD'`,
    );
    return row?.n ?? 0;
  };

  it('goes in bounded batches, in small ones beside a sale, and leaves nothing wrong', async () => {
    const showIds = await addLapsedShows();
    const selling = await world.addShow(drawHall(Array(20).fill('.'.repeat(50))).seats);
    await insertRequests(
      world.shard,
      Array.from({ length: 1_200 }, () => world.entry(selling, { quantity: 1 })),
    );
    expect(await left()).toBe(shows * holdsEach);
    const { lanes, batches } = world.openLanes();
    await Promise.all([
      world.drain(lanes, selling),
      expireOverdue(world.shard, world.shardId, lanes),
    ]);
    expect(await left()).toBe(0);

    const sizes = batches.map((batch) => ({
      shows: batch.length,
      ended: batch.reduce((sum, show) => sum + show.overdue.length, 0),
      decided: batch.reduce((sum, show) => sum + show.decisions.length, 0),
    }));
    expect(sizes.reduce((sum, one) => sum + one.ended, 0)).toBe(shows * holdsEach);
    expect(Math.max(...sizes.map((one) => one.ended))).toBe(500);
    expect(Math.max(...sizes.map((one) => one.shows))).toBeLessThanOrEqual(50);
    const sold = sizes.findLastIndex((one) => one.decided > 0);
    const beside = sizes.slice(0, sold + 1);
    // The sale waits for one small batch at most between two of its own.
    expect(beside.filter((one) => one.decided > 0)).toHaveLength(3);
    expect(beside.length).toBeLessThanOrEqual(6);
    expect(Math.max(...beside.map((one) => one.ended))).toBeLessThanOrEqual(100);

    for (const showId of [showIds[0] ?? 0, showIds.at(-1) ?? 0]) {
      expect(await brokenRows(world.shard, showId)).toEqual([]);
    }
    const granted = (await decidedRows(world.shard, selling)).filter((r) => r.state === 'GRANTED');
    expect(granted).toHaveLength(1_000);
  });

  it('goes on beside a show whose holds cannot be ended', async () => {
    const [bad, good] = await Promise.all([
      world.addShow(drawHall(['.']).seats),
      world.addShow(drawHall(['.']).seats),
    ]);
    const { lanes } = world.openLanes();
    for (const showId of [bad, good]) {
      await insertRequests(world.shard, [world.entry(showId, { quantity: 1 })]);
      await world.drain(lanes, showId);
    }
    await world.shard.change('UPDATE reservation SET due_at = NOW(3) WHERE show_id IN (?)', [
      [bad, good],
    ]);
    await world.shard.change(
      "UPDATE show_seat SET state = 'FREE', reservation_id = NULL WHERE show_id = ?",
      [bad],
    );
    await expireOverdue(world.shard, world.shardId, lanes);
    const states = await world.shard.rows<{ show_id: number; state: string }>(
      'SELECT show_id, state FROM reservation WHERE show_id IN (?) ORDER BY show_id',
      [[bad, good]],
    );
    expect(new Map(states.map((row) => [row.show_id, row.state]))).toEqual(
      new Map([
        [bad, 'HELD'],
        [good, 'EXPIRED'],
      ]),
    );
  });
});

it('does no harm that the sweeper was away for an hour', async () => {
  const stores = await openTestStores(1);
  try {
    const { show, grant } = await openAuditWorld(stores);
    const { showId } = show;
    const shardId = 1;
    const shard = stores.shards.byId(shardId);
    const lanes = openLanes({
      shards: stores.shards,
      log: openLog('test', 'silent'),
      onDecided: () => undefined,
    });
    await shard.change(
      'UPDATE show_head SET offer_seconds = 120, offers_stop_seconds = 60 WHERE show_id = ?',
      [showId],
    );
    // Three seats in holds of an hour ago, the others in one of just now, and two groups in line.
    const lapsed = [await grant([0]), await grant([1, 2])];
    for (const first of [3, 6, 9]) await grant([first, first + 1, first + 2]);
    for (const fanId of ['waits-first0', 'waits-second']) {
      const want = { quantity: 2, zone: null, accessible: false, acceptFewer: false };
      await changeShow(shard, showId, (change) => joinLine(change, fanId, want));
    }
    await shard.change(
      `UPDATE reservation SET created_at = created_at - INTERVAL 1 HOUR,
         expires_at = expires_at - INTERVAL 1 HOUR, limit_at = limit_at - INTERVAL 1 HOUR,
         due_at = due_at - INTERVAL 1 HOUR WHERE show_id = ? AND reservation_id IN (?)`,
      [showId, lapsed.map((one) => one.no)],
    );

    // Nobody sweeps, and the next request finds the overdue seats: the line has them first.
    const passId = randomText(16);
    const request = {
      ...{ showId, saleId: show.saleId, fanId: randomText(12), idemKey: passId, passId },
      ...{ bodyHash: 'h'.repeat(22), node: 'test0000', wish: { quantity: 1 } },
    };
    await insertRequests(shard, [request]);
    await stores.catalog.change(
      `INSERT INTO admission (pass_id, sale_id, fan_id, epoch, admitted_at, expires_at, state)
       VALUES (?, ?, ?, 1, NOW(3), NOW(3) + INTERVAL 5 MINUTE, 'LIVE')`,
      [passId, show.saleId, request.fanId],
    );
    await lanes.drain({ shardId, lane: laneOf(showId) });
    const own = (await decidedRows(shard, showId)).find((row) => row.fanId === request.fanId);
    expect(own).toMatchObject({ state: 'GRANTED' });
    expect(await readEntry(shard, showId, 'waits-first0')).toMatchObject({ state: 'OFFERED' });
    expect(await readEntry(shard, showId, 'waits-second')).toMatchObject({ state: 'WAITING' });

    await expireOverdue(shard, shardId, lanes);
    const rows = await shard.rows<{ state: string; n: number }>(
      'SELECT state, COUNT(*) AS n FROM reservation WHERE show_id = ? GROUP BY state ORDER BY state',
      [showId],
    );
    expect(rows).toEqual([
      { state: 'EXPIRED', n: 2 },
      { state: 'HELD', n: 5 },
    ]);
    expect(await brokenRows(shard, showId)).toEqual([]);
    const report = await audit({ ...stores, saleId: show.saleId });
    expect(report.violations).toEqual([]);
  } finally {
    await stores.close();
  }
});
