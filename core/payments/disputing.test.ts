// What a cardholder disputes, in the books: told in every order, more than once, at once, or not at all.
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { audit } from '../../loadtest/audit/run.js';
import { drainDisputes, drainInbox, drainRefunds } from '../../processor/payments/reconciler.js';
import type { StripeEvent } from '../../sandbox/objects.js';
import { signatureOf } from '../../sandbox/webhooks.js';
import { balances } from '../../test/support/books.js';
import { holdSeats, seedShow, type TestHold, type TestShow } from '../../test/support/fixtures.js';
import {
  openPaymentWorld,
  type PaymentWorld,
  webhookSecret,
} from '../../test/support/payment-world.js';
import { until } from '../../test/support/until.js';
import { formatId } from '../domain/ids.js';
import { readClose } from '../store/catalog/payment-closes.js';
import { listOpenIssues } from '../store/catalog/payment-issues.js';
import { beginPayment } from '../store/shard/begin-payment.js';
import { readDisputes } from '../store/shard/disputes.js';
import { readPayments } from '../store/shard/payments.js';
import { changeShow } from '../store/shard/show-change.js';
import { closeDay } from './daily-close.js';
import { driveDispute, settleDispute } from './disputing.js';
import { chargeAttempt } from './settling.js';

const today = new Date().toISOString().slice(0, 10);
const price = 48_000;

describe('a dispute', () => {
  let world: PaymentWorld;
  let show: TestShow;

  beforeAll(async () => {
    world = await openPaymentWorld();
  });
  afterAll(() => world.close());
  beforeEach(async () => {
    world.sandbox.faults.reset();
    world.sandbox.faults.change({ webhooks: 'off' });
    show = await seedShow(world.stores, { seats: 4 });
  });

  const shardOf = () => world.stores.shards.forShow(show.showId);
  const control = async (path: string, body: unknown): Promise<{ id: string }> => {
    const answer = await fetch(`${world.sandbox.url}/_sandbox/${path}`, {
      method: 'POST',
      body: JSON.stringify(body),
    });
    expect(answer.status).toBe(200);
    return (await answer.json()) as { id: string };
  };
  const end = (id: string, status: 'won' | 'lost') => control(`disputes/${id}/close`, { status });
  const intentOf = async (held: TestHold): Promise<string> =>
    (await readPayments(await shardOf(), held.showId, held.reservationId)).at(-1)?.intentId ?? '';
  const dispute = async (held: TestHold): Promise<string> =>
    (await control('disputes', { payment_intent: await intentOf(held) })).id;
  const book = async (token = 'pm_card_visa'): Promise<TestHold> => {
    const held = await holdSeats(world.stores, show);
    expect((await world.confirm(held, token, 'key')).status).toBe(201);
    return held;
  };
  const issueOf = async (objectId: string) =>
    (await listOpenIssues(world.stores.catalog, 1_000)).find((one) => one.objectId === objectId);
  const booksOf = async (held: TestHold) => balances(await shardOf(), held);
  const logOf = async (): Promise<string[]> => {
    const sql = "SELECT kind FROM show_log WHERE show_id = ? AND kind LIKE 'DISPUTE%' ORDER BY lsn";
    const rows = await (await shardOf()).rows<{ kind: string }>(sql, [show.showId]);
    return rows.map((row) => row.kind);
  };
  const statesOf = async (held: TestHold): Promise<string[]> =>
    (await readDisputes(await shardOf(), held.showId, held.reservationId)).map((one) => one.state);
  /** Sends one of the sandbox's events as the provider does, as often as is asked for. */
  const deliver = async (event: StripeEvent): Promise<number> => {
    const payload = JSON.stringify(event);
    const at = Math.floor(Date.now() / 1000);
    const answer = await fetch(`${world.url}/api/v1/payments/webhook`, {
      method: 'POST',
      headers: { 'stripe-signature': signatureOf(payload, webhookSecret, at) },
      body: payload,
    });
    return answer.status;
  };
  const eventsOf = (id: string): StripeEvent[] =>
    world.sandbox.ledger.all('event').filter((one) => one.data.object.id === id);
  const waiting = async (): Promise<number> =>
    (await world.stores.catalog.rows('SELECT event_id FROM inbox WHERE waiting = 1')).length;
  const settled = () => until(async () => (await waiting()) === 0, { what: 'settled events' });
  /** What the auditor holds against the books of this show and of the provider. */
  const findings = async (): Promise<string[]> => {
    const options = { saleId: show.saleId, settled: true, providerUrl: world.sandbox.url };
    const { violations } = await audit({ ...world.stores, ...options });
    return violations.filter(({ rule }) => rule === 'I8' || rule === 'I28').map(({ text }) => text);
  };
  const sound = async () => expect(await findings()).toEqual([]);

  const sold = { sales: -price };
  const stories = {
    open: { books: { ...sold, disputed: price }, log: ['DISPUTED'], states: ['OPEN'] },
    won: {
      books: { ...sold, provider: price },
      log: ['DISPUTED', 'DISPUTE_WON'],
      states: ['WON'],
    },
    lost: {
      books: { ...sold, chargeback: price },
      log: ['DISPUTED', 'DISPUTE_LOST'],
      states: ['LOST'],
    },
  };
  const expectStory = async (held: TestHold, story: keyof typeof stories): Promise<void> => {
    const { books, log, states } = stories[story];
    expect(await booksOf(held)).toEqual(books);
    expect(await logOf()).toEqual(log);
    expect(await statesOf(held)).toEqual(states);
    await sound();
  };

  it('takes its money out of the provider, and stands on the work list with its reservation', async () => {
    world.sandbox.faults.change({ webhooks: 'on' });
    const held = await book();
    const id = await dispute(held);
    await until(async () => (await statesOf(held)).length === 1, { what: 'the dispute' });
    await settled();
    await expectStory(held, 'open');
    const { showId, reservationId } = held;
    const about = { kind: 'dispute', showId, reservationId, theirs: price, currency: 'INR' };
    expect(await issueOf(id)).toMatchObject(about);
    const no = formatId('reservation', { showId, no: reservationId });
    const list = await world.callStaff('GET', '/staff/payments?unsettled=true');
    const listed = (list.body.results as { problem: string }[]).find((one) => one.problem === id);
    expect(listed).toMatchObject({ state: 'dispute', reservation_id: no, amount: price });
    const path = `/staff/sales/${show.saleId}/export`;
    const { head, rows } = (await world.callStaff('GET', `${path}/bookings`)).body as {
      head: string[];
      rows: unknown[][];
    };
    expect(rows[0]?.[head.indexOf('disputed')]).toBe(price);
    const moves = (await world.callStaff('GET', `${path}/payments`)).body.rows as unknown[][];
    expect(moves.at(-1)?.slice(3, 6)).toEqual(['disputed', 'disputed', 'provider']);
  });

  it.each([
    ['won', 'closed before created', [1, 0]],
    ['lost', 'closed before created', [1, 0]],
    ['won', 'all of it twice and late', [0, 1, 0, 1, 0]],
    ['lost', 'only its end', [1]],
    ['lost', 'only its beginning, late', [0]],
  ] as const)('that is %s is booked once: %s', async (status, _text, order) => {
    const held = await book();
    const id = await dispute(held);
    await end(id, status);
    for (const index of order) {
      const event = eventsOf(id)[index];
      if (!event) throw new Error('no such event');
      expect(await deliver(event)).toBe(200);
      await settled();
    }
    await expectStory(held, status);
    expect((await issueOf(id)) === undefined).toBe(status === 'won');
  });

  it('that many hear of at once is booked once', async () => {
    const held = await book();
    const id = await dispute(held);
    await Promise.all(Array.from({ length: 6 }, () => driveDispute(world.deps, id)));
    await expectStory(held, 'open');
    const ending = Array.from({ length: 6 }, () => driveDispute(world.deps, id));
    await Promise.all([end(id, 'won'), ...ending]);
    await driveDispute(world.deps, id);
    await expectStory(held, 'won');
    expect(await issueOf(id)).toBeUndefined();
  });

  it('is believed no more once it has ended, and the list forgets what is won', async () => {
    const held = await book();
    const id = await dispute(held);
    const outcome = await world.deps.payments.retrieveDispute(id);
    if (outcome.kind !== 'dispute') throw new Error(outcome.kind);
    await end(id, 'won');
    await driveDispute(world.deps, id);
    // A process that had asked before the end, and comes last.
    await settleDispute(world.deps, outcome);
    await expectStory(held, 'won');
    expect(await issueOf(id)).toBeUndefined();
  });

  it('is found by the daily close, and its end by the reconciler, without any event', async () => {
    const held = await book();
    const id = await dispute(held);
    expect(await findings()).toEqual([expect.stringContaining(`dispute ${id}`)]);
    await closeDay(world.deps, today);
    await expectStory(held, 'open');
    const shard = await shardOf();
    const drain = async () => {
      for (const shardId of world.stores.shards.ids()) await drainDisputes(world.deps, shardId);
    };
    await end(id, 'lost');
    await drain();
    await expect(statesOf(held)).resolves.toEqual(['OPEN']);
    await shard.change('UPDATE dispute SET check_at = NOW(3) WHERE show_id = ?', [show.showId]);
    await drain();
    await expectStory(held, 'lost');
    expect((await issueOf(id))?.detail).toContain('is lost');
    const due = await shard.rows('SELECT 1 FROM dispute WHERE show_id = ? AND check_at > 0', [
      show.showId,
    ]);
    expect(due).toEqual([]);
  });

  it('that differs from ours, or that the provider has not, is a difference of the close', async () => {
    const [held, other] = [await book(), await holdSeats(world.stores, show, { seats: [2] })];
    expect((await world.confirm(other, 'pm_card_visa', 'key')).status).toBe(201);
    const id = await dispute(held);
    await closeDay(world.deps, today);
    const agreed = (await readClose(world.stores.catalog, today))?.totals?.[0];
    expect(agreed?.disputed_ours).toBe(agreed?.disputed_theirs);
    const before = await closeDay(world.deps, today);
    const shard = await shardOf();
    await shard.change("UPDATE dispute SET state = 'LOST' WHERE show_id = ?", [show.showId]);
    await shard.change(
      `INSERT INTO dispute (show_id, reservation_id, dispute_id, attempt, intent_id, state, amount,
         currency, reason, created_at, updated_at)
       VALUES (?, ?, 'du_gone', 1, 'pi_gone', 'LOST', 1, 'INR', 'x', NOW(3), NOW(3))`,
      [show.showId, other.reservationId],
    );
    expect(await closeDay(world.deps, today)).toBe(before + 2);
    const issues = await listOpenIssues(world.stores.catalog, 1_000);
    const kinds = issues.filter((one) => one.day === today && one.showId === show.showId);
    expect(kinds.map((one) => [one.kind, one.objectId]).sort()).toEqual([
      ['dispute_missing', 'du_gone'],
      ['dispute_unsettled', id],
    ]);
    expect((await findings()).length).toBeGreaterThanOrEqual(2);
  });

  it('waits in the inbox while the provider is away', async () => {
    const held = await book();
    const id = await dispute(held);
    const [opened] = eventsOf(id);
    world.sandbox.faults.change({ rate_limited: 100 });
    if (opened) await deliver(opened);
    await expect(statesOf(held)).resolves.toEqual([]);
    expect(await waiting()).toBe(1);
    world.sandbox.faults.reset();
    world.sandbox.faults.change({ webhooks: 'off' });
    await until(
      async () => {
        await world.stores.catalog.change('UPDATE inbox SET due_at = NOW(3) WHERE waiting = 1');
        await drainInbox(world.deps);
        return (await waiting()) === 0;
      },
      { what: 'the event' },
    );
    await expectStory(held, 'open');
  });

  it('of money that nobody had heard of settles the money first', async () => {
    const held = await holdSeats(world.stores, show);
    const wish = { ...held, idemKey: 'key', paymentToken: 'pm_card_createDispute' };
    const { result } = await changeShow(await shardOf(), held.showId, (one) =>
      beginPayment(one, wish),
    );
    if (result.kind !== 'begun') throw new Error(result.kind);
    await chargeAttempt(world.deps, result.payment);
    const made = world.sandbox.ledger.all('dispute').at(-1);
    await driveDispute(world.deps, made?.id ?? '');
    await expectStory(held, 'open');
  });

  it('that is lost leaves nothing to give back, and no failed refund to make again', async () => {
    const [held, other] = [await book(), await holdSeats(world.stores, show, { seats: [2] })];
    expect((await world.confirm(other, 'pm_card_visa', 'key')).status).toBe(201);
    const bookingOf = ({ reservationId: no }: TestHold) =>
      `/staff/bookings/${formatId('booking', { showId: show.showId, no })}`;
    const ids = [await dispute(held), await dispute(other)];
    for (const id of ids) await driveDispute(world.deps, id);
    // Nobody may refund what is disputed: the provider refuses, and the money stays owed.
    const early = await world.callStaff('POST', `${bookingOf(other)}/cancel`, {});
    expect(early.body).toMatchObject({ amount: 24_000 });
    for (const shardId of world.stores.shards.ids()) await drainRefunds(world.deps, shardId);
    for (const id of ids) await end(id, 'lost');
    for (const id of ids) await driveDispute(world.deps, id);
    const retry = `/staff/refunds/${String(early.body.refund_id)}/retry`;
    const refused = await world.callStaff('POST', retry, {});
    expect(refused).toMatchObject({ status: 409, body: { error: 'conflict' } });
    const part = { amount: 1, reason: 'x' };
    const given = await world.callStaff('POST', `${bookingOf(held)}/refund`, part);
    expect(given).toMatchObject({ status: 409, body: { error: 'already_refunded', left: 0 } });
    const late = await world.callStaff('POST', `${bookingOf(held)}/cancel`, {});
    expect(late).toMatchObject({ status: 202, body: { refund_id: null, amount: 0 } });
    expect(await booksOf(held)).toEqual({ ...sold, chargeback: price });
    await sound();
  });

  it('of a stranger stands on the work list alone', async () => {
    const paid = await fetch(`${world.sandbox.url}/v1/payment_intents`, {
      method: 'POST',
      headers: { authorization: 'Bearer sk_test_usher' },
      body: new URLSearchParams({
        ...{ amount: '700', currency: 'inr', confirm: 'true', payment_method: 'pm_card_visa' },
      }),
    });
    const { id: intentId } = (await paid.json()) as { id: string };
    const { id } = await control('disputes', { payment_intent: intentId });
    expect(await driveDispute(world.deps, id)).toBe(true);
    const issue = await issueOf(id);
    expect(issue).toMatchObject({ kind: 'dispute', showId: null, theirs: 700 });
    expect(issue?.detail).toContain('none of our attempts');
  });

  it('that is only an inquiry moves nothing', async () => {
    const held = await book();
    const intentId = await intentOf(held);
    const amount = { amount: price, currency: 'INR' };
    const inquiry = { kind: 'dispute', disputeId: 'du_ask', intentId, amount, reason: 'general' };
    await settleDispute(world.deps, { ...inquiry, kind: 'dispute', outcome: 'inquiry' });
    expect((await issueOf('du_ask'))?.detail).toContain('Nothing is taken yet');
    await settleDispute(world.deps, { ...inquiry, kind: 'dispute', outcome: 'dropped' });
    expect(await issueOf('du_ask')).toBeUndefined();
    expect(await booksOf(held)).toEqual({ ...sold, provider: price });
    expect(await logOf()).toEqual([]);
  });

  it.each([
    ['a lost entry', "DELETE FROM show_log WHERE show_id = ? AND kind = 'DISPUTE_WON'"],
    ['a lost move', "DELETE FROM ledger WHERE show_id = ? AND debit = 'disputed'"],
    ['another amount', "UPDATE ledger SET amount = 1 WHERE show_id = ? AND credit = 'disputed'"],
    ['an end that never came', "UPDATE dispute SET state = 'LOST' WHERE show_id = ?"],
    ['a lost row', 'DELETE FROM dispute WHERE show_id = ?'],
    [
      'money that was hidden as disputed',
      "UPDATE ledger SET debit = 'chargeback' WHERE show_id = ? AND debit = 'provider' AND credit = 'sales'",
    ],
  ])('with %s turns the auditor red', async (_text, sql) => {
    const held = await book();
    const id = await dispute(held);
    await driveDispute(world.deps, id);
    await end(id, 'won');
    await driveDispute(world.deps, id);
    await expectStory(held, 'won');
    await (await shardOf()).change(sql, [show.showId]);
    expect((await findings()).length).toBeGreaterThan(0);
  });
});
