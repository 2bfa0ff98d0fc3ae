import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type CsvValue, csvText } from '../../core/domain/csv.js';
import { formatId } from '../../core/domain/ids.js';
import { drainRefunds } from '../../processor/payments/reconciler.js';
import { holdSeats, seedShow } from '../../test/support/fixtures.js';
import { openPaymentWorld, type PaymentWorld } from '../../test/support/payment-world.js';

describe('tables of a sale', () => {
  let world: PaymentWorld;

  beforeAll(async () => {
    world = await openPaymentWorld();
    world.sandbox.faults.change({ webhooks: 'off' });
  });
  afterAll(() => world.close());

  it('have every booking once and every move of money, page by page', async () => {
    const show = await seedShow(world.stores, { seats: 12 });
    await world.stores.catalog.change(
      `UPDATE movies SET title = '=HYPERLINK("http://evil")' WHERE movie_id IN
         (SELECT movie_id FROM shows WHERE show_id = ?)`,
      [show.showId],
    );
    const ids: string[] = [];
    for (const seat of [0, 2, 4]) {
      const held = await holdSeats(world.stores, show, { seats: [seat, seat + 1] });
      expect((await world.confirm(held, 'pm_card_visa', 'key')).status).toBe(201);
      ids.push(formatId('booking', { showId: held.showId, no: held.reservationId }));
    }
    const cancel = await world.callStaff('POST', `/staff/bookings/${ids[0]}/cancel`, {
      seats: ['A-1'],
    });
    expect(cancel.status).toBe(202);
    for (const shardId of world.stores.shards.ids()) await drainRefunds(world.deps, shardId);
    const read = async (kind: string): Promise<{ head: string[]; rows: CsvValue[][] }> => {
      const rows: CsvValue[][] = [];
      let cursor = '';
      for (;;) {
        const path = `/staff/sales/${show.saleId}/export/${kind}?limit=2${cursor}`;
        const { status, body } = await world.callStaff('GET', path);
        expect(status).toBe(200);
        rows.push(...(body.rows as CsvValue[][]));
        if (body.next_cursor === null) return { head: body.head as string[], rows };
        cursor = `&cursor=${String(body.next_cursor)}`;
      }
    };
    const bookings = await read('bookings');
    const cell = (row: CsvValue[] | undefined, name: string) => row?.[bookings.head.indexOf(name)];
    expect(bookings.rows.map((row) => row[0])).toEqual(ids);
    expect(cell(bookings.rows[0], 'refunded')).toBe(24_000);
    expect(cell(bookings.rows[0], 'tickets_live')).toBe(1);
    expect(csvText(bookings.head, bookings.rows)).toContain(`"'=HYPERLINK(""http://evil"")"`);
    const payments = await read('payments');
    expect(payments.rows.map((row) => [row[3], row[4], row[5], row[7]])).toEqual([
      ...Array(3).fill(['booked', 'provider', 'sales', 48_000]),
      ['refund_due', 'sales', 'owed', 24_000],
      ['refunded', 'owed', 'provider', 24_000],
    ]);
    expect(new Set(payments.rows.map((row) => row.at(-1))).size).toBe(5);
  });
});
