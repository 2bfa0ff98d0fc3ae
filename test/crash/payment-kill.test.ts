import { type ChildProcess, spawn } from 'node:child_process';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { settleFact } from '../../core/payments/settling.js';
import { packageRoot } from '../../core/runtime/paths.js';
import { beginPayment } from '../../core/store/shard/begin-payment.js';
import { readPayments } from '../../core/store/shard/payments.js';
import { changeShow } from '../../core/store/shard/show-change.js';
import { holdSeats, seedShow, type TestHold, type TestShow } from '../support/fixtures.js';
import { chargesOf, rowsOf } from '../support/payment-rows.js';
import {
  openPaymentWorld,
  type PaymentWorld,
  secretKey,
  webhookSecret,
} from '../support/payment-world.js';
import { until } from '../support/until.js';

/**
 * The real processor is killed with SIGKILL while a call to the provider is under way: before the
 * call has its effect, and after the effect but before its answer. Another one finishes the work.
 */
/** A processor's start included, on a machine that is busy. */
const startMsMax = 50_000;

describe('kill -9 around every provider call', () => {
  let world: PaymentWorld;
  let show: TestShow;
  const children: ChildProcess[] = [];

  beforeAll(async () => {
    world = await openPaymentWorld();
  });
  afterEach(() => {
    for (const child of children.splice(0)) child.kill('SIGKILL');
  });
  afterAll(() => world.close());
  beforeEach(async () => {
    world.sandbox.faults.reset();
    world.sandbox.faults.change({ webhooks: 'off' });
    show = await seedShow(world.stores);
  });

  const startProcessor = (): ChildProcess => {
    const { stores } = world;
    const child = spawn(process.execPath, [`${packageRoot}/dist/processor/main.js`], {
      stdio: ['ignore', 'ignore', 'inherit'],
      env: {
        ...process.env,
        USHER_DATA: world.dataDir,
        USHER_MYSQL_URL: stores.catalogUrl,
        USHER_SHARDS: stores.shardUrls.join(','),
        USHER_REDIS_URL: stores.redisUrl,
        USHER_REDIS_PREFIX: stores.redisPrefix,
        STRIPE_SECRET_KEY: secretKey,
        STRIPE_WEBHOOK_SECRET: webhookSecret,
        STRIPE_API_BASE: world.sandbox.url,
        USHER_SMTP_URL: 'smtp://127.0.0.1:1',
        USHER_PUBLIC_URL: world.url,
        USHER_LOG_LEVEL: 'fatal',
      },
    });
    children.push(child);
    return child;
  };
  const shardOf = () => world.stores.shards.forShow(show.showId);
  const change = async (held: TestHold, sql: string): Promise<void> => {
    await (await shardOf()).change(`${sql} WHERE show_id = ? AND reservation_id = ?`, [
      held.showId,
      held.reservationId,
    ]);
  };
  /** Makes what the dead one had claimed due at once, instead of waiting for its lease. */
  const makeDue = async (held: TestHold): Promise<void> => {
    await change(held, 'UPDATE payment SET check_at = IF(check_at IS NULL, NULL, NOW(3))');
    await change(held, 'UPDATE refund SET check_at = IF(check_at IS NULL, NULL, NOW(3))');
    await (await shardOf()).change(
      'UPDATE outbox SET due_at = NOW(3) WHERE show_id = ? AND due_at IS NOT NULL',
      [held.showId],
    );
  };

  const steps = {
    /** An attempt was committed and nobody has called yet. */
    charge: async (): Promise<TestHold> => {
      const held = await holdSeats(world.stores, show);
      const wish = { ...held, idemKey: 'key', paymentToken: 'pm_card_visa' };
      await changeShow(await shardOf(), held.showId, (one) => beginPayment(one, wish));
      return held;
    },
    /** 3-D Secure was never answered and the time to pay is over. */
    cancel: async (): Promise<TestHold> => {
      const held = await holdSeats(world.stores, show);
      await world.confirm(held, 'pm_card_authenticationRequired', 'key');
      await change(held, 'UPDATE reservation SET expires_at = NOW(3), due_at = NOW(3)');
      return held;
    },
    /** Money came for seats that somebody else has by now. */
    refund: async (): Promise<TestHold> => {
      const held = await holdSeats(world.stores, show);
      const asked = await world.confirm(held, 'pm_card_authenticationRequired', 'key');
      await world.answerChallenge(String(asked.body.next_action_url), 'complete');
      await change(held, 'UPDATE reservation SET expires_at = NOW(3)');
      const [payment] = await readPayments(await shardOf(), held.showId, held.reservationId);
      const intentId = payment?.intentId ?? '';
      const ref = { ...held, attempt: 1 };
      await settleFact(world.deps, ref, { kind: 'cancelled', intentId });
      await holdSeats(world.stores, show, { seats: [1] });
      const received = { amount: 48_000, currency: 'INR' };
      await settleFact(world.deps, ref, { kind: 'succeeded', intentId, received });
      return held;
    },
    /** A sale that counts cards: this one is authorised, and neither counted nor charged. */
    capture: async (): Promise<TestHold> => {
      const sql = 'UPDATE sales SET card_cap = 7 WHERE sale_id = ?';
      await world.stores.catalog.change(sql, [show.saleId]);
      await (await shardOf()).change(
        'UPDATE show_head SET counts_cards = 1, capped = 1 WHERE show_id = ?',
        [show.showId],
      );
      const held = await holdSeats(world.stores, show);
      const asked = await world.confirm(held, 'pm_card_authenticationRequired', 'key');
      await world.answerChallenge(String(asked.body.next_action_url), 'complete');
      return held;
    },
    /** The card was refused; its intent, which could still be paid, is to be closed. */
    decline: async (): Promise<TestHold> => {
      const held = await holdSeats(world.stores, show);
      const told = await world.confirm(held, 'pm_card_chargeDeclined', 'key');
      expect(told.status).toBe(402);
      return held;
    },
  };
  type Step = keyof typeof steps;
  const statusOf = () => world.sandbox.ledger.all('intent').at(-1)?.status;
  const closings = async (held: TestHold, where: string): Promise<boolean> => {
    const rows = await (await shardOf()).rows(
      `SELECT 1 FROM outbox WHERE show_id = ? AND subject_id = ? AND kind = 'cancel_intent'
         AND ${where}`,
      [held.showId, held.reservationId],
    );
    return rows.length > 0;
  };
  const isClaimed = async (step: Step, held: TestHold): Promise<boolean> => {
    if (step === 'decline') return closings(held, 'published_at IS NULL AND tries > 0');
    if (step === 'capture') {
      // The card is counted just before its money is taken.
      const sql = "SELECT 1 FROM cap_claim WHERE show_id = ? AND kind = 'card'";
      return (await world.stores.catalog.rows(sql, [held.showId])).length > 0;
    }
    const rows = await (await shardOf()).rows(
      `SELECT 1 FROM payment WHERE show_id = ? AND reservation_id = ?
         AND check_at > NOW(3) + INTERVAL 16 SECOND
       UNION ALL SELECT 1 FROM refund WHERE show_id = ? AND reservation_id = ?
         AND check_at > NOW(3) + INTERVAL 60 SECOND`,
      [held.showId, held.reservationId, held.showId, held.reservationId],
    );
    return rows.length > 0;
  };
  const hadEffect = (step: Step, held: TestHold): boolean => {
    const charges = chargesOf(world.sandbox, held);
    if (step === 'charge') return charges.length === 1;
    if (step === 'refund') return charges[0] === 0;
    return statusOf() === (step === 'capture' ? 'succeeded' : 'canceled');
  };
  const endings = {
    charge: { reservation: 'BOOKED', payments: ['SUCCEEDED'], tickets: 2, refunds: [] },
    cancel: { reservation: 'EXPIRED', payments: ['CANCELLED'], tickets: 0, seats: [] },
    refund: { reservation: 'EXPIRED', payments: ['REFUNDED'], refunds: ['SUCCEEDED'], tickets: 0 },
    capture: { reservation: 'BOOKED', payments: ['SUCCEEDED'], tickets: 2, refunds: [] },
    decline: { reservation: 'HELD', payments: ['FAILED'], tickets: 0, refunds: [] },
  };
  const money = { charge: [48_000], cancel: [], refund: [0], capture: [48_000], decline: [] };
  const hasEnded = async (step: Step, held: TestHold): Promise<boolean> => {
    const { payments, reservation } = await rowsOf(world.stores, held);
    const end = endings[step];
    const isRight = reservation === end.reservation && payments[0] === end.payments[0];
    return isRight && (step !== 'decline' || (await closings(held, 'published_at IS NOT NULL')));
  };

  it.each([
    ['charge', 'before its effect'],
    ['charge', 'after its effect'],
    ['cancel', 'before its effect'],
    ['cancel', 'after its effect'],
    ['refund', 'before its effect'],
    ['refund', 'after its effect'],
    ['capture', 'before its effect'],
    ['capture', 'after its effect'],
    ['decline', 'before its effect'],
    ['decline', 'after its effect'],
  ] as const)(
    'ends right when killed in a %s, %s',
    async (step, when) => {
      const after = when === 'after its effect';
      const held = await steps[step]();
      world.sandbox.faults.change(after ? { slow_answer_ms: 3_000 } : { slow_ms: 1_000 });
      const doomed = startProcessor();
      await makeDue(held);
      await until(() => (after ? hadEffect(step, held) : isClaimed(step, held)), {
        what: `the ${step} to be under way`,
        ms: startMsMax,
      });
      const gone = new Promise((resolve) => doomed.once('exit', resolve));
      doomed.kill('SIGKILL');
      await gone;
      expect(await hasEnded(step, held)).toBe(false);
      world.sandbox.faults.change({ slow_ms: 0, slow_answer_ms: 0 });
      await makeDue(held);
      startProcessor();
      const ended = () => hasEnded(step, held);
      await until(ended, { what: 'the other processor to finish', ms: startMsMax });
      expect(await rowsOf(world.stores, held)).toMatchObject(endings[step]);
      expect(chargesOf(world.sandbox, held)).toEqual(money[step]);
      if (step === 'decline') expect(statusOf()).toBe('canceled');
    },
    120_000,
  );
});
