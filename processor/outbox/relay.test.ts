import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { openGate } from '../../admission/gate.js';
import { formatId } from '../../core/domain/ids.js';
import { openMailer } from '../../core/notify/mailer.js';
import { settleFact } from '../../core/payments/settling.js';
import { openTokens } from '../../core/runtime/tokens.js';
import { signUp } from '../../core/store/catalog/fan-accounts.js';
import { sellAtDesk } from '../../core/store/shard/desk-sale.js';
import { giveBack } from '../../core/store/shard/give-back.js';
import { claimOutbox, listDeadOutbox, retryDeadOutbox } from '../../core/store/shard/outbox.js';
import { readPayments } from '../../core/store/shard/payments.js';
import { changeShow } from '../../core/store/shard/show-change.js';
import { type Mailbox, startMailbox } from '../../mailbox/app.js';
import { holdSeats, seedShow, type TestHold, type TestShow } from '../../test/support/fixtures.js';
import { chargesOf, rowsOf } from '../../test/support/payment-rows.js';
import { openPaymentWorld, type PaymentWorld } from '../../test/support/payment-world.js';
import { until } from '../../test/support/until.js';
import type { DeliverDeps } from '../messages/deliver.js';
import { drainMessages } from '../messages/sender.js';
import { drainRefunds } from '../payments/reconciler.js';
import type { OutboxDeps } from './deps.js';
import { drainOutbox, openOutboxRelay, triesMax } from './relay.js';

describe('the outbox relay', () => {
  let world: PaymentWorld;
  let mailbox: Mailbox;
  let deps: OutboxDeps;
  let sending: DeliverDeps;
  let show: TestShow;
  let fan: { fanId: string; email: string };
  const folder = mkdtempSync(join(tmpdir(), 'usher-mail-'));

  beforeAll(async () => {
    world = await openPaymentWorld();
    mailbox = await startMailbox({ smtpPort: 0, httpPort: 0, dataPath: folder });
    const { catalog } = world.stores;
    const { secrets } = world;
    const tokens = openTokens(secrets);
    const mailer = openMailer({
      urls: [`smtp://127.0.0.1:${mailbox.smtpPort}`],
      from: 'Usher <tickets@usher.example>',
    });
    const gate = openGate({ ...world.deps, catalog, tokens, secrets });
    deps = { ...world.deps, channels: ['mail'], gate };
    sending = { ...world.deps, secrets, mailer, gateway: undefined };
  });
  afterAll(async () => {
    sending.mailer.close();
    (deps.gate as ReturnType<typeof openGate>).close();
    await mailbox.close();
    await world.close();
    rmSync(folder, { recursive: true, force: true });
  });
  beforeEach(async () => {
    world.sandbox.faults.reset();
    world.sandbox.faults.change({ webhooks: 'off' });
    show = await seedShow(world.stores, { seats: 30 });
    const email = `fan-${randomBytes(4).toString('hex')}@example.org`;
    const person = { email, password: 'a long enough pass phrase', name: 'Łucja 日本' };
    const stores = { catalog: world.stores.catalog, secrets: world.secrets };
    fan = { fanId: (await signUp(stores, person)).fanId, email };
  });

  const shardOf = () => world.stores.shards.forShow(show.showId);
  const mails = () => mailbox.store.list({ to: fan.email, limit: 50 });
  const waiting = async (): Promise<number> => {
    const [row] = await (await shardOf()).rows<{ n: number }>(
      'SELECT COUNT(*) AS n FROM outbox WHERE show_id = ? AND published_at IS NULL',
      [show.showId],
    );
    return Number(row?.n);
  };
  const refundAll = async (): Promise<void> => {
    for (const shardId of deps.shards.ids()) await drainRefunds(deps, shardId);
  };
  const book = async (seats = [0, 1]): Promise<TestHold> => {
    const held = await holdSeats(world.stores, show, { fanId: fan.fanId, seats });
    expect((await world.confirm(held, 'pm_card_visa', 'key')).status).toBe(201);
    return held;
  };

  it('mails the tickets once and lists the booking, with several relays at work', async () => {
    for (let no = 0; no < 5; no += 1) await book([no * 2, no * 2 + 1]);
    const relays = [openOutboxRelay(deps), openOutboxRelay(deps), openOutboxRelay(deps)];
    await until(async () => (await waiting()) === 0, { what: 'the outbox to be empty' });
    await Promise.all(relays.map((relay) => relay.close()));
    await until(
      async () => {
        await Promise.all([drainMessages(sending), drainMessages(sending)]);
        return mails().length >= 5;
      },
      { what: 'five mails' },
    );
    expect(mails()).toHaveLength(5);
    expect(new Set(mails().map((mail) => mail.message_id)).size).toBe(5);
    expect(mails()[0]?.attachments.map((part) => part.type)).toContain('application/pdf');
    const listed = await world.call(fan.fanId, 'GET', '/bookings');
    expect(listed.body.results).toHaveLength(5);
  });

  it('gives late money back and says so', async () => {
    const held = await holdSeats(world.stores, show, { fanId: fan.fanId });
    const asked = await world.confirm(held, 'pm_card_authenticationRequired', 'key');
    await world.answerChallenge(String(asked.body.next_action_url), 'complete');
    const shard = await shardOf();
    await shard.change(
      'UPDATE reservation SET expires_at = NOW(3) WHERE show_id = ? AND reservation_id = ?',
      [held.showId, held.reservationId],
    );
    const [payment] = await readPayments(shard, held.showId, held.reservationId);
    const intentId = payment?.intentId ?? '';
    const ref = { ...held, attempt: 1 };
    await settleFact(deps, ref, { kind: 'cancelled', intentId });
    await holdSeats(world.stores, show, { seats: [0] });
    const received = { amount: 48_000, currency: 'INR' };
    await settleFact(deps, ref, { kind: 'succeeded', intentId, received });
    await refundAll();
    await drainOutbox(deps);
    expect(await rowsOf(world.stores, held)).toMatchObject({
      reservation: 'EXPIRED',
      payments: ['REFUNDED'],
      refunds: ['SUCCEEDED'],
      tickets: 0,
    });
    expect(chargesOf(world.sandbox, held)).toEqual([0]);
    await drainMessages(sending);
    const [mail] = mails();
    expect(mail?.subject).toContain('on its way back');
    expect(mail?.text).toContain('₹480.00');
    const told = await world.confirm(held, 'pm_card_authenticationRequired', 'key');
    expect(told).toMatchObject({ status: 410, body: { refund: 'made' } });
  });

  it('tells what the desk handed over, once, and names no bank', async () => {
    const [shard, { showId }] = [await shardOf(), show];
    const sale = { fanId: fan.fanId, seats: ['A-1'], method: 'cash' as const, by: 'desk' };
    const { result } = await changeShow(shard, showId, (change) =>
      sellAtDesk(change, { ...sale, idemKey: 'sale', alsoKept: false }),
    );
    const no = result.reservation.reservationId;
    const booking = formatId('booking', { showId, no });
    const back = await world.callStaff('POST', `/staff/bookings/${booking}/cancel`, {});
    const paid = `/staff/refunds/${String(back.body.refund_id)}/paid`;
    await drainOutbox(deps);
    await drainMessages(sending);
    const before = mails().length;
    const twice = [1, 2].map(() => world.callStaff('POST', paid, {}));
    expect((await Promise.all(twice)).map(({ status }) => status).sort()).toEqual([200, 409]);
    await drainOutbox(deps);
    await drainMessages(sending);
    const [mail, ...more] = mails();
    expect(more).toHaveLength(before);
    expect(mail?.subject).toContain('Your money was given back');
    expect(mail?.text).toContain('the box office handed this much over to you');
    expect(mail?.text).toContain('₹240.00');
    expect(mail?.text).not.toMatch(/bank|on its way|card/i);
  });

  it('makes one refund however often it is tried', async () => {
    const held = await book();
    const shard = await shardOf();
    const wish = { bookingId: held.reservationId, amount: 20_000 };
    await changeShow(shard, held.showId, (change) => giveBack(change, wish));
    world.sandbox.faults.change({ error_500_after_effect: 1 });
    for (let no = 0; no < 4; no += 1) {
      await shard.change(
        'UPDATE refund SET check_at = NOW(3) WHERE show_id = ? AND check_at IS NOT NULL',
        [held.showId],
      );
      await refundAll();
    }
    expect(chargesOf(world.sandbox, held)).toEqual([28_000]);
  });

  it('closes the intent of a declined card', async () => {
    const held = await holdSeats(world.stores, show, { fanId: fan.fanId });
    expect((await world.confirm(held, 'pm_card_chargeDeclined', 'key')).status).toBe(402);
    await drainOutbox(deps);
    const shard = await shardOf();
    const [payment] = await readPayments(shard, held.showId, held.reservationId);
    expect(world.sandbox.ledger.get('intent', payment?.intentId ?? '')?.status).toBe('canceled');
    expect((await rowsOf(world.stores, held)).reservation).toBe('HELD');
  });

  it('ends the passes that were granted seats, together, and around a message that is broken', async () => {
    const { catalog } = world.stores;
    const passIds = [1, 2, 3].map(() => randomBytes(8).toString('hex'));
    const others = await seedShow(world.stores, { seats: 2 });
    for (const passId of passIds) {
      await catalog.change(
        `INSERT INTO admission (pass_id, sale_id, fan_id, epoch, admitted_at, expires_at, state)
         VALUES (?, ?, ?, 1, NOW(3), NOW(3) + INTERVAL 10 MINUTE, 'LIVE')`,
        [passId, passId === passIds[2] ? others.saleId : show.saleId, fan.fanId],
      );
    }
    const sales = [show.saleId, others.saleId];
    await catalog.change('UPDATE sales SET standing = 1 WHERE sale_id IN (?)', [sales]);
    const tell = async (showId: number, grants: unknown) =>
      changeShow(await world.stores.shards.forShow(showId), showId, async (change) => {
        change.outbox({ kind: 'granted', subjectId: 1, payload: { grants } });
      });
    await tell(show.showId, [[fan.fanId, passIds[0]]]);
    await tell(show.showId, 'no list');
    await tell(show.showId, [[fan.fanId, passIds[1]]]);
    await tell(others.showId, [[fan.fanId, passIds[2]]]);
    await drainOutbox(deps);
    const ended = await catalog.rows<{ state: string }>(
      'SELECT state FROM admission WHERE pass_id IN (?)',
      [passIds],
    );
    expect(ended.map(({ state }) => state)).toEqual(['SPENT', 'SPENT', 'SPENT']);
    const kept = await (await shardOf()).rows<{ error: string | null; tries: number }>(
      'SELECT error, tries FROM outbox WHERE show_id = ? AND published_at IS NULL',
      [show.showId],
    );
    expect(kept).toEqual([{ tries: 1, error: expect.stringContaining('grants') }]);
  });

  it('keeps a message that always fails as dead, until staff retry it', async () => {
    const held = await book();
    const shard = await shardOf();
    const due = () =>
      shard.change('UPDATE outbox SET due_at = NOW(3) WHERE show_id = ? AND due_at IS NOT NULL', [
        show.showId,
      ]);
    const down = new Error('the catalog is away');
    const catalog = { ...deps.catalog, change: () => Promise.reject(down) };
    for (let tries = 0; tries < triesMax; tries += 1) {
      await due();
      await drainOutbox({ ...deps, catalog });
    }
    const dead = await listDeadOutbox(shard, 100);
    const rows = dead.filter((one) => one.showId === show.showId);
    expect(rows.map((row) => row.kind).sort()).toEqual(['fan_booking', 'ticket_mail']);
    expect(rows[0]).toMatchObject({ tries: triesMax, error: down.message });
    expect(mails()).toHaveLength(0);
    for (const row of rows) expect(await retryDeadOutbox(shard, row)).toBe(true);
    await drainOutbox(deps);
    await drainMessages(sending);
    expect(mails()).toHaveLength(1);
    expect(mails()[0]?.message_id).toBe(
      `<${formatId('booking', { showId: held.showId, no: held.reservationId })}-tickets@usher.example>`,
    );
  });

  it('hands a message whose relay died to the next when its lease is over', async () => {
    await book();
    const shard = await shardOf();
    const lost = await claimOutbox(shard, {
      kinds: ['ticket_mail', 'fan_booking'],
      rowsMax: 10,
      leaseMs: 300,
    });
    expect(lost).toHaveLength(2);
    await drainOutbox(deps);
    expect(await waiting()).toBe(2);
    await until(
      async () => {
        await drainOutbox(deps);
        return (await waiting()) === 0;
      },
      { what: 'the lease to be over' },
    );
    await drainMessages(sending);
    expect(mails()).toHaveLength(1);
  });
});
