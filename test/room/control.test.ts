// What staff do to a room that lives, by the calls of the command line, and how soon it acts.
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { type Gate, openGate } from '../../admission/gate.js';
import type { Pump } from '../../admission/pump.js';
import { roomRoutes } from '../../api/routes/room.js';
import { staffRoutes } from '../../api/routes/staff-all.js';
import { listAudit } from '../../core/store/catalog/audit.js';
import { type Crowds, openCrowds, pumpForMs, pumpUntil } from '../support/crowds.js';
import { openRoomBench, type RoomBench } from '../support/rooms.js';
import { serveRoutes, type TestApi } from '../support/routes.js';
import { openTestStores, type TestStores } from '../support/stores.js';
import { until } from '../support/until.js';

const actsWithinMs = 1_000;
let stores: TestStores;
let api: TestApi;
let gate: Gate;
let bench: RoomBench;
let crowds: Crowds;
let pump: Pump;

beforeAll(async () => {
  stores = await openTestStores(1);
  api = await serveRoutes(stores, (deps) => {
    gate = openGate(deps);
    Object.assign(deps, { gate });
    return [...roomRoutes(deps), ...staffRoutes(deps)];
  });
  bench = await openRoomBench({ on: { stores, secrets: api.deps.secrets } });
  crowds = openCrowds(bench, gate);
});
beforeEach(() => {
  pump = bench.openPump();
});
afterAll(async () => {
  gate.close();
  await bench.close();
  await api.close();
  await stores.close();
});

const minute = () => Date.now() + 60_000;
const staffToken = () =>
  api.deps.tokens.signSession({ fanId: 'olga', epoch: 1, role: 'ops', expiresAtMs: minute() });
const fanToken = (fanId: string) =>
  api.deps.tokens.signSession({ fanId, epoch: 1, expiresAtMs: minute() });

async function staff(path: string, body: unknown = {}): Promise<Record<string, unknown>> {
  const call = { method: 'POST', token: staffToken(), body };
  const answer = await api.call(`/api/v1/staff/${path}`, call);
  expect(answer.body).not.toHaveProperty('error');
  return answer.body;
}

async function joinAs(saleId: string, fanId: string) {
  const path = `/api/v1/sales/${saleId}/join`;
  return api.call(path, { method: 'POST', token: fanToken(fanId), body: {} });
}

async function placeOf(saleId: string, fanId: string) {
  return (await api.call(`/api/v1/sales/${saleId}/place`, { token: fanToken(fanId) })).body;
}

async function auditOf(subject: string) {
  const [entry] = await listAudit(stores.catalog, { subject, limit: 1 });
  return entry;
}

/** Numbers as another process tells them: its gate has heard of no command. */
async function soon(saleId: string, wanted: Record<string, unknown>): Promise<void> {
  const other = bench.openGate();
  const told = async () => {
    await pump.tick(saleId);
    const room: Record<string, unknown> = await other.room(saleId);
    return Object.entries(wanted).every(([key, value]) => room[key] === value);
  };
  await until(told, { what: JSON.stringify(wanted), ms: actsWithinMs + 1_000 });
}

describe('a command of staff', () => {
  it('admits the next of the line at once, beside the rate but within the pass cap', async () => {
    const saleId = await bench.addSale({ ratePerMinute: 6, passCap: 25 });
    const fans = await crowds.joinAll(saleId, 40);
    await pump.tick(saleId);
    expect(await crowds.admittedCount(saleId)).toBe(1);
    expect(await staff(`sales/${saleId}/admit`, { fans: 20 })).toMatchObject({ admitting: 20 });
    await pump.tick(saleId);
    expect(await crowds.admittedCount(saleId)).toBe(21);
    expect(await staff(`sales/${saleId}/admit`, { fans: 20 })).toMatchObject({ admitting: 4 });
    await pumpForMs(saleId, [pump], 300);
    const rows = await crowds.admissions(saleId);
    expect(new Set(rows.map((row) => row.fanId))).toEqual(new Set(fans.slice(0, 25)));
    expect(await auditOf(saleId)).toMatchObject({
      actor: 'olga',
      action: 'sale.admit',
      before: { now_serving: expect.any(Number) },
      after: { asked: 20, admitting: 4 },
    });
  });

  it('changes rate, cap and message for every process within a second', async () => {
    const saleId = await bench.addSale({ ratePerMinute: 60, passCap: 1 });
    await crowds.joinAll(saleId, 3);
    await soon(saleId, { state: 'open', reason: 'pass_cap' });
    await staff(`sales/${saleId}/rate`, { rate_per_minute: 600, no_show_percent: 10 });
    await staff(`sales/${saleId}/message`, { message: 'More seats at ten' });
    await soon(saleId, { rate_set_per_minute: 600, message: 'More seats at ten' });
    const [entry] = (await listAudit(stores.catalog, { subject: saleId })).slice(1);
    expect(entry).toMatchObject({
      actor: 'olga',
      before: { rate_per_minute: 60, no_show_percent: 0 },
      after: { rate_per_minute: 600, no_show_percent: 10 },
    });
    await staff(`sales/${saleId}/pass-cap`, { pass_cap: 3 });
    await pumpUntil(
      saleId,
      [pump],
      async () => (await crowds.admittedCount(saleId)) === 3,
      'all three',
    );
  });

  it('pauses and resumes, closes and reopens; places stay as they were', async () => {
    const saleId = await bench.addSale({ passCap: 1 });
    const fans = await crowds.joinAll(saleId, 3);
    const last = fans[2] ?? '';
    await pump.tick(saleId);
    for (const [stop, go, state] of [
      ['pause', 'resume', 'paused'],
      ['close', 'reopen', 'closed'],
    ] as const) {
      await staff(`sales/${saleId}/${stop}`);
      await soon(saleId, { state, reason: state });
      await staff(`sales/${saleId}/${go}`);
      await soon(saleId, { state: 'open' });
      expect(await auditOf(saleId)).toMatchObject({ action: `sale.${go}` });
      expect(await placeOf(saleId, last)).toMatchObject({ state: 'waiting', place: 3 });
    }
    const newcomer = (await bench.addFans(1))[0] ?? '';
    await staff(`sales/${saleId}/close`);
    expect((await joinAs(saleId, newcomer)).body.error).toBe('sale_closed');
    await staff(`sales/${saleId}/reopen`);
    expect((await joinAs(saleId, newcomer)).body).toMatchObject({ place: 4 });
  });

  it('drains: nobody new gets a place, those who wait are served', async () => {
    const saleId = await bench.addSale({ passCap: 2 });
    const fans = await crowds.joinAll(saleId, 3);
    await pump.tick(saleId);
    await staff(`sales/${saleId}/drain`);
    await staff(`sales/${saleId}/pass-cap`, { pass_cap: 9 });
    const [newcomer = ''] = await bench.addFans(1);
    expect((await joinAs(saleId, newcomer)).body.error).toBe('sale_closed');
    expect((await joinAs(saleId, fans[2] ?? '')).body).toMatchObject({ place: 3 });
    await pumpUntil(
      saleId,
      [pump],
      async () => (await crowds.admittedCount(saleId)) === 3,
      'the rest of the line',
    );
    await soon(saleId, { reason: 'draining' });
    await staff(`sales/${saleId}/reopen`);
    expect((await joinAs(saleId, newcomer)).status).toBe(201);
  });

  it('delays an opening, and the lobby keeps its order', async () => {
    const saleId = await bench.addSale({ opensInMs: 60_000 });
    const fans = await crowds.joinAll(saleId, 3);
    const to = new Date(Date.now() + 1_500).toISOString();
    await staff(`sales/${saleId}/delay`, { to });
    await soon(saleId, { state: 'lobby', opens_at: to });
    await staff(`sales/${saleId}/delay`, { to: new Date(Date.now() + 2_000).toISOString() });
    for (const [index, fanId] of fans.entries()) {
      expect(await placeOf(saleId, fanId)).toMatchObject({ state: 'lobby', place: index + 1 });
    }
    await pumpUntil(
      saleId,
      [pump],
      async () => (await crowds.admittedCount(saleId)) === 3,
      'the opening',
    );
    expect((await crowds.admissions(saleId)).map((row) => row.fanId)).toEqual(fans);
  });
});

describe('somebody whom staff put out', () => {
  it('loses place and pass at once in every process, and the room stays shut', async () => {
    const saleId = await bench.addSale({ passCap: 1 });
    const [inside = '', waiting = ''] = await crowds.joinAll(saleId, 2);
    await pump.tick(saleId);
    const pass = api.deps.tokens.readPass(String((await placeOf(saleId, inside)).pass));
    for (const fanId of [inside, waiting]) {
      await staff(`sales/${saleId}/revoke`, { fan_id: fanId, reason: 'sold it on' });
    }
    expect(gate.isRevoked(pass.passId)).toBe(true);
    const other = bench.openGate();
    await until(() => other.isRevoked(pass.passId), { what: 'the other process to know' });
    for (const fanId of [inside, waiting]) {
      expect((await joinAs(saleId, fanId)).body.error).toBe('banned');
    }
    expect(await auditOf(saleId)).toMatchObject({ action: 'sale.revoke' });
  });

  it('waits for ever when banned, without being told, and goes on when the ban is taken back', async () => {
    const saleId = await bench.addSale({ passCap: 1 });
    const fans = await crowds.joinAll(saleId, 3);
    const [inside = '', banned = '', next = ''] = fans;
    await pump.tick(saleId);
    const pass = api.deps.tokens.readPass(String((await placeOf(saleId, inside)).pass));
    for (const fanId of [inside, banned]) await staff(`fans/${fanId}/ban`, { reason: 'a bot' });
    expect(gate.isRevoked(pass.passId)).toBe(true);
    await pumpUntil(
      saleId,
      [pump],
      async () => (await crowds.admittedCount(saleId)) === 2,
      'the next in line',
    );
    expect(await placeOf(saleId, next)).toMatchObject({ state: 'admitted' });
    const told = await placeOf(saleId, banned);
    expect(told).toMatchObject({ state: 'waiting', place: null, eta_seconds: null });
    expect(Number(told.ahead)).toBeGreaterThan(0);
    const newcomer = (await bench.addFans(1))[0] ?? '';
    await staff(`fans/${newcomer}/ban`, { reason: 'a bot' });
    expect((await joinAs(saleId, newcomer)).body).toMatchObject({ state: 'waiting' });
    await staff(`sales/${saleId}/pass-cap`, { pass_cap: 9 });
    await pumpForMs(saleId, [pump], 300);
    expect(await crowds.admittedCount(saleId)).toBe(2);

    await staff(`fans/${banned}/unban`, { reason: 'a mistake' });
    expect(await placeOf(saleId, banned)).toMatchObject({ state: 'waiting' });
    await pumpUntil(
      saleId,
      [pump],
      async () => (await crowds.admittedCount(saleId)) === 3,
      'the one who is banned no more',
    );
    expect(await placeOf(saleId, banned)).toMatchObject({ state: 'admitted' });
    expect((await crowds.admissions(saleId)).map((row) => row.fanId)).not.toContain(newcomer);
    const seen = await api.call(`/api/v1/staff/sales/${saleId}/room`, { token: staffToken() });
    expect(seen.body).toMatchObject({ lobby: 'arrival', pass_cap: 9 });
    const caught = async () => {
      const path = `/api/v1/staff/sales/${saleId}/room`;
      const room = await api.call(path, { token: staffToken() });
      return Number((room.body.caught as Record<string, number>).endless) > 0;
    };
    await until(caught, { what: 'the count of banned joins' });
  });

  it('is found with passes on all sales, and is erased with them', async () => {
    const saleId = await bench.addSale();
    const [fanId = ''] = await crowds.joinAll(saleId, 1);
    await pump.tick(saleId);
    const found = await staff('fans/find', { fan_id: fanId });
    expect(found).toMatchObject({
      fan_id: fanId,
      state: 'active',
      passes: [{ sale_id: saleId, state: 'live' }],
      reservations: [],
      silent_shards: [],
    });
    expect(await staff(`fans/${fanId}/erase`)).toMatchObject({ state: 'erased' });
    expect(await staff('fans/find', { fan_id: fanId })).toMatchObject({
      email: null,
      passes: [{ state: 'left' }],
    });
  });
});
