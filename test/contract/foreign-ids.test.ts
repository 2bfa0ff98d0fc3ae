import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { ErrorCode } from '../../core/domain/errors.js';
import { type Change, deepJson, refusedWithoutEffect, sendAs } from '../support/bad-calls.js';
import { addFans, type Fan, type Told } from '../support/journey.js';
import { type Opened, openWorld, type World } from '../support/world.js';

let opened: Opened;
let world: World;
let fan: Fan;
let other: Fan;
let showId: number;

beforeAll(async () => {
  opened = await openWorld({ programs: ['api', 'processor'] });
  world = opened.world;
  [fan, other] = (await addFans(world, 2)) as [Fan, Fan];
  showId = world.showIds[0] ?? 0;
}, 60_000);
afterAll(() => opened.close());

const send = (path: string, change: Change, method?: string) =>
  sendAs({ world, fan }, path, change, method);
const refused = (ask: () => Promise<Told>, code: ErrorCode) =>
  refusedWithoutEffect(world, ask, code);

describe('what belongs to somebody else', () => {
  let ids: { request: string; reservation: string };
  beforeAll(async () => {
    const told = await other.reserve(
      showId,
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
    const told = await refused(() => ask(foreign), 'not_found');
    const strangers = [
      foreign.replace(/_[^_]+$/, '_zzzzz'),
      foreign.replace(/^([a-z]+)_[^_]+/, '$1_zzzzz'),
      'nonsense',
      `${foreign}%00`,
      `${foreign}'--`,
    ];
    for (const stranger of strangers) {
      expect(await refused(() => ask(encodeURIComponent(stranger)), 'not_found')).toEqual(told);
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
    await refused(() => send(path, { body }), code);
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
    await refused(() => send(path, { body }), code);
  });

  it.each<[string, string, ErrorCode]>([
    ['deep nesting', `{"reservation_id":${deepJson(10_000)}}`, 'malformed'],
    ['no JSON', '{', 'malformed'],
    ['a megabyte', `{"reservation_id":"${'x'.repeat(1_000_000)}"}`, 'too_large'],
  ])('refuse a body that is %s', async (_name, raw, code) => {
    await refused(() => send('/confirm', { raw }), code);
  });

  it('refuse what is no JSON by its type', async () => {
    const headers = { 'content-type': 'text/plain' };
    await refused(() => send('/confirm', { raw: '{}', headers }), 'wrong_type');
  });

  it('refuse events that the provider has not signed', async () => {
    const raw = JSON.stringify({ id: 'evt_1', type: 'payment_intent.succeeded' });
    const headers = { 'stripe-signature': 't=1,v1=00' };
    await refused(() => send('/payments/webhook', { raw, headers }), 'malformed');
  });

  it('do not exist where there is nothing', async () => {
    await refused(() => send('/nowhere', { body: {} }), 'not_found');
  });
});
