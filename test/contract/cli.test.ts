import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough, Writable } from 'node:stream';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { openGate } from '../../admission/gate.js';
import type { ApiDeps } from '../../api/deps.js';
import { staffRoutes } from '../../api/routes/staff-all.js';
import { runCli } from '../../cli/program.js';
import { formatId, formatTicketId } from '../../core/domain/ids.js';
import { openPayments } from '../../core/payments/stripe.js';
import { createSecretsFile } from '../../core/runtime/secrets.js';
import { signTicketCode } from '../../core/runtime/ticket-code.js';
import { listAudit } from '../../core/store/catalog/audit.js';
import { settleDisputeMoney } from '../../core/store/shard/settle-dispute.js';
import { changeShow } from '../../core/store/shard/show-change.js';
import { type AuditWorld, openAuditWorld } from '../support/audit-world.js';
import { serveRoutes, type TestApi } from '../support/routes.js';
import { openTestStores, type TestStores } from '../support/stores.js';
import { until } from '../support/until.js';

class Sink extends Writable {
  text = '';
  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.text += chunk.toString();
    done();
  }
}

type Ran = { code: number; out: string; err: string; json: Record<string, unknown> };

describe('the command line against a running Usher', () => {
  let stores: TestStores;
  let api: TestApi;
  let world: AuditWorld;
  let folder: string;
  let saleId: string;

  const usher = async (argv: string[], input = ''): Promise<Ran> => {
    const stdout = new Sink();
    const stderr = new Sink();
    const stdin = new PassThrough();
    stdin.end(input);
    const env = {
      USHER_CONFIG: join(folder, 'login.json'),
      USHER_DATA: folder,
      USHER_MYSQL_URL: stores.catalogUrl,
      USHER_SHARDS: stores.shardUrls.join(','),
      USHER_REDIS_URL: stores.redisUrl,
      USHER_SMTP_URL: 'smtp://127.0.0.1:1',
      USHER_SECRETS_FILE: join(folder, 'secrets.json'),
      STRIPE_SECRET_KEY: 'sk_test_cli',
      STRIPE_WEBHOOK_SECRET: 'whsec_cli_test',
    };
    const code = await runCli(argv, { env, stdin, stdout, stderr });
    const json = argv.includes('--json') && stdout.text ? JSON.parse(stdout.text) : {};
    return { code, out: stdout.text, err: stderr.text, json };
  };
  const login = async (role: 'box_office' | 'ops' | 'admin') => {
    const expiresAtMs = Date.now() + 600_000;
    const token = api.deps.tokens.signSession({
      fanId: `the-${role}`,
      epoch: 1,
      role,
      expiresAtMs,
    });
    const address = { url: api.url, token, name: `the-${role}` };
    const stored = { ...address, expires_at: new Date(expiresAtMs).toISOString() };
    writeFileSync(join(folder, 'login.json'), JSON.stringify(stored));
  };
  const gateState = async () => {
    const shard = await stores.shards.forShow(world.show.showId);
    const [row] = await shard.rows<{ state: string; opens_at: Date }>(
      'SELECT state, opens_at FROM show_gate WHERE show_id = ?',
      [world.show.showId],
    );
    return row;
  };

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'usher-cli-'));
    createSecretsFile(join(folder, 'secrets.json'));
    stores = await openTestStores();
    api = await serveRoutes(stores, (deps) => {
      Object.assign(deps, {
        gate: openGate(deps),
        config: { payments: { apiBase: 'http://127.0.0.1:9' } },
        payments: openPayments({
          secretKey: 'sk_test_cli',
          apiBase: 'http://127.0.0.1:9',
          webhookSecret: 'whsec_cli_test',
          timeoutMs: 1_000,
        }),
      } satisfies Partial<Record<keyof ApiDeps, unknown>>);
      return staffRoutes(deps);
    });
    await until(() => api.deps.redis.status === 'ready', { what: 'Redis' });
  });
  afterAll(async () => {
    api.deps.gate.close();
    api.deps.payments.close();
    await api.close();
    await stores.close();
    rmSync(folder, { recursive: true, force: true });
  });
  beforeEach(async () => {
    world = await openAuditWorld(stores);
    saleId = world.show.saleId;
    await login('ops');
  });

  it('shows sales in a stable shape', async () => {
    const shown = await usher(['sale', 'show', saleId, '--json']);
    expect(shown.code).toBe(0);
    expect(shown.json).toMatchObject({
      sale_id: saleId,
      name: 'Premiere',
      state: 'open',
      lobby: 'arrival',
      opens_at: expect.any(String),
      rate_per_minute: 600,
      pass_cap: 100,
      seat_cap: 4,
      sale_cap: null,
      card_cap: null,
      orphan_rule: 'off',
      price_rules: null,
      hold_seconds: 300,
      hold_limit_seconds: 900,
      payment_seconds: 120,
      version: 1,
      shows: 1,
    });
    const list = await usher(['sale', 'list']);
    expect(list.out).toContain(saleId);
    expect(await usher(['sale', 'show', 'nowhere', '--json'])).toMatchObject({
      code: 1,
      out: '',
      err: expect.stringContaining('"error":"not_found"'),
    });
  });

  it('pauses and resumes at the gates before it returns, with an audit line each', async () => {
    expect((await usher(['sale', 'pause', saleId, '--json'])).json).toMatchObject({
      state: 'paused',
      version: 2,
    });
    expect(await gateState()).toMatchObject({ state: 'PAUSED' });
    expect((await usher(['sale', 'resume', saleId])).code).toBe(0);
    expect(await gateState()).toMatchObject({ state: 'OPEN' });
    const lines = await listAudit(stores.catalog, { subject: saleId });
    expect(
      lines.map(({ actor, action, before, after }) => ({ actor, action, before, after })),
    ).toEqual([
      {
        actor: 'the-ops',
        action: 'sale.resume',
        before: { state: 'PAUSED' },
        after: { state: 'ACTIVE' },
      },
      {
        actor: 'the-ops',
        action: 'sale.pause',
        before: { state: 'ACTIVE' },
        after: { state: 'PAUSED' },
      },
    ]);
  });

  it('refuses a change that was made against an older version', async () => {
    expect((await usher(['sale', 'rate', saleId, '10/s', '--json'])).json).toMatchObject({
      rate_per_minute: 600,
      version: 1,
    });
    expect((await usher(['sale', 'rate', saleId, '900/min', '--if-version', '1'])).code).toBe(0);
    const late = await usher(['sale', 'pass-cap', saleId, '5', '--if-version', '1', '--json']);
    expect(late).toMatchObject({ code: 1, err: expect.stringContaining('"error":"stale"') });
    expect((await usher(['sale', 'message', saleId, 'More at ten'])).out).toContain('More at ten');
  });

  it('delays an opening that is to come, opens it, and closes for good', async () => {
    const shard = await stores.shards.forShow(world.show.showId);
    await stores.catalog.change(
      'UPDATE sales SET opens_at = NOW(3) + INTERVAL 1 HOUR WHERE sale_id = ?',
      [saleId],
    );
    const to = '2099-12-18T03:30:00.000Z';
    const delayed = await usher(['sale', 'delay', saleId, '--to', to, '--json']);
    expect(delayed.json).toMatchObject({ state: 'lobby', opens_at: to });
    expect((await gateState())?.opens_at.toISOString()).toBe(to);
    expect((await usher(['sale', 'open', saleId, '--json'])).json).toMatchObject({ state: 'open' });
    const [gate] = await shard.rows<{ open: number }>(
      'SELECT opens_at <= NOW(3) AS open FROM show_gate WHERE show_id = ?',
      [world.show.showId],
    );
    expect(gate?.open).toBe(1);
    expect((await usher(['sale', 'delay', saleId, '--to', '+10m'])).code).toBe(1);
    expect((await usher(['sale', 'close', saleId])).code).toBe(0);
    expect(await gateState()).toMatchObject({ state: 'CLOSED' });
    expect((await usher(['sale', 'open', saleId])).err).toContain('closed');
  });

  it('checks a sale before its opening', async () => {
    const checked = await usher(['sale', 'check', saleId, '--json']);
    const { checks } = checked.json as { checks: { check: string; ok: boolean }[] };
    expect(checks.map(({ check }) => check)).toEqual([
      ...['shows', 'seats', 'prices', 'gates', 'opening', 'rate', 'payments', 'redis', 'clocks'],
    ]);
    expect(checks.filter(({ ok }) => !ok)).toMatchObject([{ check: 'gates' }]);
    expect(checked.code).toBe(1);
    await usher(['sale', 'resume', saleId]);
    expect((await usher(['sale', 'check', saleId])).out).toContain('Ready to open.');
    const { catalog } = stores;
    const shift = (hours: number) =>
      catalog.change('UPDATE shows SET starts_at = starts_at + INTERVAL ? HOUR WHERE sale_id = ?', [
        ...[hours, saleId],
      ]);
    await shift(-100_000);
    const late = await usher(['sale', 'check', saleId]);
    expect([late.code, late.out]).toEqual([
      1,
      expect.stringContaining('0 without seats yet, 1 begun'),
    ]);
    await shift(100_000);
  });

  it('releases blocked seats under the head, so that the audit stays clean', async () => {
    await world.shardSql(
      "UPDATE show_seat SET state = 'BLOCKED' WHERE show_id = ? AND seat_no >= 6",
      [world.show.showId],
    );
    expect((await usher(['sale', 'release', saleId, '--seats', '2', '--json'])).json).toEqual({
      sale_id: saleId,
      released: 2,
      shows: [{ show_id: String(world.show.showId), seats: ['A-7', 'A-8'] }],
    });
    expect((await usher(['sale', 'release', saleId, '--zone', 'gold'])).out).toContain(
      'Released 4',
    );
    expect((await usher(['sale', 'release', saleId, '--zone', 'gold'])).code).toBe(1);
    const audited = await usher(['audit', saleId, '--json']);
    expect(audited.json).toMatchObject({ clean: true, violations: [] });
    expect(audited.code).toBe(0);
  });

  it('draws the seats, lists the holds and ends one', async () => {
    const held = await world.grant([0, 1]);
    const show = String(world.show.showId);
    const reservation = formatId('reservation', { showId: world.show.showId, no: held.no });
    expect((await usher(['seats', show])).out).toContain('++..........');
    await login('box_office');
    expect((await usher(['hold', 'list', show, '--json'])).json).toMatchObject([
      { reservation_id: reservation, state: 'held', seats: ['A-1', 'A-2'], fan_id: held.fanId },
    ]);
    expect((await usher(['hold', 'end', '999', reservation])).code).toBe(1);
    expect((await usher(['hold', 'end', show, reservation, '--json'])).json).toEqual({
      reservation_id: reservation,
      seats: ['A-1', 'A-2'],
    });
    expect((await usher(['hold', 'end', show, reservation])).err).toContain('released');
    expect((await usher(['sale', 'pause', saleId, '--json'])).err).toContain('forbidden');
    const request = await usher(['request', 'show', reservation, '--json']);
    expect(request.json).toMatchObject({
      state: 'granted',
      fan_id: held.fanId,
      wish: { seats: ['A-1', 'A-2'] },
      reservation: { state: 'released' },
      log: [
        { kind: 'GRANTED' },
        { kind: 'RELEASED' },
        { kind: 'STAFF', detail: { by: 'the-box_office', action: 'hold.end' } },
      ],
    });
  });

  it('finds bookings, counts the sale, and admits each ticket once', async () => {
    const bought = await world.grant([2]);
    await world.book(bought);
    await world.refuse([2], 'seats_taken');
    const ref = { showId: world.show.showId, no: bought.no };
    const booking = formatId('booking', ref);
    expect((await usher(['booking', 'find', booking, '--json'])).json).toMatchObject([
      { booking_id: booking, state: 'confirmed', tickets: [{ seat: 'A-3', state: 'valid' }] },
    ]);
    expect((await usher(['booking', 'find', 'nobody@example.com'])).code).toBe(1);
    expect((await usher(['booking', 'show', booking, '--json'])).json).toMatchObject({
      payments: [{ attempt: 1, state: 'succeeded' }],
      disputes: [],
    });
    const amount = world.show.price;
    const money = { attempt: 1, intentId: 'pi_x', amount, currency: 'INR', reason: 'fraudulent' };
    const told = {
      reservationId: bought.no,
      disputeId: 'du_cli',
      ...money,
      state: 'OPEN',
    } as const;
    const shard = await stores.shards.forShow(world.show.showId);
    await changeShow(shard, ref.showId, (change) => settleDisputeMoney(change, told));
    expect((await usher(['booking', 'show', booking])).out).toMatch(/du_cli +│ open +│ 240.00 INR/);
    expect((await usher(['stats', saleId, '--json'])).json).toMatchObject({
      sale_id: saleId,
      admitted: 2,
      seats: { free: 11, held: 0, booked: 1, blocked: 0 },
      requests: [
        { outcome: 'granted', reason: null, requests: 1 },
        { outcome: 'refused', reason: 'seats_taken', requests: 1 },
      ],
      bookings: 1,
      revenue: [{ amount, currency: 'INR' }],
      disputed: [{ amount, currency: 'INR' }],
      charged_back: [],
      decided_ms: { p50: expect.any(Number), p99: expect.any(Number) },
    });
    const [key] = api.deps.secrets.ticket;
    if (!key) throw new Error('no ticket key');
    const ticketId = formatTicketId({ ...ref, seatNo: 2 });
    const qr = signTicketCode(key, { showId: ref.showId, ticketId, counter: 1 });
    const other = await usher(['scan', qr, '--show', '999', '--json']);
    expect(other).toMatchObject({ code: 1, err: expect.stringContaining('wrong_show') });
    expect((await usher(['scan', qr, '--gate', 'north', '--json'])).json).toMatchObject({
      result: 'admitted',
      ticket_id: ticketId,
      seat: 'A-3',
      gate: 'north',
    });
    const again = await usher(['scan', qr, '--gate', 'south', '--json']);
    expect(again.code).toBe(1);
    expect(JSON.parse(again.err)).toMatchObject({
      error: 'already_used',
      gate: 'north',
      seat: 'A-3',
    });
    const forged = `${qr.slice(0, -10)}${'A'.repeat(10)}`;
    expect((await usher(['scan', forged, '--json'])).err).toContain('ticket_invalid');
    await world.shardSql(
      "UPDATE ticket SET state = 'VOID', live_seat = NULL WHERE show_id = ? AND booking_id = ?",
      [ref.showId, ref.no],
    );
    expect((await usher(['scan', qr, '--json'])).err).toContain('ticket_void');
  });

  it('makes a sale and refuses a second of that name, a faulty one names its fields', async () => {
    const made = await usher([
      ...['sale', 'create', 'gala', '--name', 'Gala night', '--opens-at', '+1h'],
      ...['--rate', '10/s', '--pass-cap', '50', '--json'],
    ]);
    expect(made.err).toBe('');
    expect(made.json).toMatchObject({ sale_id: 'gala', state: 'lobby', rate_per_minute: 600 });
    const again = await usher(['sale', 'create', 'gala', '--name', 'x', '--standing', '--json']);
    expect(again.err).toContain('already_exists');
    const faulty = await usher(['sale', 'create', 'gala-2', '--name', 'x', '--json']);
    expect(faulty.code).toBe(1);
    expect(JSON.parse(faulty.err)).toMatchObject({
      error: 'not_acceptable',
      faults: expect.arrayContaining([
        { field: 'opens_at', option: '--opens-at', message: expect.any(String) },
      ]),
    });
  });

  it('watches a sale for a second, a line of JSON', async () => {
    const watched = await usher(['sale', 'watch', saleId, '--for', '1', '--json']);
    expect(watched.code).toBe(0);
    expect(watched.json).toMatchObject({ sale_id: saleId, seats: { free: 12 }, waiting: 0 });
  });

  it('imports files and names line, column and field of each fault', async () => {
    const sound = join(folder, 'sound.yaml');
    writeFileSync(sound, 'sales:\n  - { key: desk, name: Box office, standing: true }\n');
    expect((await usher(['import', sound, '--json'])).json).toMatchObject({
      ok: true,
      files: [{ ok: true, report: { counts: { sales: { added: 1 } } } }],
    });
    const faulty = join(folder, 'faulty.yaml');
    writeFileSync(faulty, 'sales:\n  - key: desk-2\n    name: ""\n    standing: true\n');
    const refused = await usher(['import', faulty]);
    expect(refused.code).toBe(1);
    expect(refused.err).toContain(`${faulty}:3:11 sales[0].name: must not be empty`);
  });

  it('logs in with name and password, keeps the token private, and manages the staff', async () => {
    await login('admin');
    const added = await usher(
      ['staff', 'add', 'mira', '--role', 'ops', '--password-stdin', '--json'],
      'correct horse\n',
    );
    expect(added.json).toEqual({ name: 'mira', role: 'ops' });
    expect((await usher(['staff', 'list', '--json'])).json).toMatchObject([{ name: 'mira' }]);
    const argv = ['login', api.url, '--name', 'mira', '--password-stdin', '--json'];
    expect((await usher(argv, 'wrong')).err).toContain('login_failed');
    expect((await usher(argv, 'correct horse')).json).toMatchObject({ url: api.url, name: 'mira' });
    expect((await usher(['sale', 'list'])).code).toBe(0);
    expect((await usher(['staff', 'list', '--json'])).err).toContain('forbidden');
    await login('admin');
    expect((await usher(['staff', 'remove', 'mira'])).code).toBe(0);
  });
});
