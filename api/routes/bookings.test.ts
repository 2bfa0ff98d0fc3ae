import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { insertFanBooking } from '../../core/store/catalog/fan-bookings.js';
import { holdSeats, seedShow, type TestShow } from '../../test/support/fixtures.js';
import { openPaymentWorld, type PaymentWorld } from '../../test/support/payment-world.js';

describe('bookings', () => {
  let world: PaymentWorld;
  let show: TestShow;
  const fanId = 'fan000000001';

  beforeAll(async () => {
    world = await openPaymentWorld();
    show = await seedShow(world.stores);
  });
  afterAll(() => world.close());

  const book = async (seats: number[], of = show): Promise<string> => {
    const held = await holdSeats(world.stores, of, { fanId, seats });
    const answer = await world.confirm(held, 'pm_card_visa', `key-${held.reservationId}`);
    const createdAtMs = Date.parse(String(answer.body.created_at));
    const { showId, reservationId: bookingId } = held;
    await insertFanBooking(world.stores.catalog, fanId, { showId, bookingId, createdAtMs });
    return String(answer.body.booking_id);
  };

  it('is there by its id at once, for its owner only', async () => {
    const held = await holdSeats(world.stores, show, { fanId, seats: [8] });
    const { body } = await world.confirm(held, 'pm_card_visa', 'at-once');
    const path = `/bookings/${String(body.booking_id)}`;
    const seen = await world.call(fanId, 'GET', path);
    expect(seen.body).toMatchObject({
      booking_id: body.booking_id,
      state: 'confirmed',
      seats: ['A-9'],
      tickets: body.tickets,
      show: { movie: { title: 'Dūr, kahīñ; door' }, cinema: { name: 'Rang Mandir' } },
    });
    const foreign = await world.call('somebodyelse', 'GET', path);
    const none = await world.call(fanId, 'GET', '/bookings/bkg_zz_zz');
    expect([foreign.status, foreign.body]).toEqual([404, none.body]);
  });

  it('lists the newest first, page by page, over all shards', async () => {
    const shows = await Promise.all([seedShow(world.stores), seedShow(world.stores)]);
    const made: string[] = [];
    for (const of of shows) {
      for (const seats of [[0], [1, 2]]) made.push(await book(seats, of));
    }
    const listed: string[] = [];
    let cursor: string | null = '';
    while (cursor !== null) {
      const query: string = cursor === '' ? '?limit=3' : `?limit=3&cursor=${cursor}`;
      const { status, body } = await world.call(fanId, 'GET', `/bookings${query}`);
      expect(status).toBe(200);
      for (const one of body.results as { booking_id: string }[]) listed.push(one.booking_id);
      cursor = body.next_cursor as string | null;
    }
    expect(listed).toEqual([...made].reverse());
    expect((await world.call(fanId, 'GET', '/bookings?cursor=rubbish')).status).toBe(400);
    expect((await world.call('somebodyelse', 'GET', '/bookings')).body.results).toEqual([]);
  });

  it('prints as PDF and fits into a calendar', async () => {
    const id = await book([4, 5]);
    const pdf = await world.call(fanId, 'GET', `/bookings/${id}/tickets.pdf`);
    expect(pdf.headers.get('content-type')).toBe('application/pdf');
    expect(pdf.text.startsWith('%PDF-')).toBe(true);
    const ics = await world.call(fanId, 'GET', `/bookings/${id}/event.ics`);
    expect(ics.headers.get('content-type')).toContain('text/calendar');
    const lines = ics.text.split('\r\n');
    expect(lines.every((line) => Buffer.byteLength(line) <= 75 && !line.includes('\n'))).toBe(true);
    const unfolded = ics.text.replaceAll('\r\n ', '');
    expect(unfolded).toContain('SUMMARY:Dūr\\, kahīñ\\; door\r\n');
    expect(unfolded).toContain(`Seats: A-5\\, A-6\\nBooking: ${id}`);
    expect(unfolded).toMatch(/DTSTART:\d{8}T\d{6}Z\r\nDTEND:\d{8}T\d{6}Z\r\n/);
    expect((await world.call('other', 'GET', `/bookings/${id}/tickets.pdf`)).status).toBe(404);
  });
});
