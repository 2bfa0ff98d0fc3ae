import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { formatId } from '../../core/domain/ids.js';
import { readTicketCode } from '../../core/runtime/ticket-code.js';
import { holdSeats, seedShow, type TestHold, type TestShow } from '../../test/support/fixtures.js';
import { chargesOf, rowsOf } from '../../test/support/payment-rows.js';
import { openPaymentWorld, type PaymentWorld } from '../../test/support/payment-world.js';
import { until } from '../../test/support/until.js';

describe('confirm', () => {
  let world: PaymentWorld;
  let show: TestShow;

  beforeAll(async () => {
    world = await openPaymentWorld();
  });
  afterAll(() => world.close());
  beforeEach(async () => {
    world.sandbox.faults.reset();
    world.sandbox.faults.change({ webhooks: 'off' });
    show = await seedShow(world.stores);
  });

  const hold = (more: Parameters<typeof holdSeats>[2] = {}): Promise<TestHold> =>
    holdSeats(world.stores, show, more);
  const rows = (held: TestHold) => rowsOf(world.stores, held);

  it('books the seats, signs a ticket for each and says so again to the same key', async () => {
    const held = await hold();
    const first = await world.confirm(held, 'pm_card_visa', 'key-1');
    expect(first).toMatchObject({ status: 201, body: { amount: 48_000, currency: 'INR' } });
    const tickets = first.body.tickets as { ticket_id: string; seat: string; qr_code: string }[];
    expect(tickets.map((ticket) => ticket.seat)).toEqual(['A-1', 'A-2']);
    const keys = new Map(world.secrets.ticket.map((key) => [key.kid, key.publicKey]));
    for (const { ticket_id, qr_code } of tickets) {
      expect(readTicketCode(keys, qr_code)).toMatchObject({
        ok: true,
        showId: held.showId,
        ticketId: ticket_id,
        counter: 1,
      });
    }
    const again = await world.confirm(held, 'pm_card_visa', 'key-1');
    expect([again.status, again.body]).toEqual([201, first.body]);
    expect(await rows(held)).toMatchObject({
      reservation: 'BOOKED',
      payments: ['SUCCEEDED'],
      seats: ['BOOKED', 'BOOKED'],
      tickets: 2,
      outbox: ['fan_booking', 'ticket_mail'],
    });
    expect(chargesOf(world.sandbox, held)).toEqual([48_000]);
  });

  it('charges once when confirmed many times at once, whatever the keys', async () => {
    const held = await hold();
    world.sandbox.faults.change({ slow_ms: 200 });
    const answers = await Promise.all(
      ['k1', 'k1', 'k2', 'k3'].map((key) => world.confirm(held, 'pm_card_visa', key)),
    );
    expect(answers.map((answer) => answer.status)).toEqual([201, 201, 201, 201]);
    expect(new Set(answers.map((answer) => answer.body.booking_id)).size).toBe(1);
    expect(chargesOf(world.sandbox, held)).toEqual([48_000]);
  });

  it('gives the seats back to the hold after a decline, three times at most', async () => {
    const held = await hold();
    for (const key of ['d1', 'd2', 'd3']) {
      const refused = await world.confirm(held, 'pm_card_chargeDeclined', key);
      expect(refused).toMatchObject({
        status: 402,
        body: { error: 'card_declined', reservation_state: 'held' },
      });
      expect(await world.confirm(held, 'pm_card_chargeDeclined', key)).toMatchObject({
        status: 402,
      });
    }
    const fourth = await world.confirm(held, 'pm_card_visa', 'd4');
    expect(fourth).toMatchObject({ status: 429, body: { error: 'payment_attempts' } });
    expect(await rows(held)).toMatchObject({
      reservation: 'HELD',
      payments: ['FAILED', 'FAILED', 'FAILED'],
      seats: ['HELD', 'HELD'],
    });
  });

  it('gives each payment its time by the sale, and no less than the hold still has', async () => {
    const shard = await world.stores.shards.forShow(show.showId);
    await shard.change('UPDATE show_head SET payment_seconds = 180 WHERE show_id = ?', [
      show.showId,
    ]);
    const short = await hold({ expiresInMs: 20_000 });
    const long = await hold({ seats: [2, 3], expiresInMs: 290_000 });
    for (const held of [short, long]) {
      const asked = await world.confirm(held, 'pm_card_authenticationRequired', 'key');
      expect(asked.body).toMatchObject({ status: 'requires_action' });
    }
    const times = await shard.rows<{ toPay: string | number; late: string | number }>(
      `SELECT ROUND(TIMESTAMPDIFF(MICROSECOND, p.created_at, r.due_at) / 1e6) AS toPay,
         TIMESTAMPDIFF(SECOND, r.expires_at, r.due_at) AS late
       FROM reservation r JOIN payment p
         ON p.show_id = r.show_id AND p.reservation_id = r.reservation_id
       WHERE r.show_id = ? ORDER BY r.reservation_id`,
      [show.showId],
    );
    expect(Number(times[0]?.toPay)).toBe(180);
    expect(Number(times[1]?.late)).toBe(0);
  });

  it('takes another card with a new key after a decline', async () => {
    const held = await hold();
    expect((await world.confirm(held, 'pm_card_chargeDeclined', 'a')).status).toBe(402);
    expect((await world.confirm(held, 'pm_card_visa', 'b')).status).toBe(201);
    expect(await rows(held)).toMatchObject({ payments: ['FAILED', 'SUCCEEDED'] });
    expect(chargesOf(world.sandbox, held)).toEqual([48_000]);
  });

  it.each([
    ['complete', 201, 'BOOKED'],
    ['fail', 402, 'HELD'],
  ])(
    'asks for 3-D Secure, and the repeated key hears that it ended: %s',
    async (verdict, status, state) => {
      const held = await hold();
      const asked = await world.confirm(held, 'pm_card_authenticationRequired', 'secure');
      expect(asked).toMatchObject({ status: 202, body: { status: 'requires_action' } });
      const seen = await world.call(held.fanId, 'GET', `/reservations/${idOf(held)}`);
      expect(seen.body).toMatchObject({
        state: 'paying',
        payment: { status: 'requires_action', client_secret: asked.body.client_secret },
      });
      expect(await world.answerChallenge(String(asked.body.next_action_url), verdict)).toBe(200);
      const ended = await world.confirm(held, 'pm_card_authenticationRequired', 'secure');
      expect(ended.status).toBe(status);
      expect(await rows(held)).toMatchObject({ reservation: state });
    },
  );

  it('takes another card while the bank asks about the first, which can take no money then', async () => {
    const held = await hold();
    const asked = await world.confirm(held, 'pm_card_authenticationRequired', 'first');
    expect(asked.body).toMatchObject({ status: 'requires_action' });
    // The same card again is the same question.
    const same = await world.confirm(held, 'pm_card_authenticationRequired', 'again');
    expect(same.body).toEqual(asked.body);
    const others = await Promise.all(
      ['b', 'c', 'd'].map((key) => world.confirm(held, 'pm_card_visa', key)),
    );
    expect(others.map(({ status }) => status)).toEqual([201, 201, 201]);
    expect(await rows(held)).toMatchObject({ payments: ['CANCELLED', 'SUCCEEDED'] });
    // Too late for the bank's yes.
    await world.answerChallenge(String(asked.body.next_action_url), 'complete');
    expect(chargesOf(world.sandbox, held)).toEqual([48_000]);
    // Whoever repeats the first key hears what became of the seats.
    const repeated = await world.confirm(held, 'pm_card_authenticationRequired', 'first');
    expect(repeated).toMatchObject({
      status: 201,
      body: { booking_id: others[0]?.body.booking_id },
    });
  });

  it('counts cards that were given up among the tries', async () => {
    const held = await hold();
    const asks = 'pm_card_authenticationRequired';
    expect((await world.confirm(held, asks, '1')).status).toBe(202);
    expect((await world.confirm(held, 'pm_card_chargeDeclined', '2')).status).toBe(402);
    expect((await world.confirm(held, asks, '3')).status).toBe(202);
    const fourth = await world.confirm(held, 'pm_card_visa', '4');
    expect(fourth).toMatchObject({ status: 429, body: { error: 'payment_attempts' } });
    expect(await rows(held)).toMatchObject({
      reservation: 'HELD',
      payments: ['CANCELLED', 'FAILED', 'CANCELLED'],
    });
  });

  it('books what costs nothing without asking the provider', async () => {
    const held = await hold({ price: 0 });
    const before = world.sandbox.ledger.all('intent').length;
    expect(await world.confirm(held, 'pm_card_visa', 'free')).toMatchObject({
      status: 201,
      body: { amount: 0 },
    });
    expect(world.sandbox.ledger.all('intent')).toHaveLength(before);
    expect(await rows(held)).toMatchObject({ reservation: 'BOOKED', payments: [], tickets: 2 });
  });

  it('refuses a hold whose time is over, another fan, and a key with another card', async () => {
    const over = await hold({ expiresInMs: -1 });
    expect(await world.confirm(over, 'pm_card_visa', 'late')).toMatchObject({
      status: 410,
      body: { error: 'reservation_expired' },
    });
    const held = await hold({ seats: [2] });
    const stranger = { ...held, fanId: 'somebodyelse' };
    expect((await world.confirm(stranger, 'pm_card_visa', 'x')).status).toBe(404);
    expect((await world.confirm({ ...held, showId: 999_999 }, 'pm_card_visa', 'x')).status).toBe(
      404,
    );
    expect((await world.confirm(held, 'pm_card_visa', 'once')).status).toBe(201);
    expect(await world.confirm(held, 'pm_card_mastercard', 'once')).toMatchObject({
      status: 422,
      body: { error: 'key_reused' },
    });
  });

  it('wants an Idempotency-Key', async () => {
    const held = await hold();
    const body = { reservation_id: idOf(held), payment_token: 'pm_card_visa' };
    const answer = await world.call(held.fanId, 'POST', '/confirm', { body });
    expect(answer).toMatchObject({ status: 400, body: { error: 'malformed' } });
    expect(answer.body.detail).toContain('Idempotency-Key');
  });

  it('keeps the hold and the key when the provider takes nothing in', async () => {
    const held = await hold();
    world.sandbox.faults.change({ rate_limited: 1 });
    const away = await world.confirm(held, 'pm_card_visa', 'again');
    expect(away).toMatchObject({ status: 503, body: { error: 'payments_unavailable' } });
    expect(await rows(held)).toMatchObject({ reservation: 'HELD', payments: ['FAILED'] });
    expect((await world.confirm(held, 'pm_card_visa', 'again')).status).toBe(201);
    expect(chargesOf(world.sandbox, held)).toEqual([48_000]);
  });

  it('says processing while nobody knows, and settles by the signed event', async () => {
    const held = await hold();
    world.sandbox.faults.change({ webhooks: 'on', error_500_after_effect: 1 });
    const answer = await world.confirm(held, 'pm_card_visa', 'lost');
    expect([201, 202]).toContain(answer.status);
    await until(async () => (await rows(held)).reservation === 'BOOKED', { what: 'the booking' });
    expect((await world.confirm(held, 'pm_card_visa', 'lost')).status).toBe(201);
    expect(chargesOf(world.sandbox, held)).toEqual([48_000]);
  });

  const idOf = (held: TestHold): string =>
    formatId('reservation', { showId: held.showId, no: held.reservationId });
});
