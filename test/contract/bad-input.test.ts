import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { ErrorCode } from '../../core/domain/errors.js';
import {
  type Change,
  countRows,
  deepJson,
  expectProblem,
  refusedWithoutEffect,
  sendAs,
} from '../support/bad-calls.js';
import { addFans, type Fan, type Told } from '../support/journey.js';
import { type Opened, openWorld, type World } from '../support/world.js';

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

const send = (path: string, change: Change, method?: string) =>
  sendAs({ world, fan }, path, change, method);
const refused = (ask: () => Promise<Told>, code: ErrorCode) =>
  refusedWithoutEffect(world, ask, code);
const reserve = ({ body, headers, raw }: Change) =>
  send('/reserve', {
    body: { show_id: String(show.open), seats: ['A-1'], ...(body as object) },
    headers: { 'usher-pass': pass, ...headers },
    ...(raw === undefined ? {} : { raw }),
  });

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
    await refused(() => reserve({ body }), code);
  });

  it.each<[string, string, ErrorCode]>([
    ['no JSON', '{"show_id":', 'malformed'],
    ['an array', '[]', 'malformed'],
    ['null', 'null', 'malformed'],
    ['text', '"A-1"', 'malformed'],
    ['nothing', '', 'malformed'],
    ['deep nesting', deepJson(3_000), 'malformed'],
    ['deeper nesting', deepJson(10_000), 'too_large'],
    ['ten megabytes', `{"seats":"${'x'.repeat(10_000_000)}"}`, 'too_large'],
  ])('refuses a body that is %s', async (_name, raw, code) => {
    await refused(() => reserve({ raw }), code);
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
    await refused(() => reserve({ headers }), code);
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
    await refused(() => reserve({ headers: { 'usher-pass': make() } }), code);
  });

  it('refuses a pass or a staff token as a session', async () => {
    const staff = world.tokens.signSession({
      fanId: 'boss',
      epoch: 1,
      role: 'admin',
      expiresAtMs: inAnHour(),
    });
    const as = (token: string) => reserve({ headers: { authorization: `Bearer ${token}` } });
    await refused(() => as(pass), 'token_invalid');
    await refused(() => as(staff), 'forbidden');
  });

  it.each<[keyof typeof show, ErrorCode]>([
    ['closed', 'sale_closed'],
    ['paused', 'sale_paused'],
    ['later', 'sale_not_open'],
    ['begun', 'show_begun'],
    ['cancelled', 'sale_closed'],
  ])('refuses a show whose gate is %s', async (name, code) => {
    await refused(() => reserve({ body: { show_id: String(show[name]) } }), code);
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
    const before = await countRows(world);
    const told = await reserve({ body: { seats: undefined, quantity: 11 } });
    expectProblem(told, 'cap_reached');
    expect((await countRows(world)).reservation).toBe(before.reservation);
  });

  it('refuses another body under a key, for the same show and for another one', async () => {
    const headers = { 'idempotency-key': randomUUID() };
    expectProblem(await reserve({ body: { seats: ['B-10'] }, headers }), 'seats_taken');
    await refused(() => reserve({ body: { seats: ['A-2'] }, headers }), 'key_reused');
    const elsewhere = { show_id: String(show.closed), seats: ['B-10'] };
    await refused(() => reserve({ body: elsewhere, headers }), 'key_reused');
  });

  it('refuses a pass that was given back', async () => {
    const [leaver] = (await addFans(world, 1)) as [Fan];
    const left = await leaver.pass('desk');
    expect((await leaver.call('POST', '/sales/desk/leave', { body: {} })).status).toBe(204);
    const headers = { authorization: `Bearer ${leaver.token}`, 'usher-pass': left };
    await refused(() => reserve({ headers }), 'pass_revoked');
  });
});
