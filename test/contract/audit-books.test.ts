// Faults planted where the auditor compares the rows with other books: the provider's, the mail
// server's, and what fans saw.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type AuditReport, audit } from '../../loadtest/audit/run.js';
import type { CallEntry, ClientEntry } from '../../loadtest/crowd/client-log.js';
import { type Mailbox, startMailbox } from '../../mailbox/app.js';
import { type Sandbox, startSandbox } from '../../sandbox/app.js';
import type { Intent } from '../../sandbox/objects.js';
import { type AuditWorld, openAuditWorld, type Purchase } from '../support/audit-world.js';
import { openTestStores, type TestStores } from '../support/stores.js';

type History = AuditWorld & { held: Purchase; booked: Purchase; refused: Purchase; free: Purchase };

let stores: TestStores;
let sandbox: Sandbox;
let mailbox: Mailbox;
const mailPath = mkdtempSync(join(tmpdir(), 'usher-audit-mail-'));

beforeAll(async () => {
  stores = await openTestStores();
  sandbox = await startSandbox({ port: 0, secretKey: 'sk_test_audit' });
  mailbox = await startMailbox({ smtpPort: 0, httpPort: 0, dataPath: mailPath });
});
afterAll(async () => {
  await stores.close();
  await sandbox.close();
  await mailbox.close();
  rmSync(mailPath, { recursive: true, force: true });
});

async function history(): Promise<History> {
  const world = await openAuditWorld(stores);
  const held = await world.grant([0, 1]);
  const booked = await world.grant([2]);
  await world.book(booked);
  const refused = await world.refuse([2, 3], 'seats_taken');
  const free = await world.grant([4, 5]);
  await world.release(free);
  return { ...world, held, booked, refused, free };
}

const judge = (world: History, more: object = {}): Promise<AuditReport> =>
  audit({ ...stores, saleId: world.show.saleId, ...more });
const brokenIn = (report: AuditReport): string[] => [
  ...new Set(report.violations.map(({ rule }) => rule)),
];

const logEntry = `INSERT INTO show_log (show_id, lsn, at, kind, subject_id, detail)
  SELECT show_id, lsn + 1, NOW(3), ?, ?, ? FROM show_head WHERE show_id = ?`;

describe('the rows alone', () => {
  it.each([
    {
      rule: 'I14',
      text: 'a decision a minute out of turn',
      plant: ({ shardSql, show, booked }: History) =>
        shardSql(
          'UPDATE request SET accepted_at = NOW(3) - INTERVAL 1 MINUTE WHERE show_id = ? AND request_id = ?',
          [show.showId, booked.no],
        ),
    },
    {
      rule: 'I19',
      text: 'a hold that ended before its time',
      plant: ({ shardSql, show, held }: History) =>
        shardSql(logEntry, ['EXPIRED', held.no, '{"seats":[0,1]}', show.showId]),
    },
    {
      rule: 'I22',
      text: 'an expired hold whose payment is open',
      settled: true,
      plant: async ({ shardSql, show, free }: History) => {
        await shardSql(
          `INSERT INTO payment (show_id, reservation_id, attempt, idem_key, payment_token, state,
             open_attempt, amount, currency, intent_id, created_at, updated_at)
           SELECT show_id, reservation_id, 1, 'x', 'pm_card_visa', 'PROCESSING', 1, amount, currency,
             'pi_open', NOW(3), NOW(3) FROM reservation WHERE show_id = ? AND reservation_id = ?`,
          [show.showId, free.no],
        );
        await shardSql(
          "UPDATE reservation SET state = 'EXPIRED' WHERE show_id = ? AND reservation_id = ?",
          [show.showId, free.no],
        );
      },
    },
    {
      rule: 'I32',
      text: 'a ticket that two scans admitted',
      plant: async ({ shardSql, show, booked }: History) => {
        for (let times = 0; times < 2; times += 1) {
          await shardSql(logEntry, ['USED', booked.no, '{"seat_no":2}', show.showId]);
          await shardSql('UPDATE show_head SET lsn = lsn + 1 WHERE show_id = ?', [show.showId]);
        }
        await shardSql("UPDATE ticket SET state = 'USED', used_at = NOW(3) WHERE show_id = ?", [
          show.showId,
        ]);
      },
    },
    {
      rule: 'I33',
      text: 'a void ticket that was let in',
      plant: async ({ shardSql, show, booked }: History) => {
        for (const kind of ['VOIDED', 'USED']) {
          await shardSql(logEntry, [kind, booked.no, '{"seat_no":2}', show.showId]);
          await shardSql('UPDATE show_head SET lsn = lsn + 1 WHERE show_id = ?', [show.showId]);
        }
      },
    },
    {
      rule: 'I35',
      text: 'a booking without the message that mails its tickets',
      plant: ({ shardSql, show }: History) =>
        shardSql("DELETE FROM outbox WHERE show_id = ? AND kind = 'ticket_mail'", [show.showId]),
    },
  ])('$rule: $text', async ({ rule, plant, settled }) => {
    const world = await history();
    await plant(world);
    expect(brokenIn(await judge(world, { settled }))).toContain(rule);
  });

  it('I11: two requests of one key, once the guard is gone', async () => {
    const world = await history();
    const at = await stores.shards.forShow(world.show.showId);
    await at.change('ALTER TABLE request DROP INDEX request_idem');
    await world.shardSql(
      `INSERT INTO request (show_id, fan_id, idem_key, body_hash, pass_id, node, wish, state,
         reason, decided_at)
       SELECT show_id, fan_id, idem_key, body_hash, pass_id, node, wish, 'REFUSED', 'sold_out', NOW(3)
       FROM request WHERE show_id = ? AND request_id = ?`,
      [world.show.showId, world.held.no],
    );
    const report = await judge(world);
    await world.shardSql('DELETE FROM request WHERE show_id = ?', [world.show.showId]);
    await at.change('ALTER TABLE request ADD UNIQUE KEY request_idem (show_id, fan_id, idem_key)');
    const found = report.violations.filter(({ rule }) => rule === 'I11');
    expect(found.map(({ text }) => text).sort()).toEqual([
      '2 requests share one idempotency key',
      'UNIQUE request.request_idem is missing or not enforced',
    ]);
  });

  it('I29: an inbox that would take an event twice', async () => {
    const world = await history();
    await stores.catalog.change('ALTER TABLE inbox DROP PRIMARY KEY');
    const report = await judge(world);
    await stores.catalog.change('ALTER TABLE inbox ADD PRIMARY KEY (event_id)');
    expect(brokenIn(report)).toEqual(['I29']);
  });
});

describe("the provider's books", () => {
  const intent = (world: History, id: string, change: Partial<Intent>): Intent =>
    ({
      id,
      object: 'payment_intent',
      amount: world.show.price,
      amount_received: world.show.price,
      currency: 'inr',
      status: 'succeeded',
      ...change,
    }) as Intent;
  const keep = (kept: Intent) => sandbox.ledger.transaction((tx) => tx.put('intent', kept));
  const idOf = (world: History) => `pi_${world.show.showId}_${world.booked.no}`;

  it('agree with a booking that was paid', async () => {
    const world = await history();
    keep(intent(world, idOf(world), {}));
    const report = await judge(world, { providerUrl: sandbox.url });
    expect(report).toMatchObject({ provider: true, violations: [] });
  });

  it.each([
    { rule: 'I25', text: 'took less than we say', change: { amount_received: 1 } },
    {
      rule: 'I25',
      text: 'took nothing',
      change: { status: 'canceled', amount_received: 0 } as const,
    },
  ])('$rule: $text', async ({ rule, change }) => {
    const world = await history();
    keep(intent(world, idOf(world), change));
    expect(brokenIn(await judge(world, { providerUrl: sandbox.url }))).toContain(rule);
  });

  it('I26: gave back more than was paid', async () => {
    const world = await history();
    keep(intent(world, idOf(world), {}));
    sandbox.ledger.transaction((tx) =>
      tx.put('refund', {
        id: `re_${world.booked.no}`,
        payment_intent: idOf(world),
        amount: world.show.price * 2,
        status: 'succeeded',
      } as Parameters<typeof tx.put<'refund'>>[1]),
    );
    expect(brokenIn(await judge(world, { providerUrl: sandbox.url }))).toContain('I26');
  });

  it('I22, I24, I28, I30: has money, an open payment and news that we know nothing of', async () => {
    const world = await history();
    keep(intent(world, idOf(world), {}));
    keep(intent(world, 'pi_stranger', {}));
    keep(intent(world, 'pi_open', { status: 'requires_action', amount_received: 0 }));
    sandbox.ledger.transaction((tx) =>
      tx.put('event', {
        id: 'evt_lost',
        type: 'payment_intent.succeeded',
        data: { object: intent(world, 'pi_stranger', {}) },
      } as Parameters<typeof tx.put<'event'>>[1]),
    );
    const report = await audit({ ...stores, settled: true, providerUrl: sandbox.url });
    expect(brokenIn(report)).toEqual(expect.arrayContaining(['I22', 'I24', 'I28', 'I30']));
  });
});

describe('the till', () => {
  it('I28: is not held against the provider', async () => {
    const world = await history();
    const differences = async () =>
      (await audit({ ...stores, settled: true, providerUrl: sandbox.url })).violations
        .filter(({ rule, where }) => rule === 'I28' && where === 'the provider')
        .map(({ text }) => text);
    const before = await differences();
    await world.shardSql(
      `INSERT INTO payment (show_id, reservation_id, attempt, idem_key, payment_token, state,
         amount, currency, created_at, updated_at, method, taken_by)
       VALUES (?, ?, 2, 'till', 'desk', 'SUCCEEDED', 777, 'INR', NOW(3), NOW(3), 'cash', 'mira')`,
      [world.show.showId, world.booked.no],
    );
    expect(await differences()).toEqual(before);
  });
});

describe('the mailbox', () => {
  const keep = (key: string, to: string) =>
    mailbox.store.keep(Buffer.from(`Message-ID: <${key}@usher.invalid>\r\nSubject: x\r\n\r\nx`), [
      to,
    ]);
  const mailboxUrl = () => `http://127.0.0.1:${mailbox.httpPort}`;

  it('I34: a booking without its mail, and one id for two readers', async () => {
    const world = await history();
    const { showId } = world.show;
    await stores.catalog.change(
      "INSERT INTO fans (fan_id, email, state) VALUES (?, 'x', 'ACTIVE')",
      [world.booked.fanId],
    );
    const look = async (settled: boolean) => {
      const report = await judge(world, { settled, mailboxUrl: mailboxUrl() });
      expect(report.mailbox).toBe(true);
      return report.violations.filter(({ rule }) => rule === 'I34').map(({ text }) => text);
    };
    expect(await look(false)).toEqual([]);
    const key = `bkg_${showId.toString(36)}_${world.booked.no.toString(36)}-tickets`;
    expect(await look(true)).toEqual([`no mail tells of ${key}`]);
    await keep(key, 'ada@example.org');
    expect(await look(true)).toEqual([]);
    await keep(key, 'eve@example.org');
    expect(await look(true)).toEqual([`${key} went to 2 addresses`]);
    await stores.catalog.change('DELETE FROM fans WHERE fan_id = ?', [world.booked.fanId]);
  });

  it('I34: a mail of a booking that never was', async () => {
    await keep('bkg_zz_zz-tickets', 'ada@example.org');
    const report = await audit({ ...stores, mailboxUrl: mailboxUrl() });
    expect(report.violations.find(({ rule }) => rule === 'I34')?.text).toContain('bkg_zz_zz');
  });
});

describe('what fans saw', () => {
  const call = (world: History, of: Purchase, more: Partial<CallEntry> = {}): CallEntry => ({
    kind: 'call',
    fan: of.fanId,
    op: 'reserve',
    key: of.passId,
    path: '/api/v1/reserve',
    start: Date.now() - 50,
    end: Date.now(),
    status: 200,
    ...more,
    told: {
      reservation_id: `res_${world.show.showId.toString(36)}_${of.no.toString(36)}`,
      ...more.told,
    },
  });
  const rulesOf = async (world: History, clientLog: ClientEntry[]) =>
    brokenIn(await judge(world, { clientLog }));
  const place = (world: History, fan: string, told: object, at: number): CallEntry => ({
    ...call(world, world.held),
    fan,
    op: 'place',
    path: `/api/v1/sales/${world.show.saleId}/place`,
    start: at,
    end: at + 1,
    told: { ...told },
  });

  it('agrees with an honest log', async () => {
    const world = await history();
    const log = [
      call(world, world.held),
      call(world, world.refused, { status: 409, told: { error: 'seats_taken' } }),
      place(world, 'one', { place: 7, ahead: 5 }, 1),
      place(world, 'one', { place: 7, ahead: 2 }, 3),
      place(world, 'two', { place: 8, ahead: 3 }, 3),
    ];
    expect(await rulesOf(world, log)).toEqual([]);
  });

  it.each([
    ['I9', 'a yes that no journal has', (w: History) => [call(w, w.held, { key: 'other' })]],
    ['I36', 'a yes for a refused request', (w: History) => [call(w, w.refused)]],
    [
      'I11',
      'two answers for one key',
      (w: History) => [
        call(w, w.held),
        call(w, w.held, { status: 409, told: { error: 'seats_taken' } }),
      ],
    ],
    [
      'I19',
      'a longer hold than it was',
      (w: History) => [call(w, w.held, { told: { expires_at: '2999-01-01T00:00:00Z' } })],
    ],
    [
      'I39',
      "somebody else's seats",
      (w: History) => [
        call(w, w.held, {
          told: { reservation_id: `res_${w.show.showId.toString(36)}_${w.booked.no.toString(36)}` },
        }),
      ],
    ],
    [
      'I17',
      'a place that grew',
      (w: History) => [
        place(w, 'one', { place: 7, ahead: 5 }, 1),
        place(w, 'one', { place: 9, ahead: 8 }, 5),
      ],
    ],
    [
      'I17',
      'one place for two',
      (w: History) => [
        place(w, 'one', { place: 7, ahead: 5 }, 1),
        place(w, 'two', { place: 7, ahead: 5 }, 5),
      ],
    ],
    [
      'I18',
      'two who changed their order',
      (w: History) => [
        place(w, 'one', { place: 7, ahead: 5 }, 1),
        place(w, 'two', { place: 8, ahead: 6 }, 1),
        place(w, 'one', { place: 6, ahead: 4 }, 5),
        place(w, 'two', { place: 5, ahead: 3 }, 5),
      ],
    ],
    [
      'I36',
      'versions that go back',
      (w: History) =>
        [5, 4].map((version) => ({
          kind: 'push' as const,
          fan: 'one',
          line: 1,
          event: 'seats',
          at: 1,
          told: { show_id: String(w.show.showId), version },
        })),
    ],
  ] satisfies [string, string, (world: History) => ClientEntry[]][])(
    '%s: %s',
    async (rule, _text, log) => {
      const world = await history();
      expect(await rulesOf(world, log(world))).toContain(rule);
    },
  );

  it('I7: a seat whose next owner was answered before the one before had asked', async () => {
    const world = await history();
    const later = await world.grant([4, 5]);
    const log = [
      call(world, world.free, { start: 5_000, end: 6_000 }),
      call(world, later, { start: 1_000, end: 2_000 }),
    ];
    expect(await rulesOf(world, log)).toContain('I7');
  });
});
