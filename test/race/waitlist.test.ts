import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { offerFreedSeats } from '../../core/store/shard/offers.js';
import { endHold, lockReservation } from '../../core/store/shard/reservations.js';
import { changeShow } from '../../core/store/shard/show-change.js';
import { drawHall } from '../support/halls.js';
import { brokenRows, decidedRows, type LaneWorld, openLaneWorld } from '../support/lane-world.js';

const newcomers = 60;
const waiter = 'fan-waiting0';

describe('a freed seat, those who wait for it, and those who come just then', () => {
  let world: LaneWorld;
  beforeAll(async () => {
    world = await openLaneWorld();
  });
  afterAll(() => world.close());

  /** A full show of one seat with one fan in line. */
  const fullShow = async () => {
    const showId = await world.addShow(drawHall(['.']).seats, { offerSeconds: 300 });
    const { lanes } = world.openLanes();
    const api = world.openAccepting();
    const ask = async (fanId?: string) => {
      const entry = world.entry(showId, { quantity: 1 }, fanId === undefined ? {} : { fanId });
      const row = await api.accept(world.shardId, entry);
      await world.drain(lanes, showId);
      return row?.requestId ?? 0;
    };
    const holder = await ask();
    await ask(waiter);
    const release = () =>
      changeShow(world.shard, showId, async (change) => {
        const held = await lockReservation(change, holder);
        if (held) await endHold(change, held, 'HELD', 'RELEASED');
      });
    const owner = async () => {
      const [row] = await world.shard.rows<{ fanId: string }>(
        `SELECT fan_id AS fanId FROM reservation WHERE show_id = ? AND state = 'HELD'`,
        [showId],
      );
      return row?.fanId;
    };
    return { showId, ask, release, owner };
  };

  it('goes to who waits, whatever comes at the same time', async () => {
    const { showId, ask, release, owner } = await fullShow();
    const asked = Array.from({ length: newcomers }, () => ask());
    const [{ news }] = await Promise.all([release(), ...asked]);
    expect(news.seats.map((seat) => seat.state)).toEqual(['HELD']);
    expect(await owner()).toBe(waiter);
    const rows = await decidedRows(world.shard, showId);
    expect(rows.filter((row) => row.reason === 'show_full')).toHaveLength(newcomers + 1);
    expect(await brokenRows(world.shard, showId)).toEqual([]);
  });

  it('goes to a newcomer where the line is looked at after the seat was freed', async () => {
    const { showId, ask, release, owner } = await fullShow();
    const setWaiting = (count: number) =>
      world.shard.change('UPDATE show_head SET waiting = ? WHERE show_id = ?', [count, showId]);
    // The guard taken away: the change that frees sees nobody waiting, a later one does.
    await setWaiting(0);
    await release();
    await ask();
    await setWaiting(1);
    await changeShow(world.shard, showId, (change) => offerFreedSeats(change));
    expect(await owner()).not.toBe(waiter);
  });
});
