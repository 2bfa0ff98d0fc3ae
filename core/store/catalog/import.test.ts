import { randomBytes } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { dayMs, sampleNow as now, smallCatalog } from '../../../test/support/small-catalog.js';
import { openTestStores, type TestStores } from '../../../test/support/stores.js';
import type { Catalog } from '../../domain/catalog-file-types.js';
import { unseal } from '../../runtime/sealing.js';
import { blockSeats } from '../shard/blocked-seats.js';
import { changeShow } from '../shard/show-change.js';
import { createShowRows } from '../shard/show-seats.js';
import { listAudit } from './audit.js';
import { importCatalog } from './import.js';
import { settleShows, updateOpenSeats } from './settle-shows.js';

const secrets = { data: [{ kid: 'k1', key: randomBytes(32) }] };

describe('import', () => {
  let stores: TestStores;
  const run = (catalog: Catalog) =>
    importCatalog({ ...stores, secrets }, catalog, { actor: 'tester' });
  const imported = async (catalog: Catalog) => {
    const report = await run(catalog);
    if (!report.ok) throw new Error(JSON.stringify(report.faults));
    return report;
  };
  const shows = () =>
    stores.catalog.rows<{ show_id: number; show_key: string; state: string; shard_id: number }>(
      'SELECT * FROM shows ORDER BY show_id',
    );
  const everything = async () => {
    const tables = ['cities', 'cinemas', 'halls', 'seats', 'movies', 'sales', 'shows', 'audit'];
    const rows: unknown[] = [];
    for (const table of tables) rows.push(await stores.catalog.rows(`SELECT * FROM ${table}`));
    for (const id of stores.shards.ids()) {
      for (const table of ['show_gate', 'show_head', 'show_seat']) {
        rows.push(await stores.shards.byId(id).rows(`SELECT * FROM ${table}`));
      }
    }
    return rows;
  };

  beforeEach(async () => {
    stores = await openTestStores();
  });
  afterEach(() => stores.close());

  it('makes catalog, gate, head and seats, and changes nothing the second time', async () => {
    const report = await imported(smallCatalog());
    expect(report).toMatchObject({ showsMade: 2, seatsMade: 10, notes: [] });
    expect(report.counts.shows).toEqual({ added: 2, changed: 0, unchanged: 0 });
    const [show] = await shows();
    expect(show).toMatchObject({ show_key: 'one', state: 'ACTIVE', seats_total: 5, seats_free: 5 });
    const shard = await stores.shards.forShow(show?.show_id ?? 0);
    const [gate] = await shard.rows('SELECT * FROM show_gate WHERE show_id = ?', [
      show?.show_id ?? 0,
    ]);
    expect(gate).toMatchObject({
      state: 'OPEN',
      opens_at: new Date(now + dayMs),
      closes_at: new Date(now + 2 * dayMs),
    });
    const seats = await shard.rows(
      'SELECT seat_no, seat, price, state FROM show_seat WHERE show_id = ? ORDER BY seat_no',
      [show?.show_id ?? 0],
    );
    expect(seats[3]).toEqual({ seat_no: 3, seat: 'B-1', price: 30_000, state: 'FREE' });
    const before = await everything();
    const again = await imported(smallCatalog());
    expect(again).toMatchObject({ showsMade: 0, showsChanged: 0 });
    expect(again.counts.sales).toEqual({ added: 0, changed: 0, unchanged: 1 });
    expect(await everything()).toEqual(before);
    const audit = await listAudit(stores.catalog, { subject: 'catalog' });
    expect(audit).toHaveLength(1);
    expect(audit[0]).toMatchObject({ actor: 'tester', action: 'catalog.import' });
  });

  it('refuses a new show in a hall where a stored one runs, up to the minute', async () => {
    await imported(smallCatalog());
    const later = (key: string, minutes: number, starts_at_relative = false) =>
      smallCatalog((catalog) => {
        const [show] = catalog.shows;
        if (!show) throw new Error('no show in the sample');
        const starts_at = show.starts_at + minutes * 60_000;
        catalog.shows = [{ ...show, key, starts_at, starts_at_relative }];
      });
    for (const minutes of [-119, 0, 119]) {
      const report = await run(later('third', minutes));
      const message = expect.stringMatching(/^show third clashes in hall grand-1 with show one,/);
      expect(report).toEqual({ ok: false, faults: [{ path: ['shows'], key: 'third', message }] });
    }
    // A day that counts from the import is another one each time: the rest of the file still counts.
    const again = await imported(later('third', 60, true));
    expect(again.counts.shows).toEqual({ added: 0, changed: 0, unchanged: 0 });
    expect(again.notes).toEqual([expect.stringMatching(/^left out: show third clashes/)]);
    await imported(later('before', -120));
    await imported(later('after', 120));
    await stores.catalog.change("UPDATE shows SET state = 'CANCELLED' WHERE show_key = 'one'");
    await imported(later('instead', 0));
  });

  it('keeps the seed of a sale and seals it to its row', async () => {
    await imported(smallCatalog());
    const read = async () => {
      const [row] = await stores.catalog.rows<{ seed_sealed: Buffer; seed_hash: string }>(
        'SELECT seed_sealed, seed_hash FROM sales',
      );
      if (!row) throw new Error('no sale');
      return row;
    };
    const first = await read();
    expect(unseal(secrets.data, first.seed_sealed, 'sales|seed|premiere')).toHaveLength(32);
    expect(() => unseal(secrets.data, first.seed_sealed, 'sales|seed|other')).toThrow();
    await imported(smallCatalog((file) => Object.assign(file.sales[0] ?? {}, { name: 'Other' })));
    expect(await read()).toEqual(first);
  });

  it('finishes shows whose import was killed before or after their rows were made', async () => {
    await imported(smallCatalog());
    const [one, two] = await shows();
    if (!one || !two) throw new Error('no shows');
    await stores.catalog.change("UPDATE shows SET state = 'PLANNED', shard_version = 0");
    const shard = await stores.shards.forShow(two.show_id);
    for (const table of ['show_seat', 'show_gate', 'show_head']) {
      await shard.change(`DELETE FROM ${table} WHERE show_id = ?`, [two.show_id]);
    }
    const report = await imported(smallCatalog());
    expect(report).toMatchObject({ showsMade: 1, showsChanged: 1, seatsMade: 5 });
    expect((await shows()).map((show) => show.state)).toEqual(['ACTIVE', 'ACTIVE']);
    expect(await settleShows(stores)).toMatchObject({ showsMade: 0, showsChanged: 0 });
  });

  it('makes the rows of a show once, however often the step runs', async () => {
    await imported(smallCatalog());
    const [one] = await shows();
    if (!one) throw new Error('no show');
    const shard = await stores.shards.forShow(one.show_id);
    await shard.change("UPDATE show_gate SET state = 'PAUSED' WHERE show_id = ?", [one.show_id]);
    const plan = {
      showId: one.show_id,
      saleId: 'premiere',
      opensAt: new Date(),
      startsAt: new Date(),
      currency: 'INR',
      seatCap: 1,
      orphanRule: 'off' as const,
      priceRules: null,
      capped: false,
      countsCards: false,
      holdSeconds: 60,
      bookingFee: 0,
      taxRateBp: 0,
      holdLimitSeconds: 60,
      paymentSeconds: 120,
      offerSeconds: 0,
      offersStopSeconds: 0,
      prices: { front: 1, back: 1 },
      seats: smallCatalog().halls[0]?.seats ?? [],
    };
    const before = await everything();
    await shard.transaction((tx) => createShowRows(tx, [plan]));
    expect(await everything()).toEqual(before);
  });

  it('carries changes before the opening to the shards, and not after it', async () => {
    await imported(smallCatalog());
    const change = (file: Catalog) => {
      Object.assign(file.sales[0] ?? {}, { opens_at: now + dayMs + 60_000, seat_cap: 4 });
      Object.assign(file.shows[0] ?? {}, { prices: { front: 11_000, back: 22_000 } });
    };
    expect(await imported(smallCatalog(change))).toMatchObject({ showsChanged: 2, notes: [] });
    const [one] = await shows();
    const shard = await stores.shards.forShow(one?.show_id ?? 0);
    const rules = async () =>
      shard.rows(
        `SELECT h.seat_cap, h.version, g.opens_at, s.price FROM show_head AS h
         JOIN show_gate AS g ON g.show_id = h.show_id
         JOIN show_seat AS s ON s.show_id = h.show_id AND s.seat_no = 4 WHERE h.show_id = ?`,
        [one?.show_id ?? 0],
      );
    const opensAt = new Date(now + dayMs + 60_000);
    expect(await rules()).toEqual([{ seat_cap: 4, version: 1, opens_at: opensAt, price: 22_000 }]);
    await stores.catalog.change('UPDATE sales SET opens_at = NOW(3)');
    const late = await imported(smallCatalog());
    expect(late.showsChanged).toBe(0);
    expect(late.notes).toContain('sale premiere has opened: seat_cap stays 4');
    expect(await rules()).toEqual([{ seat_cap: 4, version: 1, opens_at: opensAt, price: 22_000 }]);
  });

  it('keeps times that counted from the first import', async () => {
    const relative = (file: Catalog) =>
      Object.assign(file.sales[0] ?? {}, { opens_at_relative: true, opens_at: now + 30_000 });
    await imported(smallCatalog(relative));
    const later = (file: Catalog) =>
      Object.assign(file.sales[0] ?? {}, { opens_at_relative: true, opens_at: now + 90_000 });
    expect((await imported(smallCatalog(later))).counts.sales.unchanged).toBe(1);
  });

  it('refuses a layout that would lose a sold seat, and changes nothing', async () => {
    await imported(smallCatalog());
    const [one, two] = await shows();
    const shard = await stores.shards.forShow(one?.show_id ?? 0);
    await shard.change(
      "UPDATE show_seat SET state = 'BOOKED', reservation_id = 7 WHERE show_id = ? AND seat = 'B-2'",
      [one?.show_id ?? 0],
    );
    const before = await everything();
    const smaller = smallCatalog((file) => {
      file.halls[0]?.seats.pop();
      Object.assign(file.movies[0] ?? {}, { title: 'Changed too' });
    });
    expect(await run(smaller)).toEqual({
      ok: false,
      faults: [
        {
          path: ['halls', 0, 'layout'],
          key: 'grand-1',
          message: expect.stringContaining('would lose B-2, held or sold in show one'),
        },
      ],
    });
    expect(await everything()).toEqual(before);
    const without = smallCatalog((file) => {
      file.halls[0]?.seats.splice(0, 1);
      for (const [index, seat] of (file.halls[0]?.seats ?? []).entries()) seat.seat_no = index;
    });
    const report = await imported(without);
    expect(report.keptLayout).toEqual([one?.show_id]);
    const counts = await stores.catalog.rows('SELECT seats_total FROM shows ORDER BY show_id');
    expect(counts).toEqual([{ seats_total: 5 }, { seats_total: 4 }]);
    const other = await stores.shards.forShow(two?.show_id ?? 0);
    const seats = await other.rows('SELECT seat FROM show_seat WHERE show_id = ?', [
      two?.show_id ?? 0,
    ]);
    expect(seats).toHaveLength(4);
  });

  it('keeps the seats of a show whose log names them, such as those that staff keep', async () => {
    await imported(smallCatalog());
    const [one] = await shows();
    const showId = one?.show_id ?? 0;
    const shard = await stores.shards.forShow(showId);
    const seats = () =>
      shard.rows('SELECT seat, state FROM show_seat WHERE show_id = ? ORDER BY seat_no', [showId]);
    await changeShow(shard, showId, (change) =>
      blockSeats(change, ['A-1'], { kind: 'block', reason: 'camera', by: 'x', untilMs: null }),
    );
    const before = await seats();
    const report = await imported(
      smallCatalog((file) => {
        file.halls[0]?.seats.pop();
      }),
    );
    expect(report.keptLayout).toEqual([showId]);
    expect(await seats()).toEqual(before);
  });

  it('refuses to move a show to another hall, naming the show', async () => {
    await imported(smallCatalog());
    const report = await run(
      smallCatalog((file) => Object.assign(file.shows[0] ?? {}, { currency: 'EUR' })),
    );
    expect(report).toMatchObject({ ok: false, faults: [{ path: ['shows'], key: 'one' }] });
  });

  it('takes free seats over from shards only when they are newer', async () => {
    await imported(smallCatalog());
    const [one] = await shows();
    const showId = one?.show_id ?? 0;
    const free = async () => {
      const [row] = await stores.catalog.rows<{ seats_free: number }>(
        'SELECT seats_free FROM shows WHERE show_id = ?',
        [showId],
      );
      return row?.seats_free;
    };
    await updateOpenSeats(stores.catalog, [{ showId, free: 3, held: 1, version: 2 }]);
    await updateOpenSeats(stores.catalog, [{ showId, free: 4, held: 0, version: 1 }]);
    expect(await free()).toBe(3);
  });
});
