import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { lapsesMax } from '../../core/domain/waitlist.js';
import { bookReservation } from '../../core/store/shard/bookings.js';
import { changeGates, readGate } from '../../core/store/shard/gates.js';
import { joinLine, leaveLine } from '../../core/store/shard/line-changes.js';
import { openGates } from '../../core/store/shard/open-gates.js';
import { startPaying } from '../../core/store/shard/paying.js';
import { endHold, lockReservation } from '../../core/store/shard/reservations.js';
import { changeShow } from '../../core/store/shard/show-change.js';
import { readEntry } from '../../core/store/shard/waitlist.js';
import { drawHall } from '../../test/support/halls.js';
import { brokenRows, type LaneWorld, openLaneWorld } from '../../test/support/lane-world.js';

const fan = (no: number) => `fan-${no}`.padEnd(12, '0');
type Offer = { no: number; fanId: string; seats: number; state: string };

describe('the waitlist in the lanes', () => {
  let world: LaneWorld;
  beforeAll(async () => {
    world = await openLaneWorld();
  });
  afterAll(() => world.close());

  const open = async (hall: string[], seatCap = 6) => {
    const showId = await world.addShow(drawHall(hall).seats, { offerSeconds: 120, seatCap });
    const { lanes, batches } = world.openLanes();
    const ask = async (no: number, quantity: number) => {
      const entry = world.entry(showId, { quantity }, { fanId: fan(no) });
      await world.openAccepting().accept(world.shardId, entry);
      await world.drain(lanes, showId);
    };
    const lapse = async (reservationId?: number) => {
      await world.shard.change(
        `UPDATE reservation SET due_at = NOW(3) - INTERVAL 1 SECOND
         WHERE show_id = ? AND state = 'HELD' AND (? IS NULL OR reservation_id = ?)`,
        [showId, reservationId ?? null, reservationId ?? null],
      );
      await lanes.expire(world.shardId, [showId]);
    };
    const change = <T>(work: Parameters<typeof changeShow<T>>[2]) =>
      changeShow(world.shard, showId, work);
    const release = (no: number) =>
      change(async (one) => {
        const held = await lockReservation(one, no);
        if (held) await endHold(one, held, 'HELD', 'RELEASED');
      });
    const join = (no: number, quantity: number, acceptFewer = false) =>
      change((one) =>
        joinLine(one, fan(no), { quantity, zone: null, accessible: false, acceptFewer }),
      );
    const entry = (no: number) => readEntry(world.shard, showId, fan(no));
    const offers = () =>
      world.shard.rows<Offer>(
        `SELECT reservation_id AS no, fan_id AS fanId, JSON_LENGTH(seats) AS seats, state
         FROM reservation WHERE show_id = ? AND offered = 1 ORDER BY reservation_id`,
        [showId],
      );
    const seats = async () => {
      const rows = await world.shard.rows<{ state: string }>(
        'SELECT state FROM show_seat WHERE show_id = ? ORDER BY seat_no',
        [showId],
      );
      return rows.map(({ state }) => state[0]).join('');
    };
    const sound = async () => expect(await brokenRows(world.shard, showId)).toEqual([]);
    return {
      showId,
      lanes,
      batches,
      ask,
      lapse,
      change,
      release,
      join,
      entry,
      offers,
      seats,
      sound,
    };
  };
  const last = (batches: Awaited<ReturnType<typeof open>>['batches']) =>
    batches
      .flat()
      .flatMap((show) => show.decisions)
      .at(-1);

  it('takes in whoever finds the show full, in order, and tells the position', async () => {
    const show = await open(['....']);
    await show.ask(0, 4);
    await show.ask(1, 2);
    expect(last(show.batches)).toMatchObject({ reason: 'show_full', position: 1 });
    await show.ask(2, 3);
    expect(last(show.batches)).toMatchObject({ reason: 'show_full', position: 2 });
    await show.ask(1, 2);
    expect(last(show.batches)).toMatchObject({ reason: 'show_full' });
    expect(await show.entry(1)).toMatchObject({ state: 'WAITING', quantity: 2 });
    await show.sound();
  });

  it('says sold out where the sale has no waitlist', async () => {
    const showId = await world.addShow(drawHall(['.']).seats);
    const { lanes, batches } = world.openLanes();
    for (const no of [1, 2]) {
      const entry = world.entry(showId, { quantity: 1 }, { fanId: fan(no) });
      await world.openAccepting().accept(world.shardId, entry);
      await world.drain(lanes, showId);
    }
    expect(last(batches)).toMatchObject({ reason: 'sold_out' });
    expect(await world.shard.rows('SELECT * FROM waitlist WHERE show_id = ?', [showId])).toEqual(
      [],
    );
  });

  it('offers what came free while the sale was closed before the gate opens', async () => {
    const show = await open(['....']);
    await show.ask(0, 4);
    await show.ask(1, 2);
    const opensAt = new Date(Date.now() - 1_000);
    await changeGates(world.shard, [show.showId], { state: 'CLOSED', opensAt });
    const [held] = await world.shard.rows<{ no: number }>(
      'SELECT reservation_id AS no FROM reservation WHERE show_id = ?',
      [show.showId],
    );
    await show.release(held?.no ?? 0);
    expect([await show.seats(), await show.offers()]).toEqual(['FFFF', []]);
    const told = await openGates(world.shard, [show.showId], opensAt);
    expect(told.map(({ seats }) => seats.map(({ state }) => state))).toEqual([['HELD', 'HELD']]);
    expect(await show.offers()).toMatchObject([{ fanId: fan(1), seats: 2, state: 'HELD' }]);
    expect(await readGate(world.shard, show.showId)).toMatchObject({ state: 'OPEN' });
    await show.sound();
  });

  it('offers what a hold gave up to the first group that it fits, before any new request', async () => {
    const show = await open(['....']);
    await show.ask(0, 2);
    await show.ask(1, 2);
    await show.ask(2, 3);
    await show.ask(3, 2);
    const [first] = await world.shard.rows<{ no: number }>(
      'SELECT MIN(reservation_id) AS no FROM reservation WHERE show_id = ?',
      [show.showId],
    );
    await show.lapse(first?.no);
    expect(await show.offers()).toMatchObject([{ fanId: fan(3), seats: 2, state: 'HELD' }]);
    expect(await show.seats()).toBe('HHHH');
    expect(await show.entry(2)).toMatchObject({ state: 'WAITING', quantity: 3 });
    expect(await show.entry(3)).toMatchObject({ state: 'OFFERED', quantity: 0, offered: 2 });
    const told = show.batches.at(-1)?.[0];
    expect(told?.news.seats.map((seat) => seat.state)).toEqual(['HELD', 'HELD']);
    await show.ask(4, 1);
    expect(last(show.batches)).toMatchObject({ reason: 'show_full' });
    await show.sound();
  });

  it('offers what a release frees in the same change, and never shows it free', async () => {
    const show = await open(['..']);
    await show.ask(0, 2);
    await show.ask(1, 1);
    await show.ask(2, 1);
    const [held] = await world.shard.rows<{ no: number }>(
      'SELECT reservation_id AS no FROM reservation WHERE show_id = ?',
      [show.showId],
    );
    const { news } = await show.release(held?.no ?? 0);
    expect(news.seats.map((seat) => seat.state)).toEqual(['HELD', 'HELD']);
    expect((await show.offers()).map((offer) => offer.fanId)).toEqual([fan(1), fan(2)]);
    const posts = await world.shard.rows(
      "SELECT subject_id FROM outbox WHERE show_id = ? AND kind = 'offer'",
      [show.showId],
    );
    expect(posts).toHaveLength(2);
    await show.sound();
  });

  it('gives a group that takes fewer what there is, and keeps its place for the rest', async () => {
    const show = await open(['...']);
    await show.ask(0, 2);
    await show.ask(1, 1);
    await show.join(2, 3, true);
    await show.join(3, 1);
    const [two, one] = await world.shard.rows<{ no: number }>(
      'SELECT reservation_id AS no FROM reservation WHERE show_id = ? ORDER BY reservation_id',
      [show.showId],
    );
    await show.release(two?.no ?? 0);
    expect(await show.entry(2)).toMatchObject({ state: 'WAITING', quantity: 1, offered: 2 });
    await show.release(one?.no ?? 0);
    expect(await show.entry(2)).toMatchObject({ state: 'OFFERED', quantity: 0, offered: 3 });
    expect(await show.entry(3)).toMatchObject({ state: 'WAITING' });
    await show.sound();
  });

  it('offers what is free to who needs fewer by now', async () => {
    const show = await open(['....']);
    await show.ask(0, 2);
    await show.ask(0, 3);
    const [held] = await world.shard.rows<{ no: number }>(
      'SELECT reservation_id AS no FROM reservation WHERE show_id = ?',
      [show.showId],
    );
    await show.change(async (one) => {
      const own = await lockReservation(one, held?.no ?? 0);
      if (!own) throw new Error('the hold was just made');
      await startPaying(one, own, one.nowMs);
      await bookReservation(one, own, 1);
    });
    expect(await show.offers()).toMatchObject([{ fanId: fan(0), seats: 1, state: 'HELD' }]);
    expect(await show.seats()).toBe('FHBB');
    await show.sound();
  });

  it('passes a lapsed or declined offer on, sends its fan to the end, and at last out', async () => {
    const show = await open(['.']);
    await show.ask(0, 1);
    await show.ask(1, 1);
    await show.ask(2, 1);
    await show.lapse();
    await show.lapse();
    expect((await show.offers()).map(({ fanId, state }) => [fanId, state])).toEqual([
      [fan(1), 'EXPIRED'],
      [fan(2), 'HELD'],
    ]);
    expect(await show.entry(1)).toMatchObject({ state: 'WAITING', lapses: 1, quantity: 1 });
    const open2 = (await show.offers()).at(-1);
    await show.release(open2?.no ?? 0);
    expect(await show.entry(2)).toMatchObject({ state: 'WAITING', lapses: 1 });
    expect((await show.offers()).at(-1)).toMatchObject({ fanId: fan(1), state: 'HELD' });
    for (let lapse = 0; lapse < 2 * lapsesMax; lapse += 1) await show.lapse();
    expect(await show.entry(1)).toMatchObject({ state: 'LEFT', quantity: 0 });
    expect(await show.entry(2)).toMatchObject({ state: 'LEFT' });
    expect(await show.seats()).toBe('F');
    await show.sound();
  });

  it('keeps caps, and who leaves gives the offer to the next', async () => {
    const show = await open(['..', '..'], 2);
    await show.ask(0, 2);
    await show.ask(1, 2);
    await show.ask(0, 1);
    await show.ask(2, 2);
    await show.ask(3, 2);
    const [first, second] = await world.shard.rows<{ no: number; fanId: string }>(
      'SELECT reservation_id AS no, fan_id AS fanId FROM reservation WHERE show_id = ?',
      [show.showId],
    );
    await show.release(second?.no ?? 0);
    expect(await show.entry(0)).toMatchObject({ state: 'WAITING' });
    expect(await show.entry(2)).toMatchObject({ state: 'OFFERED' });
    const { result } = await show.change((one) => leaveLine(one, fan(2)));
    expect(result).toHaveLength(1);
    expect(await show.entry(2)).toMatchObject({ state: 'LEFT', offered: 0 });
    expect(await show.entry(3)).toMatchObject({ state: 'OFFERED' });
    await show.release(first?.no ?? 0);
    expect(await show.entry(0)).toMatchObject({ state: 'OFFERED', offered: 1 });
    await show.sound();
  });

  it('counts an offer against the cap of its fan in the very batch that makes it', async () => {
    const show = await open(['....'], 2);
    await show.ask(0, 2);
    await show.ask(1, 2);
    await show.ask(2, 2);
    await world.shard.change('UPDATE reservation SET due_at = NOW(3) WHERE show_id = ?', [
      show.showId,
    ]);
    await show.ask(2, 2);
    expect(await show.offers()).toMatchObject([{ fanId: fan(2), seats: 2, state: 'HELD' }]);
    expect(last(show.batches)).toMatchObject({ reason: 'cap_reached' });
    expect(await show.seats()).toBe('HHFF');
    await show.sound();
  });

  it('makes no offers in the last minutes, when full means sold out', async () => {
    const show = await open(['.']);
    await show.ask(0, 1);
    await show.ask(1, 1);
    await world.shard.change(
      'UPDATE show_head SET starts_at = NOW(3) + INTERVAL 14 MINUTE WHERE show_id = ?',
      [show.showId],
    );
    await show.ask(2, 1);
    expect(last(show.batches)).toMatchObject({ reason: 'sold_out' });
    await show.lapse();
    expect(await show.offers()).toEqual([]);
    expect(await show.seats()).toBe('F');
    await expect(show.join(3, 1)).rejects.toThrow('So short before the start');
    await show.sound();
  });

  it('lets nobody in line past free seats', async () => {
    const show = await open(['..']);
    await expect(show.join(1, 2)).rejects.toThrow('Seats are free');
    // Nor is a group that is too large for them, or takes fewer: both need a pass for that.
    await expect(show.join(1, 3)).rejects.toThrow('Seats are free');
    await expect(show.join(1, 3, true)).rejects.toThrow('Seats are free');
    await show.ask(1, 3);
    expect(await show.entry(1)).toMatchObject({ state: 'WAITING', quantity: 3 });
    await expect(show.join(1, 3, true)).rejects.toThrow('Seats are free');
    await show.ask(2, 2);
    expect(last(show.batches)).toMatchObject({ kind: 'GRANTED' });
    await show.sound();
  });
});
