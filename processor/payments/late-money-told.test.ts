import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { openMailer } from '../../core/notify/mailer.js';
import { settleFact } from '../../core/payments/settling.js';
import { signUp } from '../../core/store/catalog/fan-accounts.js';
import { readPayments } from '../../core/store/shard/payments.js';
import { type Mailbox, startMailbox } from '../../mailbox/app.js';
import { balances } from '../../test/support/books.js';
import { holdSeats, seedShow } from '../../test/support/fixtures.js';
import { chargesOf, rowsOf } from '../../test/support/payment-rows.js';
import { openPaymentWorld, type PaymentWorld } from '../../test/support/payment-world.js';
import type { DeliverDeps } from '../messages/deliver.js';
import { drainMessages } from '../messages/sender.js';
import type { OutboxDeps } from '../outbox/deps.js';
import { refundMailHandler } from '../outbox/messages.js';
import { drainRefunds } from './reconciler.js';

describe('money that comes too late', () => {
  let world: PaymentWorld;
  let mailbox: Mailbox;
  const folder = mkdtempSync(join(tmpdir(), 'usher-late-'));

  beforeAll(async () => {
    world = await openPaymentWorld();
    world.sandbox.faults.change({ webhooks: 'off' });
    mailbox = await startMailbox({ smtpPort: 0, httpPort: 0, dataPath: folder });
  });
  afterAll(async () => {
    await mailbox.close();
    await world.close();
    rmSync(folder, { recursive: true, force: true });
  });

  it('goes back in full with an honest mail, and its fan stands in the line', async () => {
    const { stores, secrets } = world;
    const show = await seedShow(stores, { seats: 2 });
    const shard = await stores.shards.forShow(show.showId);
    await shard.change('UPDATE show_head SET offer_seconds = 300 WHERE show_id = ?', [show.showId]);
    const email = `late-${randomBytes(4).toString('hex')}@example.org`;
    const person = { email, password: 'a long enough pass phrase', name: 'Łucja' };
    const { fanId } = await signUp({ catalog: stores.catalog, secrets }, person);

    const held = await holdSeats(stores, show, { fanId });
    const asked = await world.confirm(held, 'pm_card_authenticationRequired', 'key');
    const [payment] = await readPayments(shard, held.showId, held.reservationId);
    if (!payment?.intentId) throw new Error('no payment');
    const { intentId } = payment;
    await shard.change('UPDATE reservation SET expires_at = NOW(3) WHERE show_id = ?', [
      held.showId,
    ]);
    await settleFact(world.deps, payment, { kind: 'cancelled', intentId });
    await holdSeats(stores, show, { seats: [1] });
    await world.answerChallenge(String(asked.body.next_action_url), 'complete');
    const received = { amount: held.amount, currency: 'INR' };
    const late = { kind: 'succeeded' as const, intentId, received };
    expect(await settleFact(world.deps, payment, late)).toMatchObject({ effect: 'refund_due' });
    for (const shardId of stores.shards.ids()) await drainRefunds(world.deps, shardId);

    expect(chargesOf(world.sandbox, held)).toEqual([0]);
    expect(await rowsOf(stores, held)).toMatchObject({
      ...{ reservation: 'EXPIRED', payments: ['REFUNDED'], refunds: ['SUCCEEDED'], tickets: 0 },
    });
    expect(await balances(shard, held)).toEqual({});
    expect(
      await shard.rows('SELECT fan_id AS fanId, state, quantity FROM waitlist WHERE show_id = ?', [
        show.showId,
      ]),
    ).toEqual([{ fanId, state: 'WAITING', quantity: 2 }]);

    const [post] = await shard.rows<{ no: number; payload: string }>(
      `SELECT outbox_id AS no, payload FROM outbox
       WHERE show_id = ? AND subject_id = ? AND kind = 'refund_mail'`,
      [held.showId, held.reservationId],
    );
    if (!post) throw new Error('nobody is to be told');
    const channels = ['mail' as const];
    await refundMailHandler({ ...world.deps, ...stores, channels } as unknown as OutboxDeps, {
      ...{ showId: held.showId, outboxId: post.no, kind: 'refund_mail', tries: 1 },
      ...{ subjectId: held.reservationId, payload: JSON.parse(post.payload) },
    });
    const mailer = openMailer({
      urls: [`smtp://127.0.0.1:${mailbox.smtpPort}?rate=1000`],
      from: 'Usher <tickets@usher.example>',
    });
    const deps: DeliverDeps = { ...world.deps, secrets, mailer, gateway: undefined };
    await drainMessages(deps);
    mailer.close();
    const [mail, ...more] = mailbox.store.list({ to: email, limit: 9 });
    expect(more).toEqual([]);
    expect(mail?.text).toContain('your payment reached us after your reservation was over');
    expect(mail?.text).toContain('You have no booking for this show');
    expect(mail?.text).toContain('₹480.00');
  });
});
