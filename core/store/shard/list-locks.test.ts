import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { drawHall } from '../../../test/support/halls.js';
import { type LaneWorld, openLaneWorld } from '../../../test/support/lane-world.js';
import type { Tx } from '../database.js';
import { lockFreeSeats, lockQuotas } from './decisions.js';
import { insertRequests } from './journal.js';

const { seats } = drawHall(['..........']);

/** The statements that lock rows by a list must lock those rows and leave the others alone. */
describe('locks by a list', () => {
  let world: LaneWorld;
  beforeAll(async () => {
    world = await openLaneWorld();
  });
  afterAll(() => world.close());

  /** Of the rows that match, those that another transaction could lock now. */
  const unlocked = async <T>(select: string, params: (string | number)[]): Promise<T[]> =>
    world.shard.transaction((tx) => tx.rows<T>(`${select} FOR UPDATE SKIP LOCKED`, params));

  const during = (lock: (tx: Tx) => Promise<unknown>, look: () => Promise<void>) =>
    world.shard.transaction(async (tx) => {
      await lock(tx);
      await look();
    });

  it('lock the seats of the list alone', async () => {
    const showId = await world.addShow(seats);
    const other = await world.addShow(seats);
    const claims = [2, 5].map((seatNo) => ({ showId, seatNo, reservationId: 1 }));
    const free =
      'SELECT show_id AS showId, seat_no AS seatNo FROM show_seat WHERE show_id IN (?, ?)';
    const before = await unlocked<{ showId: number; seatNo: number }>(free, [showId, other]);
    await during(
      (tx) => lockFreeSeats(tx, claims),
      async () => {
        const left = await unlocked(free, [showId, other]);
        const taken = (row: { showId: number; seatNo: number }) =>
          row.showId === showId && [2, 5].includes(row.seatNo);
        expect(left).toEqual(before.filter((row) => !taken(row)));
      },
    );
  });

  it('lock the quotas of the list alone', async () => {
    const showId = await world.addShow(seats);
    const fans = ['aaaaaaaaaaaa', 'bbbbbbbbbbbb', 'cccccccccccc'];
    for (const fanId of fans) {
      await world.shard.change('INSERT INTO quota (show_id, fan_id, taken) VALUES (?, ?, 1)', [
        showId,
        fanId,
      ]);
    }
    await during(
      (tx) => lockQuotas(tx, [{ showId, fanId: 'bbbbbbbbbbbb' }]),
      async () => {
        const left = await unlocked('SELECT fan_id AS fanId FROM quota WHERE show_id = ?', [
          showId,
        ]);
        expect(left).toEqual([{ fanId: 'aaaaaaaaaaaa' }, { fanId: 'cccccccccccc' }]);
      },
    );
  });

  it('share the gates of the shows that are journalled alone', async () => {
    const showId = await world.addShow(seats);
    const other = await world.addShow(seats);
    await during(
      (tx) => insertRequests(tx, [world.entry(showId, { quantity: 1 })]),
      async () => {
        const left = await unlocked(
          'SELECT show_id AS showId FROM show_gate WHERE show_id IN (?, ?)',
          [showId, other],
        );
        expect(left).toEqual([{ showId: other }]);
      },
    );
  });
});
