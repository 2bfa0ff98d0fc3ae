import { randomOf } from '../../loadtest/crowd/random.js';
import { addFans, type Fan, signUp } from '../support/journey.js';
import type { World } from '../support/world.js';
import type { Callers, Making } from './cases.js';
import { type Operation, readApi } from './operations.js';
import type { Known } from './schema.js';

/** A world in which something has happened, so that hostile calls find things to hurt. */
export type Stage = {
  operations: Operation[];
  callers: Callers;
  known: Known;
  /** Each route has chances of its own, so that it alone is played as it is among the others. */
  makingOf(operation: Operation): Making;
};

const roles = ['box_office', 'ops', 'admin'] as const;

export async function setStage(world: World, seed: string): Promise<Stage> {
  const [other, spare, victim] = (await addFans(world, 3)) as [Fan, Fan, Fan];
  const fan = await signUp(world);
  const expiresAtMs = Date.now() + 3_600_000;
  const staff = roles.map((role) => {
    const token = world.tokens.signSession({ fanId: `the-${role}`, epoch: 1, role, expiresAtMs });
    return [role, { authorization: `Bearer ${token}` }] as const;
  });
  const { headers, known } = await buyAndHold(world, fan, staff[2]?.[1].authorization ?? '');
  const callers: Callers = {
    nobody: {},
    forger: { authorization: `Bearer ${forged(fan.token)}` },
    passholder: { authorization: `Bearer ${headers['usher-pass']}` },
    fan: { authorization: `Bearer ${fan.token}`, ...headers },
    other: { authorization: `Bearer ${other.token}`, 'usher-pass': headers['usher-pass'] ?? '' },
    spare: { authorization: `Bearer ${spare.token}` },
    ...Object.fromEntries(staff),
  };
  const { operations, resolve } = await readApi(world.url);
  const makings = new Map<string, Making>();
  const all: Known = { ...known, fan_id: [victim.fanId] };
  const makingOf = ({ name }: Operation): Making => {
    const random = randomOf(`${seed} ${name}`);
    const fresh = { random, callers, known: all, sampler: { random, known: all, resolve } };
    const making = makings.get(name) ?? fresh;
    makings.set(name, making);
    return making;
  };
  return { operations, callers, known: all, makingOf };
}

/** The same token for an admin, under the old signature. */
function forged(token: string): string {
  const [head = '', payload = '', signature = ''] = token.split('.');
  const claims = JSON.parse(Buffer.from(payload, 'base64url').toString()) as object;
  const text = JSON.stringify({ ...claims, role: 'admin' });
  return [head, Buffer.from(text).toString('base64url'), signature].join('.');
}

/** One fan pays one reservation, gives one back for money, and holds one. */
async function buyAndHold(
  world: World,
  fan: Fan,
  authorization: string,
): Promise<{ headers: Record<string, string>; known: Known }> {
  const pass = async () => ({ pass: await fan.pass('desk') });
  const [first = 0, second = 0] = world.showIds;
  const paid = [];
  for (const seats of [['A-1', 'A-2'], ['B-1']]) {
    const held = await fan.reserve(first, { seats }, await pass());
    paid.push(await fan.confirm(String(held.body.reservation_id)));
  }
  const [kept = '', cancelled = ''] = paid.map(({ body }) => String(body.booking_id));
  const refund = await fan.call('POST', `/staff/bookings/${cancelled}/cancel`, {
    body: { refund: 'full' },
    headers: { authorization },
  });
  const held = await fan.reserve(second, { seats: ['A-5'] }, await pass());
  const [ticket] = (paid[0]?.body.tickets ?? []) as { ticket_id: string; qr_code: string }[];
  const shows = [...world.showIds, world.rushId].map(String);
  const known: Known = {
    show_id: shows,
    sale_id: ['desk', 'rush'],
    sale: ['desk', 'rush'],
    seats: [['A-3'], ['A-3', 'A-4'], ['B-7', 'B-8', 'B-9'], ['P-1']],
    seat: ['A-3', 'B-9'],
    reservation_id: [String(held.body.reservation_id)],
    request_id: [String(held.body.request_id)],
    booking_id: [kept, cancelled],
    refund_id: [String(refund.body.refund_id)],
    ...{ ticket_id: [ticket?.ticket_id], qr: [ticket?.qr_code] },
    payment_token: ['pm_card_visa', 'pm_card_chargeDeclined', 'pm_card_authenticationRequired'],
    ...{ movie_id: ['metropolis'], movie: ['metropolis'], cinema_id: ['ufa'], hall: ['hall'] },
    ...{ city: ['Berlin', 'berlin'], cinema: ['ufa', 'Ufa'], zone: ['all'], currency: ['EUR'] },
    ...{ lane: ['1-0', '1-1', '2-3'], date: ['2026-01-01'], day: ['2026-01-01'] },
    ...{ lat_long: ['52.5,13.4'], q: ['Met'], keyword: ['Metropolis'] },
    ...{ rate: ['600/min'], at: ['2031-01-01T20:00:00.000Z'] },
    ...{ password: ['a good long password'], starts_at: ['2031-01-01T20:00:00.000Z'] },
    ...{ issue_id: ['1'], release_id: ['1'], name: ['mira', 'box-1'] },
  };
  return { headers: { 'usher-pass': (await pass()).pass }, known };
}
