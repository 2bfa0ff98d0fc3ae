import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type ErrorCode, errorCatalogue } from '../../core/domain/errors.js';
import { addFans, type Fan, type Told } from '../support/journey.js';
import { type Opened, openWorld, type World } from '../support/world.js';

/** What is sent: everything that a good call has, with one thing changed. */
type Change = {
  body?: unknown;
  headers?: Record<string, string | undefined>;
  /** Text in place of the body's JSON. */
  raw?: string;
};

let opened: Opened;
let world: World;
let fan: Fan;
let other: Fan;
let pass: string;
let show: Record<'open' | 'closed' | 'paused' | 'later' | 'begun' | 'cancelled', number>;

beforeAll(async () => {
  opened = await openWorld({ programs: ['api', 'processor'], shows: 6 });
  world = opened.world;
  [fan, other] = (await addFans(world, 2)) as [Fan, Fan];
  pass = await fan.pass('desk');
  const [open = 0, closed = 0, paused = 0, later = 0, begun = 0, cancelled = 0] = world.showIds;
  show = { open, closed, paused, later, begun, cancelled };
  const gate = async (showId: number, set: string) =>
    (await world.stores.shards.forShow(showId)).change(
      `UPDATE show_gate SET ${set} WHERE show_id = ?`,
      [showId],
    );
  await gate(closed, "state = 'CLOSED'");
  await gate(paused, "state = 'PAUSED'");
  await gate(later, 'opens_at = NOW(3) + INTERVAL 1 HOUR');
  await gate(begun, 'closes_at = NOW(3)');
  await gate(cancelled, "state = 'CANCELLED'");
}, 60_000);
afterAll(() => opened.close());

async function send(path: string, change: Change, method = 'POST'): Promise<Told> {
  const headers = {
    'content-type': 'application/json',
    authorization: `Bearer ${fan.token}`,
    'idempotency-key': randomUUID(),
    ...change.headers,
  };
  const response = await fetch(`${world.url}/api/v1${path}`, {
    method,
    headers: Object.fromEntries(
      Object.entries(headers).filter((entry): entry is [string, string] => entry[1] !== undefined),
    ),
    ...(method === 'GET' ? {} : { body: change.raw ?? JSON.stringify(change.body) }),
  });
  const text = await response.text();
  const body = text === '' ? {} : (JSON.parse(text) as Record<string, unknown>);
  return { status: response.status, body, headers: response.headers };
}

const reserve = ({ body, headers, raw }: Change) =>
  send('/reserve', {
    body: { show_id: String(show.open), seats: ['A-1'], ...(body as object) },
    headers: { 'usher-pass': pass, ...headers },
    ...(raw === undefined ? {} : { raw }),
  });

/** A problem document as the contract has it: the code's status, a sentence, nothing of ours. */
function expectProblem(told: Told, code: ErrorCode): void {
  expect([told.body.error, told.status]).toEqual([code, errorCatalogue[code].status]);
  expect(told.headers.get('content-type')).toMatch(/^application\/problem\+json/);
  expect(told.body).toMatchObject({ status: told.status, title: errorCatalogue[code].title });
  expect(told.body.type).toEqual(expect.stringContaining(code));
  expect(told.body.detail).toMatch(/^[A-Z].{8,}\.$/s);
  expect(JSON.stringify(told.body)).not.toMatch(/\bat \/|node_modules|SELECT|INSERT|ER_[A-Z]/);
}

/** Every row that a request could leave behind, counted. */
async function rows(): Promise<Record<string, number>> {
  const counts: Record<string, number> = {};
  for (const id of world.stores.shards.ids()) {
    for (const table of ['request', 'reservation', 'quota', 'payment', 'outbox', 'show_log']) {
      const [row] = await world.stores.shards
        .byId(id)
        .rows<{ n: number }>(`SELECT COUNT(*) AS n FROM ${table}`);
      counts[table] = (counts[table] ?? 0) + (row?.n ?? 0);
    }
  }
  for (const table of ['fans', 'admission']) {
    const [row] = await world.stores.catalog.rows<{ n: number }>(
      `SELECT COUNT(*) AS n FROM ${table}`,
    );
    counts[table] = row?.n ?? 0;
  }
  return counts;
}

async function refusedWithoutEffect(
  ask: () => Promise<Told>,
  code: ErrorCode,
): Promise<Told['body']> {
  const before = await rows();
  const told = await ask();
  expectProblem(told, code);
  expect(await rows()).toEqual(before);
  return told.body;
}

const deep = (depth: number) => '['.repeat(depth) + ']'.repeat(depth);

describe('reserve', () => {
  it.each<[string, unknown, ErrorCode]>([
    ['a price', { price: 1 }, 'unknown_field'],
    ['a status', { status: 'booked' }, 'unknown_field'],
    ['somebody as the buyer', { fan_id: 'aaaaaaaaaaaa' }, 'unknown_field'],
    ['an end of its own', { expires_at: '2099-01-01T00:00:00.000Z' }, 'unknown_field'],
    [
      'a prototype',
      JSON.parse('{"__proto__": {"admin": true}, "constructor": 1}'),
      'unknown_field',
    ],
    ['a show as a number', { show_id: 1 }, 'malformed'],
    ['no show', { show_id: undefined }, 'malformed'],
    ['seats as text', { seats: 'A-1' }, 'malformed'],
    ['seats as numbers', { seats: [1] }, 'malformed'],
    ['no seats', { seats: [] }, 'malformed'],
    ['a seat twice', { seats: ['A-1', 'A-1'] }, 'malformed'],
    ['a seat that is SQL', { seats: ["A-1' OR 1=1"] }, 'malformed'],
    ['a thousand seats', { seats: Array(1_000).fill('A-1') }, 'malformed'],
    ['seats and a quantity', { quantity: 2 }, 'malformed'],
    ['seats and a zone', { zone: 'all' }, 'malformed'],
    ['neither seats nor quantity', { seats: undefined }, 'malformed'],
    ['quantity 0', { seats: undefined, quantity: 0 }, 'malformed'],
    ['quantity -1', { seats: undefined, quantity: -1 }, 'malformed'],
    ['quantity 1.5', { seats: undefined, quantity: 1.5 }, 'malformed'],
    ['quantity "2"', { seats: undefined, quantity: '2' }, 'malformed'],
    ['quantity 1e9', { seats: undefined, quantity: 1e9 }, 'malformed'],
    ['quantity null', { seats: undefined, quantity: null }, 'malformed'],
    ['a zone that is not there', { seats: undefined, quantity: 1, zone: 'moon' }, 'not_acceptable'],
    ['another movie', { movie_id: 'nosferatu' }, 'not_acceptable'],
    ['an unknown seat', { seats: ['Z-9'] }, 'unknown_seat'],
    ['a good and an unknown seat', { seats: ['A-1', 'Z-9'] }, 'unknown_seat'],
    ['a seat of another show', { seats: ['P-1'] }, 'unknown_seat'],
    ['an unknown show', { show_id: '999999' }, 'not_found'],
    ['a show that is SQL', { show_id: '1 OR 1=1' }, 'not_found'],
  ])('refuses %s', async (_name, body, code) => {
    await refusedWithoutEffect(() => reserve({ body }), code);
  });

  it.each<[string, string, ErrorCode]>([
    ['no JSON', '{"show_id":', 'malformed'],
    ['an array', '[]', 'malformed'],
    ['null', 'null', 'malformed'],
    ['text', '"A-1"', 'malformed'],
    ['nothing', '', 'malformed'],
    ['deep nesting', deep(3_000), 'malformed'],
    ['deeper nesting', deep(10_000), 'too_large'],
    ['ten megabytes', `{"seats":"${'x'.repeat(10_000_000)}"}`, 'too_large'],
  ])('refuses a body that is %s', async (_name, raw, code) => {
    await refusedWithoutEffect(() => reserve({ raw }), code);
  });

  it.each<[string, Record<string, string | undefined>, ErrorCode]>([
    ['another content type', { 'content-type': 'text/plain' }, 'wrong_type'],
    ['a form', { 'content-type': 'application/x-www-form-urlencoded' }, 'wrong_type'],
    ['no identity', { authorization: undefined }, 'unauthenticated'],
    ['another scheme', { authorization: 'Basic YTpi' }, 'unauthenticated'],
    ['a token that is none', { authorization: 'Bearer abc.def.ghi' }, 'token_invalid'],
    ['no key', { 'idempotency-key': undefined }, 'malformed'],
    ['a key too long', { 'idempotency-key': 'k'.repeat(256) }, 'malformed'],
    ['a key of two words', { 'idempotency-key': 'two words' }, 'malformed'],
    ['no pass', { 'usher-pass': undefined }, 'pass_missing'],
    ['a pass that is none', { 'usher-pass': 'abc.def.ghi' }, 'pass_invalid'],
  ])('refuses %s', async (_name, headers, code) => {
    await refusedWithoutEffect(() => reserve({ headers }), code);
  });

  const inAnHour = () => Date.now() + 3_600_000;
  const claims = () => ({
    passId: 'p'.repeat(16),
    fanId: fan.fanId,
    saleId: 'desk',
    expiresAtMs: inAnHour(),
  });
  /** The same token with other contents under the old signature. */
  const edited = (token: string, change: object) => {
    const [head = '', payload = '', signature = ''] = token.split('.');
    const contents = JSON.parse(Buffer.from(payload, 'base64url').toString()) as object;
    const text = JSON.stringify({ ...contents, ...change });
    return [head, Buffer.from(text).toString('base64url'), signature].join('.');
  };
  const unsigned = (token: string) => {
    const head = Buffer.from('{"alg":"none","typ":"usher-pass"}').toString('base64url');
    return `${head}.${token.split('.')[1]}.`;
  };

  it.each<[string, () => string, ErrorCode]>([
    [
      'of another fan',
      () => world.tokens.signPass({ ...claims(), fanId: other.fanId }),
      'pass_foreign',
    ],
    [
      'of another sale',
      () => world.tokens.signPass({ ...claims(), saleId: 'rush' }),
      'pass_foreign',
    ],
    [
      'that is over',
      () => world.tokens.signPass({ ...claims(), expiresAtMs: Date.now() - 60_000 }),
      'pass_expired',
    ],
    ['that was edited', () => edited(pass, { jti: 'q'.repeat(16) }), 'pass_invalid'],
    ['that was made longer', () => edited(pass, { exp: 4_000_000_000 }), 'pass_invalid'],
    ['without a signature', () => unsigned(pass), 'pass_invalid'],
    ['that is a session', () => fan.token, 'pass_invalid'],
    [
      'that is a receipt',
      () => world.tokens.signReceipt({ fanId: fan.fanId, saleId: 'desk', epoch: 1, score: 1 }),
      'pass_invalid',
    ],
  ])('refuses a pass %s', async (_name, make, code) => {
    await refusedWithoutEffect(() => reserve({ headers: { 'usher-pass': make() } }), code);
  });

  it('refuses a pass or a staff token as a session', async () => {
    const staff = world.tokens.signSession({
      fanId: 'boss',
      epoch: 1,
      role: 'admin',
      expiresAtMs: inAnHour(),
    });
    const as = (token: string) => reserve({ headers: { authorization: `Bearer ${token}` } });
    await refusedWithoutEffect(() => as(pass), 'token_invalid');
    await refusedWithoutEffect(() => as(staff), 'forbidden');
  });

  it.each<[keyof typeof show, ErrorCode]>([
    ['closed', 'sale_closed'],
    ['paused', 'sale_paused'],
    ['later', 'sale_not_open'],
    ['begun', 'show_begun'],
    ['cancelled', 'sale_closed'],
  ])('refuses a show whose gate is %s', async (name, code) => {
    await refusedWithoutEffect(() => reserve({ body: { show_id: String(show[name]) } }), code);
  });

  it('says when a sale opens, and when to come again', async () => {
    const told = await reserve({ body: { show_id: String(show.later) } });
    expect(Date.parse(String(told.body.opens_at))).toBeGreaterThan(Date.now());
    expect(Number(told.headers.get('retry-after'))).toBeGreaterThan(3_500);
  });

  it('takes what older clients send', async () => {
    const [old] = (await addFans(world, 1)) as [Fan];
    const told = await reserve({
      body: { seats: ['B-10'], api_key: 'k', session_id: 's', movie_id: 'metropolis' },
      headers: { authorization: `Bearer ${old.token}`, 'usher-pass': await old.pass('desk') },
    });
    expect(told.status).toBe(200);
  });

  it('holds nothing for a wish over the cap', async () => {
    const before = await rows();
    const told = await reserve({ body: { seats: undefined, quantity: 11 } });
    expectProblem(told, 'cap_reached');
    expect((await rows()).reservation).toBe(before.reservation);
  });

  it('refuses another body under a key, for the same show and for another one', async () => {
    const headers = { 'idempotency-key': randomUUID() };
    expectProblem(await reserve({ body: { seats: ['B-10'] }, headers }), 'seats_taken');
    await refusedWithoutEffect(() => reserve({ body: { seats: ['A-2'] }, headers }), 'key_reused');
    const elsewhere = { show_id: String(show.closed), seats: ['B-10'] };
    await refusedWithoutEffect(() => reserve({ body: elsewhere, headers }), 'key_reused');
  });

  it('refuses a pass that was given back', async () => {
    const [leaver] = (await addFans(world, 1)) as [Fan];
    const left = await leaver.pass('desk');
    expect((await leaver.call('POST', '/sales/desk/leave', { body: {} })).status).toBe(204);
    const headers = { authorization: `Bearer ${leaver.token}`, 'usher-pass': left };
    await refusedWithoutEffect(() => reserve({ headers }), 'pass_revoked');
  });
});

describe('what belongs to somebody else', () => {
  let ids: { request: string; reservation: string };
  beforeAll(async () => {
    const told = await other.reserve(
      show.open,
      { seats: ['B-1'] },
      { pass: await other.pass('desk') },
    );
    ids = {
      request: String(told.body.request_id),
      reservation: String(told.body.reservation_id),
    };
  });

  type Ask = (id: string) => Promise<Told>;
  const confirm: Ask = (id) =>
    send('/confirm', { body: { reservation_id: id, payment_token: 'pm_card_visa' } });
  const asks: [string, 'request' | 'reservation' | 'booking', Ask][] = [
    ['a request', 'request', (id) => send(`/requests/${id}`, {}, 'GET')],
    ['taking a request back', 'request', (id) => send(`/requests/${id}`, { body: {} }, 'DELETE')],
    ['a reservation', 'reservation', (id) => send(`/reservations/${id}`, {}, 'GET')],
    ['giving one back', 'reservation', (id) => send(`/reservations/${id}`, { body: {} }, 'DELETE')],
    ['extending one', 'reservation', (id) => send(`/reservations/${id}/extend`, { body: {} })],
    ['paying one', 'reservation', confirm],
    ['a booking', 'booking', (id) => send(`/bookings/${id}`, {}, 'GET')],
    ['its tickets', 'booking', (id) => send(`/bookings/${id}/tickets.pdf`, {}, 'GET')],
  ];

  it.each(asks)('is not there: %s', async (_name, kind, ask) => {
    const foreign = kind === 'booking' ? ids.reservation.replace('res_', 'bkg_') : ids[kind];
    const told = await refusedWithoutEffect(() => ask(foreign), 'not_found');
    const strangers = [
      foreign.replace(/_[^_]+$/, '_zzzzz'),
      foreign.replace(/^([a-z]+)_[^_]+/, '$1_zzzzz'),
      'nonsense',
      `${foreign}%00`,
      `${foreign}'--`,
    ];
    for (const stranger of strangers) {
      expect(
        await refusedWithoutEffect(() => ask(encodeURIComponent(stranger)), 'not_found'),
      ).toEqual(told);
    }
  });
});

describe('other calls', () => {
  it.each<[string, string, unknown, ErrorCode]>([
    ['a role at sign-up', '/signup', { role: 'admin' }, 'unknown_field'],
    ['a mail address that is none', '/signup', { email: 'nobody' }, 'malformed'],
    ['a short password', '/signup', { password: 'short' }, 'malformed'],
    ['a password as a list', '/signup', { password: ['x'] }, 'malformed'],
    ['a name with control characters', '/signup', { name: 'a\u0000b' }, 'malformed'],
  ])('refuse %s', async (_name, path, change, code) => {
    const body = {
      email: `${randomUUID()}@example.org`,
      password: 'a good long password',
      ...(change as object),
    };
    await refusedWithoutEffect(() => send(path, { body }), code);
  });

  it.each<[string, string, unknown, ErrorCode]>([
    ['a place of one’s choice', '/sales/desk/join', { place: 1 }, 'unknown_field'],
    ['a sale that is not there', '/sales/none/join', {}, 'not_found'],
    ['no reservation', '/confirm', { payment_token: 'pm_card_visa' }, 'malformed'],
    ['a price of one’s own', '/confirm', { amount: 1 }, 'unknown_field'],
    [
      'a card number',
      '/confirm',
      { reservation_id: 'res_1_1', payment_token: '4242 4242 4242 4242' },
      'malformed',
    ],
    ['staff work', '/staff/sales/desk/close', {}, 'forbidden'],
  ])('refuse %s', async (_name, path, body, code) => {
    await refusedWithoutEffect(() => send(path, { body }), code);
  });

  it.each<[string, string, ErrorCode]>([
    ['deep nesting', `{"reservation_id":${deep(10_000)}}`, 'malformed'],
    ['no JSON', '{', 'malformed'],
    ['a megabyte', `{"reservation_id":"${'x'.repeat(1_000_000)}"}`, 'too_large'],
  ])('refuse a body that is %s', async (_name, raw, code) => {
    await refusedWithoutEffect(() => send('/confirm', { raw }), code);
  });

  it('refuse what is no JSON by its type', async () => {
    const headers = { 'content-type': 'text/plain' };
    await refusedWithoutEffect(() => send('/confirm', { raw: '{}', headers }), 'wrong_type');
  });

  it('refuse events that the provider has not signed', async () => {
    const raw = JSON.stringify({ id: 'evt_1', type: 'payment_intent.succeeded' });
    const headers = { 'stripe-signature': 't=1,v1=00' };
    await refusedWithoutEffect(() => send('/payments/webhook', { raw, headers }), 'malformed');
  });

  it('do not exist where there is nothing', async () => {
    await refusedWithoutEffect(() => send('/nowhere', { body: {} }), 'not_found');
  });
});
