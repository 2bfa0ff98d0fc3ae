// The desk and its seats: tranches, blocked and kept seats, sales, moves and holds, on the command line.
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { formatId } from '../../core/domain/ids.js';
import { signTicketCode } from '../../core/runtime/ticket-code.js';
import { listAudit } from '../../core/store/catalog/audit.js';
import { releaseTranche } from '../../core/store/catalog/releases.js';
import type { Database } from '../../core/store/database.js';
import { endKept, releaseDue } from '../../processor/staff-timers.js';
import { type AuditWorld, openAuditWorld } from '../support/audit-world.js';
import { type CliWorld, openCliWorld } from '../support/cli-world.js';

describe('the desk', () => {
  let cli: CliWorld;
  let world: AuditWorld;
  let shard: Database;
  let show: string;

  beforeAll(async () => {
    cli = await openCliWorld();
  });
  afterAll(() => cli.close());
  beforeEach(async () => {
    world = await openAuditWorld(cli.stores);
    shard = await cli.stores.shards.forShow(world.show.showId);
    show = String(world.show.showId);
    cli.login('ops');
  });

  const seats = async () => {
    const rows = await shard.rows<{ state: string }>(
      'SELECT state FROM show_seat WHERE show_id = ? ORDER BY seat_no',
      [world.show.showId],
    );
    return rows
      .map(({ state }) => (state === 'BOOKED' ? '#' : state === 'BLOCKED' ? 'x' : state[0]))
      .join('');
  };
  /** The hall's layout in the catalog, as the fixture has it on the shard. */
  const layHall = async () => {
    const { catalog } = cli.stores;
    const [hall] = await catalog.rows<{ id: string }>(
      'SELECT hall_id AS id FROM shows WHERE show_id = ?',
      [world.show.showId],
    );
    await catalog.change(
      'INSERT INTO seats (hall_id, seat_no, seat, row_label, row_no, x, zone, kind) VALUES ?',
      [
        world.show.seats.map((seat, no) => [
          hall?.id ?? '',
          no,
          seat,
          'A',
          0,
          no,
          'gold',
          'standard',
        ]),
      ],
    );
  };
  const sound = async () => {
    const audited = await cli.usher('audit', world.show.saleId, '--json');
    expect(audited.json).toMatchObject({ clean: true, violations: [] });
  };
  const actions = async (subject: string) =>
    (await listAudit(cli.stores.catalog, { subject })).map((row) => row.action).reverse();

  it('keeps seats with a reason, lets a hold end by itself, and names who did it', async () => {
    const blocked = await cli.usher('seat', 'block', show, 'A-1', 'A-2', '--reason', 'later');
    expect(blocked).toMatchObject({ code: 0, out: 'Kept from sale: A-1, A-2.\n' });
    await cli.usher(...['seat', 'hold', show, 'A-3', '--reason', 'guest', '--until', '+1h']);
    expect(await seats()).toBe('xxxFFFFFFFFF');
    const list = await cli.usher('seat', 'list', show, '--json');
    expect(list.json).toMatchObject([
      { seat: 'A-1', kind: 'block', reason: 'later', by: 'the-ops', until: null },
      { seat: 'A-2', kind: 'block' },
      { seat: 'A-3', kind: 'hold', reason: 'guest', until: expect.any(String) },
    ]);
    expect((await cli.usher('seat', 'unblock', show, 'A-1')).code).toBe(0);
    expect((await cli.usher('seat', 'unblock', show, 'A-1')).err).toContain('A-1 is free');
    expect((await cli.usher('seat', 'block', show, 'Z-9', '--reason', 'x')).err).toContain('Z-9');
    await shard.change('UPDATE kept_seat SET until_at = NOW(3) WHERE show_id = ? AND kind = ?', [
      ...[world.show.showId, 'hold'],
    ]);
    await endKept({ ...cli.api.deps, ...cli.stores }, shard);
    expect(await seats()).toBe('FxFFFFFFFFFF');
    expect(await actions(`show ${show}`)).toEqual(['seat.block', 'seat.hold', 'seat.unblock']);
    await sound();
  });

  it('releases a tranche at its time, once, though it was cut short before', async () => {
    const { saleId } = world.show;
    const all = world.show.seats.slice(0, 6);
    await cli.usher('seat', 'block', show, ...all, '--reason', 'tranches');
    await cli.usher('seat', 'hold', show, 'A-1', '--reason', 'broken');
    const later = await cli.usher(...['sale', 'release', saleId, '--seats', '2', '--at', '+1h']);
    expect(later.out).toContain('is due at');
    const withdrawn = await cli.usher(
      ...['sale', 'release', saleId, '--zone', 'gold', '--at', '+2h', '--json'],
    );
    const { release_id: second } = withdrawn.json as { release_id: number };
    await cli.usher('sale', 'releases', saleId, '--cancel', String(second));
    await releaseDue({ ...cli.api.deps, ...cli.stores });
    expect(await seats()).toBe('xxxxxxFFFFFF');

    await cli.stores.catalog.change('UPDATE sale_releases SET due_at = NOW(3) WHERE sale_id = ?', [
      saleId,
    ]);
    const list = await cli.usher('sale', 'releases', saleId, '--json');
    const [first] = list.json as unknown as { release_id: number }[];
    const tranche = { saleId, seats: 2, by: 'the-ops', releaseId: first?.release_id ?? 0 };
    // A processor that died between the seats and the note that the release is done.
    await releaseTranche(cli.stores, tranche, async () => undefined);
    expect(await seats()).toBe('xFFxxxFFFFFF');
    await releaseDue({ ...cli.api.deps, ...cli.stores });
    await releaseDue({ ...cli.api.deps, ...cli.stores });
    expect(await seats()).toBe('xFFxxxFFFFFF');
    const after = await cli.usher('sale', 'releases', saleId, '--json');
    expect(after.json).toMatchObject([
      { state: 'done', released: 2 },
      { state: 'cancelled', released: 0 },
    ]);
    expect(await actions(saleId)).toEqual([
      ...['sale.release_at', 'sale.release_at', 'sale.release_cancel', 'sale.release'],
    ]);
    await sound();
  });

  it('sells for cash in one change, once for a key, within the cap', async () => {
    cli.login('box_office');
    const sell = (key: string, ...names: string[]) =>
      cli.usher(
        ...['sell', show, ...names, '--email', 'ada@example.org', '--paid', 'cash'],
        ...['--key', key, '--json'],
      );
    await cli.usher('till', 'open', '--cash', '10000');
    const sold = await sell('k1', 'A-1', 'A-2');
    expect(sold.json).toMatchObject({ seats: ['A-1', 'A-2'], amount: 48_000, paid: 'cash' });
    expect(sold.json.in_till).toBe(true);
    expect((await sell('k1', 'A-1', 'A-2')).json).toEqual(sold.json);
    const closed = await cli.usher('till', 'close', '--counted', '58000', '--json');
    expect(closed.json).toMatchObject({ sales: 1, sales_amount: 48_000, difference: 0 });
    expect((await sell('k1', 'A-5')).err).toContain('key_reused');
    expect((await sell('k2', 'A-2')).err).toContain('A-2 is booked');
    expect((await sell('k3', 'A-3', 'A-4', 'A-5')).err).toContain('cap_reached');
    expect(await seats()).toBe('##FFFFFFFFFF');
    const [paid] = await shard.rows(
      `SELECT state, method, taken_by, amount, intent_id FROM payment WHERE show_id = ?`,
      [world.show.showId],
    );
    expect(paid).toMatchObject({ state: 'SUCCEEDED', method: 'cash', taken_by: 'the-box_office' });
    const posts = await shard.rows<{ kind: string }>(
      'SELECT kind FROM outbox WHERE show_id = ? ORDER BY outbox_id',
      [world.show.showId],
    );
    expect(posts.map((post) => post.kind)).toEqual(['fan_booking', 'ticket_mail']);
    expect(await actions(String(sold.json.booking_id))).toEqual(['desk.sell']);
    await cli.usher('seat', 'block', show, 'A-7', '--reason', 'house');
    const house = ['sell', show, 'A-7', '--email', 'bo@example.org', '--paid', 'card'];
    expect((await cli.usher(...house)).err).toContain('A-7 is blocked');
    expect((await cli.usher(...house, '--also-kept')).code).toBe(0);
    await sound();
  });

  it('says how cash that was taken without a till still gets into one', async () => {
    const sell = (...more: string[]) =>
      cli.usher('sell', show, 'A-1', '--email', 'late@example.org', '--paid', 'cash', ...more);
    const sold = await sell();
    const key = /--currency INR`.* --key (\S+) then/.exec(sold.out)?.[1] ?? 'none';
    await cli.usher('till', 'open', '--cash', '0');
    expect((await sell('--key', key, '--json')).json).toMatchObject({ in_till: true });
    const closed = await cli.usher('till', 'close', '--counted', '24000', '--json');
    expect(closed.json).toMatchObject({ sales: 1, sales_amount: 24_000, difference: 0 });
  });

  it('sells no seat that is named twice as one', async () => {
    const twice = ['sell', show, 'A-3', 'A-3', '--email', 'twice@example.org', '--paid', 'cash'];
    const sold = await cli.usher(...twice);
    expect(sold.code).toBe(1);
    expect(sold.err).toContain('a seat is named twice');
  });

  it('gives cash back at the desk, once, and turns the ticket away', async () => {
    const sale = ['sell', show, 'A-1', '--email', 'back@example.org', '--paid', 'cash', '--json'];
    const sold = await cli.usher(...sale);
    const booking = String(sold.json.booking_id);
    const cancelled = await cli.usher('booking', 'cancel', booking, '--refund', 'full', '--json');
    expect(cancelled).toMatchObject({ code: 0, json: { amount: 24_000 } });
    const refund = String(cancelled.json.refund_id);
    const waiting = await cli.usher('payment', 'list', '--unsettled', '--json');
    expect(waiting.out).toContain(refund);
    expect(waiting.out).toContain('pay_at_desk');
    const paid = await cli.usher('payment', 'paid', refund, '--json');
    const till_problem = 'You have no open till: `usher till open --cash AMOUNT --currency INR`.';
    const told = { refund_id: refund, amount: 24_000, in_till: false, till_problem };
    expect(paid).toMatchObject({ code: 0, json: told });
    expect((await cli.usher('payment', 'paid', refund)).code).toBe(1);
    expect((await cli.usher('payment', 'list', '--unsettled', '--json')).out).not.toContain(refund);
    const [key] = cli.api.deps.secrets.ticket;
    const [ticket] = sold.json.tickets as { ticket_id: string }[];
    if (!key || !ticket) throw new Error('no ticket');
    const { showId } = world.show;
    const code = signTicketCode(key, { showId, ticketId: ticket.ticket_id, counter: 1 });
    const scanned = await cli.usher('scan', code, '--json');
    expect(scanned.code).toBe(1);
    expect(scanned.err).toContain('The ticket is refunded. Do not admit.');
    await sound();
  });

  it('takes from the till what was paid in cash, and nothing of what was paid by card', async () => {
    await cli.usher('till', 'open', '--cash', '50000');
    for (const [seat, how] of [
      ['A-1', 'cash'],
      ['A-2', 'card'],
    ] as const) {
      const sell = ['sell', show, seat, '--email', `${how}@example.org`, '--paid', how, '--json'];
      const booking = String((await cli.usher(...sell)).json.booking_id);
      const back = await cli.usher('booking', 'cancel', booking, '--refund', 'full', '--json');
      const paid = await cli.usher('payment', 'paid', String(back.json.refund_id), '--json');
      expect(paid.json).toMatchObject({ amount: 24_000, in_till: how === 'cash' });
    }
    const closed = await cli.usher('till', 'close', '--counted', '50000', '--json');
    expect(closed.json).toMatchObject({ sales: 1, refunds: 1, difference: 0 });
    await sound();
  });

  it('tells which currency the till has and which the cash is, and what to do', async () => {
    await cli.usher('till', 'open', '--cash', '100', '--currency', 'EUR');
    const problem =
      'Your till is in EUR, and this cash is INR: no till counts it. Before the next, `usher till close --counted AMOUNT` and `usher till open --cash AMOUNT --currency INR`.';
    const sell = ['sell', show, 'A-1', '--email', 'eur@example.org', '--paid', 'cash'];
    expect((await cli.usher(...sell, '--key', 'one')).out).toContain(`in a till  no. ${problem}`);
    const sold = await cli.usher(...sell, '--key', 'one', '--json');
    expect(sold.json).toMatchObject({ in_till: false, till_problem: problem });
    const booking = String(sold.json.booking_id);
    const back = await cli.usher('booking', 'cancel', booking, '--refund', 'full', '--json');
    const paid = await cli.usher('payment', 'paid', String(back.json.refund_id));
    expect(paid.out).toContain(`from no till. ${problem}`);
    const closed = await cli.usher('till', 'close', '--counted', '100', '--json');
    expect(closed.json).toMatchObject({ currency: 'EUR', sales: 0, refunds: 0, difference: 0 });
    await cli.usher('till', 'open', '--cash', '100', '--currency', 'INR');
    const next = ['sell', show, 'A-2', '--email', 'inr@example.org', '--paid', 'cash', '--json'];
    expect((await cli.usher(...next)).json).toMatchObject({ in_till: true, till_problem: null });
    await cli.usher('till', 'close', '--counted', '24100');
    await sound();
  });

  it('moves a booking within its zone, with new codes for old', async () => {
    const bought = await world.grant([0, 1]);
    await world.book(bought);
    const id = formatId('booking', { showId: world.show.showId, no: bought.no });
    await world.shardSql("UPDATE show_seat SET zone = 'front' WHERE show_id = ? AND seat_no > 7", [
      world.show.showId,
    ]);
    expect((await cli.usher('booking', 'reseat', id, 'A-2', 'A-9')).err).toContain('zone gold');
    expect((await cli.usher('booking', 'reseat', id, 'A-3')).err).toContain('Name 2 seats');
    const moved = await cli.usher('booking', 'reseat', id, 'A-2', 'A-3', '--json');
    expect(moved.json).toEqual({ booking_id: id, from: ['A-1'], to: ['A-3'] });
    expect(await cli.usher('booking', 'reseat', id, 'A-2', 'A-1')).toMatchObject({ code: 0 });
    expect(await seats()).toBe('##FFFFFFFFFF');
    const tickets = await shard.rows(
      `SELECT seat_no AS seatNo, counter, state FROM ticket
       WHERE show_id = ? AND booking_id = ? ORDER BY seat_no`,
      [world.show.showId, bought.no],
    );
    expect(tickets).toEqual([
      { seatNo: 0, counter: 3, state: 'VALID' },
      { seatNo: 1, counter: 1, state: 'VALID' },
      { seatNo: 2, counter: 2, state: 'VOID' },
    ]);
    await world.shardSql("UPDATE ticket SET state = 'USED' WHERE show_id = ? AND seat_no = 1", [
      world.show.showId,
    ]);
    expect((await cli.usher('booking', 'reseat', id, 'A-4', 'A-5')).err).toContain('has been used');
    await world.shardSql("UPDATE ticket SET state = 'VALID' WHERE show_id = ? AND seat_no = 1", [
      world.show.showId,
    ]);
    expect(await actions(id)).toEqual(['booking.reseat', 'booking.reseat']);
    await sound();
  });

  it('lengthens a hold beyond its limit, and ends it', async () => {
    const held = await world.grant([0]);
    const id = formatId('reservation', { showId: world.show.showId, no: held.no });
    const extended = await cli.usher(...['hold', 'extend', show, id, '--minutes', '45', '--json']);
    const { expires_at: until } = extended.json as { expires_at: string };
    expect(Date.parse(until) - Date.now()).toBeGreaterThan(48 * 60_000);
    expect((await cli.usher('hold', 'end', show, id)).code).toBe(0);
    expect((await cli.usher('hold', 'extend', show, id)).err).toContain('released');
    expect(await actions(id)).toEqual(['hold.extend', 'hold.end']);
    await sound();
  });

  it('gives a sale a waitlist, lists the line, and offers what is unblocked to it', async () => {
    await layHall();
    const on = await cli.usher('sale', 'waitlist', world.show.saleId, '--offer-seconds', '300');
    expect(on.out).toContain('an offer lasts 300 s');
    await cli.usher('seat', 'block', show, ...world.show.seats, '--reason', 'tranche');
    const waiting = 'fan-000000ab';
    const wait = async (fanId: string, place: number, quantity: number) => {
      await shard.change(
        `INSERT INTO waitlist (show_id, fan_id, place, state, quantity, joined_at)
         VALUES (?, ?, ?, 'WAITING', ?, NOW(3))`,
        [world.show.showId, fanId, place, quantity],
      );
      await shard.change('UPDATE show_head SET waiting = 1, line_end = ? WHERE show_id = ?', [
        place,
        world.show.showId,
      ]);
    };
    await wait(waiting, 1, 2);
    expect((await cli.usher('waitlist', show)).out).toContain('1 wait for 2 seats');
    await cli.usher('sale', 'release', world.show.saleId, '--seats', '3');
    expect(await seats()).toBe('FHHxxxxxxxxx');
    expect((await cli.usher('waitlist', show, '--json')).json).toMatchObject({
      waiting: 0,
      entries: [{ fan_id: waiting, state: 'offered', offers: [{ seats: [{}, {}] }] }],
    });
    await cli.usher('sale', 'waitlist', world.show.saleId, '--off');
    await sound();
    // Whoever waited while there was no line is offered what is free once there is one.
    await wait('fan-000000ac', 2, 1);
    await cli.usher('sale', 'waitlist', world.show.saleId, '--offer-seconds', '300');
    expect(await seats()).toBe('HHHxxxxxxxxx');
    await sound();
  });
});
