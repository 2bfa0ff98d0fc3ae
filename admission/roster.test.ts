// The roster that is published at the opening, whatever order its members came and went in.
import { createHash } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { readRosterPage } from '../core/store/catalog/roster.js';
import { readSale, type Sale } from '../core/store/catalog/sales.js';
import { fc } from '../test/support/draws.js';
import { openRoomBench, type RoomBench } from '../test/support/rooms.js';
import { until } from '../test/support/until.js';
import { drawScore, openSeed } from './draw.js';
import { openRooms } from './rooms.js';
import { openRosterMaker } from './roster.js';
import { openRosterBook } from './roster-book.js';

const entryOf = (saleId: string, fanId: string, score: number): Buffer => {
  const handle = createHash('sha256').update(`${saleId}|${fanId}`).digest().subarray(0, 16);
  const number = Buffer.alloc(8);
  number.writeBigUInt64BE(BigInt(score));
  return Buffer.concat([handle, number]);
};

const opening = (atMs: number): Promise<unknown> =>
  until(() => performance.now() > atMs + 20, { what: 'the opening' });

describe('the book of a roster', () => {
  it('has its members in the order of score and fan, in whole pages', () => {
    const change = fc.record({
      fan: fc.nat(60),
      score: fc.nat(40),
      comes: fc.boolean(),
    });
    const plan = fc.tuple(fc.array(change, { maxLength: 200 }), fc.integer({ min: 1, max: 9 }));
    fc.assert(
      fc.property(plan, ([changes, perPage]) => {
        const book = openRosterBook('sale', 7);
        const model = new Map<string, { fanId: string; score: number }>();
        for (const { fan, score, comes } of changes) {
          const fanId = `fan-${String(fan).padStart(8, '0')}`;
          if (comes) book.add(fanId, score);
          else book.remove(fanId, score);
          if (comes) model.set(`${fanId} ${score}`, { fanId, score });
          else model.delete(`${fanId} ${score}`);
        }
        const expected = [...model.values()]
          .sort((a, b) => a.score - b.score || (a.fanId < b.fanId ? -1 : 1))
          .map(({ fanId, score }) => entryOf('sale', fanId, score));
        const pages = [...book.pages(perPage)];
        expect(book.size).toBe(expected.length);
        expect(Buffer.concat(pages).equals(Buffer.concat(expected))).toBe(true);
        expect(pages.slice(0, -1).every((page) => page.length === perPage * 24)).toBe(true);
      }),
    );
  });
});

describe('publishing a roster', () => {
  let bench: RoomBench;

  beforeAll(async () => {
    bench = await openRoomBench();
  });
  afterAll(async () => {
    await bench.close();
  });

  const sale = async (saleId: string): Promise<Sale> => {
    const found = await readSale(bench.catalog, saleId);
    if (!found) throw new Error('the sale is gone');
    return found;
  };

  it('counts who came last and not who left, and is the same from any pump', async () => {
    const opensInMs = 5_000;
    const saleId = await bench.addSale({ lobby: 'draw', opensInMs, ratePerMinute: 60 });
    // No earlier than the database's own: after so long the sale is open for everybody.
    const startMs = performance.now();
    const gate = bench.openGate();
    const first = bench.openPump();
    const second = bench.openPump();
    const fans = await bench.addFans(40);
    const joinAll = (list: string[]) =>
      Promise.all(list.map((fanId) => gate.join({ saleId, fanId })));
    await joinAll(fans.slice(0, 30));
    await first.tick(saleId);
    for (const fanId of fans.slice(0, 3)) await gate.leave({ saleId, fanId });
    await joinAll(fans.slice(0, 1));
    await first.tick(saleId);
    await joinAll(fans.slice(30, 38));
    await gate.leave({ saleId, fanId: fans[30] ?? '' });
    expect(performance.now() - startMs).toBeLessThan(opensInMs);
    await opening(startMs + opensInMs);
    // Neither a latecomer nor somebody who leaves now changes who was there.
    await joinAll(fans.slice(38));
    await gate.leave({ saleId, fanId: fans[5] ?? '' });
    const published = async (): Promise<boolean> => {
      await Promise.all([first.tick(saleId), second.tick(saleId)]);
      return (await readRosterPage(bench.catalog, saleId, 0)) !== undefined;
    };
    await until(published, { what: 'a roster', every: 20 });

    const found = await sale(saleId);
    const seed = openSeed(bench.secrets, found);
    const expected = [fans[0] ?? '', ...fans.slice(3, 30), ...fans.slice(31, 38)]
      .map((fanId) => ({ fanId, score: drawScore(seed, fanId) }))
      .sort((a, b) => a.score - b.score)
      .map(({ fanId, score }) => entryOf(saleId, fanId, score));
    const page = await readRosterPage(bench.catalog, saleId, 0);
    expect(page?.equals(Buffer.concat(expected))).toBe(true);
    expect(found).toMatchObject({
      rosterCount: 35,
      rosterDigest: createHash('sha256').update(Buffer.concat(expected)).digest('hex'),
    });
    const gone = async () => (await bench.redis.exists(bench.names.entrants(saleId))) === 0;
    await until(gone, { what: 'the list of entrants to be thrown away' });
  });

  it('is read on in the lobby, so that the opening adds the last ones only', async () => {
    const opensInMs = 2_500;
    const saleId = await bench.addSale({ opensInMs, ratePerMinute: 60 });
    const startMs = performance.now();
    const gate = bench.openGate();
    const rooms = openRooms(bench);
    const maker = openRosterMaker({
      catalog: bench.catalog,
      lotOf: () => 0,
      forget: async () => undefined,
    });
    const asked: number[] = [];
    const advance = (): Promise<void> =>
      rooms.use(saleId, (room, present) =>
        maker.advance(
          {
            roster: (from, count) => {
              asked.push(from);
              return room.roster(from, count);
            },
          },
          present,
        ),
      );
    const fans = await bench.addFans(5);
    for (const fanId of fans.slice(0, 3)) await gate.join({ saleId, fanId });
    await advance();
    for (const fanId of fans.slice(3)) await gate.join({ saleId, fanId });
    expect(performance.now() - startMs).toBeLessThan(opensInMs);
    await opening(startMs + opensInMs);
    await advance();
    expect({ asked, done: maker.done }).toEqual({ asked: [0, 3], done: true });
    const line = bench.names.line(saleId);
    const scores = await Promise.all(fans.map((fanId) => bench.redis.zscore(line, fanId)));
    const expected = fans.map((fanId, at) => entryOf(saleId, fanId, Number(scores[at])));
    const page = await readRosterPage(bench.catalog, saleId, 0);
    expect(page?.equals(Buffer.concat(expected))).toBe(true);
  });
});
