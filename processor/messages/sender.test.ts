import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { SMTPServer } from 'smtp-server';
import type { MessageChannel, MessageKind } from '../../core/domain/messages.js';
import { openGateway } from '../../core/notify/gateway.js';
import { openMailer } from '../../core/notify/mailer.js';
import { closeRedis, openRedis } from '../../core/redis/connect.js';
import { signBody } from '../../core/runtime/webhook-signature.js';
import { signUp } from '../../core/store/catalog/fan-accounts.js';
import {
  claimMessages,
  insertMessages,
  listDeadMessages,
  listFanMessages,
  retryDeadMessage,
} from '../../core/store/catalog/messages.js';
import { type Mailbox, startMailbox } from '../../mailbox/app.js';
import { holdSeats, seedShow, type TestHold, type TestShow } from '../../test/support/fixtures.js';
import { openPaymentWorld, type PaymentWorld } from '../../test/support/payment-world.js';
import { until } from '../../test/support/until.js';
import { announce } from './announcer.js';
import { type DeliverDeps, deliver, messageTriesMax } from './deliver.js';
import { drainMessages, openSender } from './sender.js';

describe('messages to fans', () => {
  let world: PaymentWorld;
  let mailbox: Mailbox;
  let deps: DeliverDeps;
  let show: TestShow;
  let fan: { fanId: string; email: string };
  const folder = mkdtempSync(join(tmpdir(), 'usher-messages-'));
  const both: MessageChannel[] = ['mail', 'gateway'];

  beforeAll(async () => {
    world = await openPaymentWorld();
    mailbox = await startMailbox({ smtpPort: 0, httpPort: 0, dataPath: folder });
    const mailer = openMailer({
      urls: [`smtp://127.0.0.1:${mailbox.smtpPort}?rate=1000`],
      from: 'Usher <tickets@usher.example>',
    });
    deps = { ...world.deps, secrets: world.secrets, mailer, gateway: undefined };
  });
  afterAll(async () => {
    deps.mailer.close();
    await mailbox.close();
    await world.close();
    rmSync(folder, { recursive: true, force: true });
  });
  beforeEach(async () => {
    world.sandbox.faults.reset();
    show = await seedShow(world.stores, { seats: 30 });
    const email = `fan-${randomBytes(4).toString('hex')}@example.org`;
    const person = { email, password: 'a long enough pass phrase', name: 'Łucja', phone: '+48 12' };
    const stores = { catalog: world.stores.catalog, secrets: world.secrets };
    fan = { fanId: (await signUp(stores, person)).fanId, email };
  });

  const { catalog } = { catalog: () => world.stores.catalog };
  const mails = () => mailbox.store.list({ to: fan.email, limit: 50 });
  const speak = (locale: string) =>
    catalog().change(
      `UPDATE cities t JOIN cinemas c ON c.city_id = t.city_id JOIN halls h ON h.cinema_id = c.cinema_id
       JOIN shows s ON s.hall_id = h.hall_id SET t.locale = ? WHERE s.show_id = ?`,
      [locale, show.showId],
    );
  const hold = (seats = [0, 1]) => holdSeats(world.stores, show, { fanId: fan.fanId, seats });
  const book = async (seats = [0, 1]): Promise<TestHold> => {
    const held = await hold(seats);
    expect((await world.confirm(held, 'pm_card_visa', 'key')).status).toBe(201);
    return held;
  };
  const file = (
    kind: MessageKind,
    subjectId: number,
    detail: Record<string, unknown> = {},
    channels: MessageChannel[] = ['mail'],
  ) => {
    const { showId } = show;
    const key = `${kind}-${showId}-${subjectId}`;
    const message = { key, fanId: fan.fanId, kind, showId, subjectId, detail };
    return insertMessages(catalog(), [message], channels);
  };
  const refundOf = async (held: TestHold, reason: string): Promise<void> => {
    const shard = await world.stores.shards.forShow(held.showId);
    await shard.change(
      `INSERT INTO refund (show_id, reservation_id, refund_no, attempt, amount, currency, reason,
         state, created_at, updated_at)
       VALUES (?, ?, 1, 1, 24000, 'INR', ?, 'SUCCEEDED', NOW(3), NOW(3))`,
      [held.showId, held.reservationId, reason],
    );
  };

  /** What each kind needs to be said, and words that only its own template has. */
  const kinds: {
    kind: MessageKind;
    english: string;
    hindi: string;
    prepare: () => Promise<{ subjectId: number; detail?: Record<string, unknown> }>;
  }[] = [
    {
      kind: 'reserved',
      english: 'Your seats are held until',
      hindi: 'आपके लिए रखी हैं',
      prepare: async () => ({ subjectId: (await hold()).reservationId }),
    },
    {
      kind: 'payment_needed',
      english: 'Your payment is not finished',
      hindi: 'आपका भुगतान पूरा नहीं हुआ',
      prepare: async () => ({ subjectId: (await hold()).reservationId }),
    },
    {
      kind: 'offer',
      english: 'Seats for you until',
      hindi: 'आपके लिए सीटें',
      prepare: async () => ({ subjectId: (await hold()).reservationId }),
    },
    {
      kind: 'tickets',
      english: 'Your tickets',
      hindi: 'आपके टिकट',
      prepare: async () => ({ subjectId: (await book()).reservationId }),
    },
    {
      kind: 'show_changed',
      english: 'Your show has changed',
      hindi: 'आपका शो बदल गया है',
      prepare: async () => ({
        subjectId: (await book()).reservationId,
        detail: {
          before: { starts_at: '2026-12-04T15:30:00.000Z', hall: 'Old hall' },
          free_refund_until: '2026-12-06T15:30:00.000Z',
        },
      }),
    },
    {
      kind: 'cancelled',
      english: 'Cancelled',
      hindi: 'रद्द',
      prepare: async () => {
        const held = await book();
        await refundOf(held, 'fan');
        const detail = { reason: 'fan', seats: ['A-1', 'A-2'], refund_no: 1 };
        return { subjectId: held.reservationId, detail };
      },
    },
    {
      kind: 'refunded',
      english: 'this much goes back',
      hindi: 'इतनी राशि वापस',
      prepare: async () => {
        const held = await book();
        await refundOf(held, 'fan');
        return { subjectId: held.reservationId, detail: { refund_no: 1 } };
      },
    },
    {
      kind: 'refunded_late',
      english: 'after your reservation was over',
      hindi: 'समय समाप्त होने के बाद',
      prepare: async () => {
        const held = await hold();
        await refundOf(held, 'late_payment');
        return { subjectId: held.reservationId, detail: { refund_no: 1 } };
      },
    },
    {
      kind: 'refunded_at_desk',
      english: 'the box office handed this much over',
      hindi: 'टिकट खिड़की ने इतनी राशि',
      prepare: async () => {
        const held = await book();
        await refundOf(held, 'fan');
        return { subjectId: held.reservationId, detail: { refund_no: 1 } };
      },
    },
    {
      kind: 'reminder',
      english: 'Reminder',
      hindi: 'याद रहे',
      prepare: async () => ({ subjectId: (await book()).reservationId }),
    },
  ];

  it.each(kinds)('$kind is written in the language of the cinema', async (one) => {
    const { subjectId, detail } = await one.prepare();
    await catalog().change(
      "UPDATE message SET state = 'DROPPED', due_at = NULL WHERE state = 'WAITING'",
    );
    for (const [locale, words] of [
      ['en', one.english],
      ['hi-IN', one.hindi],
    ] as const) {
      await speak(locale);
      const { showId } = show;
      const key = `${one.kind}-${showId}-${subjectId}-${locale}`;
      const message = { key, fanId: fan.fanId, kind: one.kind, showId, subjectId };
      await insertMessages(catalog(), [{ ...message, detail: detail ?? {} }], ['mail']);
      await drainMessages(deps);
      const mail = mails().find((found) => found.message_id === `<${key}@usher.example>`);
      expect(`${mail?.subject} ${mail?.text}`).toContain(words);
      expect(mail?.text).toContain('Łucja');
      expect(mail?.text).not.toMatch(/\{\{|undefined|Invalid/);
      expect(mail?.html).toContain(`<html lang="${locale.slice(0, 2)}">`);
      expect(mail?.html).toContain('Łucja');
    }
  });

  it('tells where money waits that no bank brings', async () => {
    const held = await book();
    await refundOf(held, 'staff');
    const shard = await world.stores.shards.forShow(show.showId);
    await shard.change(
      "UPDATE refund SET state = 'CREATED', fail_code = 'pay_at_desk' WHERE show_id = ?",
      [show.showId],
    );
    const detail = { reason: 'staff', seats: ['A-1'], refund_no: 1 };
    await file('cancelled', held.reservationId, detail);
    await drainMessages(deps);
    const [mail] = mails();
    expect(mail?.text).toContain('240.00 waits for you at the box office');
    expect(mail?.text).not.toContain('Banks take');
  });

  it('sends one of a kind and booking, however often it is filed and whoever sends', async () => {
    const held = await book();
    for (let no = 0; no < 5; no += 1) await file('reminder', held.reservationId);
    const connection = openRedis(world.stores.redisUrl, 'worker', () => undefined);
    const queue = { connection, names: world.deps.names, onError: () => undefined };
    const senders = [openSender(deps, queue), openSender(deps, queue), openSender(deps, queue)];
    await until(async () => mails().length > 0, { what: 'the mail' });
    await file('reminder', held.reservationId);
    await Promise.all(senders.map((sender) => sender.close()));
    closeRedis(connection);
    expect(mails().map((mail) => mail.message_id)).toEqual([
      `<reminder-${show.showId}-${held.reservationId}@usher.example>`,
    ]);
  });

  it('sends again what a dead sender may have sent, under the same Message-ID', async () => {
    const held = await book();
    await file('reminder', held.reservationId);
    const [claim] = await claimMessages(catalog(), { rowsMax: 1, leaseMs: 600_000 });
    // It died after the server took the mail and before the row was marked.
    const forgetful = { ...catalog(), change: () => Promise.reject(new Error('killed')) };
    await expect(deliver({ ...deps, catalog: forgetful }, claim ?? none)).rejects.toThrow('killed');
    await catalog().change('UPDATE message SET due_at = NOW(3) WHERE due_at IS NOT NULL');
    await drainMessages(deps);
    expect(mails()).toHaveLength(2);
    expect(new Set(mails().map((mail) => mail.message_id)).size).toBe(1);
    // The first sender wakes up and finds that its claim is old.
    await deliver(deps, claim ?? none);
    expect(mails()).toHaveLength(2);
  });

  it('says nothing that is no longer so', async () => {
    const held = await hold();
    await file('reserved', held.reservationId);
    expect((await world.confirm(held, 'pm_card_visa', 'key')).status).toBe(201);
    await drainMessages(deps);
    expect(mails()).toHaveLength(0);
    expect(
      await listFanMessages(catalog(), fan.fanId, { beforeId: undefined, rowsMax: 9 }),
    ).toEqual([]);
  });

  it('keeps a message that no server takes as dead, and tells the fan when an address takes none', async () => {
    const held = await book();
    await file('reminder', held.reservationId);
    const away = openMailer({
      urls: ['smtp://127.0.0.1:1', 'smtp://127.0.0.1:2'],
      from: 'Usher <t@usher.example>',
      restMs: 1,
    });
    for (let tries = 0; tries < messageTriesMax; tries += 1) {
      await catalog().change('UPDATE message SET due_at = NOW(3) WHERE due_at IS NOT NULL');
      await drainMessages({ ...deps, mailer: away });
    }
    away.close();
    const [dead] = (await listDeadMessages(catalog(), 100)).filter(
      (one) => one.fanId === fan.fanId,
    );
    expect(dead).toMatchObject({ kind: 'reminder', tries: messageTriesMax });
    expect(dead?.error).toContain('not taken');
    expect(dead?.error).not.toContain(fan.email);
    expect(await retryDeadMessage(catalog(), dead?.messageId ?? 0)).toBe(true);
    const server = new SMTPServer({
      authOptional: true,
      disabledCommands: ['STARTTLS'],
      onRcptTo: (_address, _session, done) =>
        done(Object.assign(new Error('no'), { responseCode: 550 })),
    });
    await new Promise<void>((resolve) => {
      server.listen(0, '127.0.0.1', resolve);
    });
    const { port } = server.server.address() as AddressInfo;
    const mailer = openMailer({ urls: [`smtp://127.0.0.1:${port}`], from: 'U <u@usher.example>' });
    await drainMessages({ ...deps, mailer });
    mailer.close();
    await new Promise<void>((resolve) => server.close(resolve));
    const told = await listFanMessages(catalog(), fan.fanId, { beforeId: undefined, rowsMax: 9 });
    expect(told).toMatchObject([{ kind: 'reminder', state: 'REFUSED' }]);
  });

  it('hands short messages to the gateway, signed, and rests while it fails', async () => {
    const heard: { body: string; signature: string }[] = [];
    let status = 200;
    const server = createServer(async (req, res) => {
      heard.push({ body: await read(req), signature: String(req.headers['usher-signature']) });
      res.writeHead(status).end();
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const secret = 'a secret of the gateway';
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`;
    const gateway = openGateway({ url, secret, restMs: 60_000 });
    const held = await book();
    await file('reminder', held.reservationId, {}, both);
    await drainMessages({ ...deps, gateway });
    const [one] = heard;
    const told = JSON.parse(one?.body ?? '{}') as Record<string, unknown>;
    expect(told).toMatchObject({ kind: 'reminder', to: { fan_id: fan.fanId, phone: '+48 12' } });
    const at = Number(/^t=(\d+),/.exec(one?.signature ?? '')?.[1]);
    expect(one?.signature).toBe(signBody(secret, one?.body ?? '', at * 1_000));
    expect(one?.signature).not.toBe(signBody('another secret', one?.body ?? '', at * 1_000));
    expect(mails()).toHaveLength(1);
    status = 500;
    const message = { message_id: 'x', kind: 'reminder', to: { fan_id: 'x', phone: null } };
    const words = { locale: 'en', title: '', text: '', url: '' };
    for (let no = 0; no < 8; no += 1) await gateway.send({ ...message, ...words });
    expect(heard).toHaveLength(1 + 5);
    await new Promise((resolve) => server.close(resolve));
  });

  it('announces a sale to those who watch its movie, and reminds of a show once', async () => {
    const held = await book();
    const shard = await world.stores.shards.forShow(show.showId);
    await shard.change(
      'UPDATE booking SET created_at = NOW(3) - INTERVAL 1 DAY WHERE show_id = ?',
      [show.showId],
    );
    await catalog().change(
      'UPDATE shows SET starts_at = NOW(3) + INTERVAL 2 HOUR WHERE show_id = ?',
      [show.showId],
    );
    await catalog().change(
      'INSERT INTO movie_watch (movie_id, fan_id) SELECT movie_id, ? FROM shows WHERE show_id = ?',
      [fan.fanId, show.showId],
    );
    await catalog().change(
      `UPDATE sales SET standing = 0, state = 'ACTIVE', opens_at = NOW(3) + INTERVAL 1 HOUR
       WHERE sale_id = ?`,
      [show.saleId],
    );
    for (let turn = 0; turn < 3; turn += 1) await announce({ ...deps, channels: ['mail'] });
    await drainMessages(deps);
    const subjects = mails().map((mail) => mail.subject);
    expect(subjects.filter((text) => text.startsWith('Reminder'))).toHaveLength(1);
    expect(subjects.filter((text) => text.startsWith('The sale opens soon'))).toHaveLength(1);
    expect(held.showId).toBe(show.showId);
  });
});

const none = { messageId: 0, tries: 0 };

async function read(req: IncomingMessage): Promise<string> {
  let body = '';
  for await (const chunk of req) body += String(chunk);
  return body;
}
