import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { drawHall } from '../support/halls.js';
import { brokenRows, decidedRows, type LaneWorld, openLaneWorld } from '../support/lane-world.js';

const fans = 200;

describe('the last seat', () => {
  let world: LaneWorld;
  beforeAll(async () => {
    world = await openLaneWorld();
  });
  afterAll(() => world.close());

  it('goes to one of 200 fans, whatever many apis and processors do at once', async () => {
    const showId = await world.addShow(drawHall(['.']).seats);
    const apis = [world.openAccepting(), world.openAccepting()];
    const processors = [world.openLanes(), world.openLanes(), world.openLanes()];
    const accepted = Array.from({ length: fans }, async (_, index) => {
      const entry = world.entry(showId, { seats: ['A-1'] });
      const row = await apis[index % apis.length]?.accept(world.shardId, entry);
      const processor = processors[index % processors.length];
      if (processor) await world.drain(processor.lanes, showId);
      return row?.requestId;
    });
    await Promise.all(accepted);

    const rows = await decidedRows(world.shard, showId);
    expect(rows).toHaveLength(fans);
    const granted = rows.filter((row) => row.state === 'GRANTED');
    expect(granted).toHaveLength(1);
    // First come, first served: the winner is whom the journal has first.
    expect(granted[0]).toBe(rows[0]);
    expect(rows.filter((row) => row.reason === 'sold_out')).toHaveLength(fans - 1);
    const told = processors.flatMap(({ batches }) => batches.flat());
    expect(told.flatMap((show) => show.decisions)).toHaveLength(fans);
    expect(await brokenRows(world.shard, showId)).toEqual([]);
  });

  it('is sold more than once by those who look first and write later', async () => {
    const showId = await world.addShow(drawHall(['.']).seats);
    await world.shard.change(
      'CREATE TABLE unguarded_sale (show_id INT UNSIGNED, seat_no INT, fan INT)',
    );
    const isFree = async () => {
      const [seat] = await world.shard.rows<{ state: string }>(
        'SELECT state FROM show_seat WHERE show_id = ? AND seat_no = 0',
        [showId],
      );
      return seat?.state === 'FREE';
    };
    // Everybody looks before anybody writes, which is what a rush does to such code.
    const looks = await Promise.all(Array.from({ length: fans }, isFree));
    await Promise.all(
      looks.map(async (free, fan) => {
        if (!free) return;
        await world.shard.change("UPDATE show_seat SET state = 'BLOCKED' WHERE show_id = ?", [
          showId,
        ]);
        await world.shard.change('INSERT INTO unguarded_sale VALUES (?, 0, ?)', [showId, fan]);
      }),
    );
    const sold = await world.shard.rows('SELECT fan FROM unguarded_sale');
    expect(sold.length).toBeGreaterThan(1);
  });
});
