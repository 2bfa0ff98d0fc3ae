// Joining past Express answers what the ordinary route answers, to good calls and to bad ones.
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type Gate, openGate } from '../admission/gate.js';
import { buckets, openLimits } from '../api/limits.js';
import { openRoomBench, type RoomBench } from '../test/support/rooms.js';
import { serveRoutes, type TestApi } from '../test/support/routes.js';
import { openTestStores, type TestStores } from '../test/support/stores.js';
import { until } from '../test/support/until.js';
import { buildServer } from './http.js';
import { roomRoutes } from './routes/room.js';

let stores: TestStores;
let bench: RoomBench;
let api: TestApi;
let gate: Gate;
let server: Server;
let url: string;

beforeAll(async () => {
  stores = await openTestStores(1);
  api = await serveRoutes(stores, (deps) => {
    gate = openGate(deps);
    Object.assign(deps, { gate, limits: openLimits(deps.redis, deps.names, 'normal') });
    return roomRoutes(deps);
  });
  api.app.set('trust proxy', 'loopback');
  bench = await openRoomBench({ on: { stores, secrets: api.deps.secrets } });
  server = buildServer(api.app, api.deps);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(async () => {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
  gate.close();
  await bench.close();
  await api.close();
  await stores.close();
});

type Call = { sale?: string; headers?: Record<string, string>; body?: string };
type Told = { status: number; type: string | null; retry: string | null; body: unknown };

/** The same call by either way: a query makes it one for Express. */
async function told(saleId: string, way: 'fast' | 'ordinary', call: Call): Promise<Told> {
  const path = `/api/v1/sales/${call.sale ?? saleId}/join${way === 'fast' ? '' : '?'}`;
  const headers = { 'content-type': 'application/json', ...call.headers };
  const body = call.body ?? '{}';
  const answer = await fetch(`${url}${path}`, { method: 'POST', headers, body });
  const text = (await answer.text()).replaceAll(saleId, 'SALE');
  const { receipt, pass, pass_expires_at, ...rest } = JSON.parse(text) as Record<string, unknown>;
  // Signatures differ by their time; that there are some must not.
  return {
    status: answer.status,
    type: answer.headers.get('content-type'),
    retry: answer.headers.get('retry-after'),
    body: {
      ...rest,
      hasReceipt: typeof receipt,
      hasPass: typeof pass,
      ends: typeof pass_expires_at,
    },
  };
}

const bearer = (fanId: string, role?: 'ops'): Record<string, string> => ({
  authorization: `Bearer ${api.deps.tokens.signSession({
    fanId,
    epoch: 1,
    expiresAtMs: Date.now() + 60_000,
    ...(role ? { role } : {}),
  })}`,
});

/** Both ways in rooms of their own, with fans of their own. */
async function compare(
  wish: Parameters<RoomBench['addSale']>[0],
  callsOf: (fanId: string, receipt: string) => Call[],
  set = '',
): Promise<number[]> {
  const answers: Told[][] = [];
  for (const way of ['fast', 'ordinary'] as const) {
    const saleId = await bench.addSale(wish);
    if (set !== '')
      await stores.catalog.change(`UPDATE sales SET ${set} WHERE sale_id = ?`, [saleId]);
    const [fanId = '', other = ''] = await bench.addFans(2);
    const receipt = api.deps.tokens.signReceipt({ saleId, fanId: other, epoch: 1, score: 1 });
    const list: Told[] = [];
    for (const call of callsOf(fanId, receipt)) list.push(await told(saleId, way, call));
    answers.push(list);
  }
  expect(answers[0]).toEqual(answers[1]);
  return (answers[0] ?? []).map(({ status }) => status);
}

describe('joining past Express', () => {
  it('takes and tells a place as the route does', async () => {
    const statuses = await compare({}, (fanId) => [
      { headers: bearer(fanId) },
      { headers: bearer(fanId) },
      { headers: { ...bearer(fanId), 'content-type': 'application/json; charset=UTF-8' } },
      { headers: { ...bearer(fanId), 'usher-presence': 'phone' }, body: '' },
      { headers: { ...bearer(fanId), 'usher-receipt': 'x'.repeat(2_000) } },
      { headers: bearer(fanId), body: '{"api_key":"old","session_id":"old"}' },
    ]);
    expect(statuses).toEqual([201, 200, 200, 200, 200, 200]);
  });

  it('refuses what the route refuses, with the same words', async () => {
    const statuses = await compare({}, (fanId, receipt) => {
      const headers = bearer(fanId);
      return [
        {},
        { headers: { authorization: 'Bearer nonsense' } },
        { headers: { authorization: 'Basic eDp5' } },
        { headers: bearer('tester', 'ops') },
        { headers, body: '{"place":1}' },
        { headers, body: '{"code":7}' },
        { headers, body: `{"code":"${'x'.repeat(65)}"}` },
        { headers, body: '{"receipt":""}' },
        { headers, body: '{"receipt":"nonsense"}' },
        { headers, body: JSON.stringify({ receipt }) },
        { headers: { ...headers, 'usher-receipt': receipt } },
        { headers, body: '[1]' },
        { headers, body: '{"code":' },
        { body: '{"code":' },
        { headers: { ...headers, 'content-type': 'text/plain' } },
        { headers: { ...headers, 'content-type': 'application/json; charset=latin1' } },
        { headers, sale: 'no-such-sale' },
        { headers, sale: 'NOT%20ONE' },
      ];
    });
    expect(statuses).toEqual([
      401, 401, 401, 403, 400, 400, 400, 400, 422, 422, 422, 400, 400, 400, 415, 415, 404, 404,
    ]);
    const huge = { headers: bearer('f'), body: `{"code":"${'x'.repeat(120_000)}"}` };
    for (const way of ['fast', 'ordinary'] as const) {
      expect(await told('any', way, huge)).toMatchObject({
        status: 413,
        body: { error: 'too_large' },
      });
    }
  });

  it.each([
    ['that is closed', "state = 'CLOSED'", 409],
    ['for holders of a code', "presale_until = '2099-01-01'", 403],
    ['that asks for work', 'pow_difficulty = 1000', 403],
    ['whose lobby opens later', "opens_at = '2099-01-02', lobby_opens_at = '2099-01-01'", 409],
    ['without a crowd', 'standing = 1', 201],
    ['by lot, before the opening', "lobby = 'draw', opens_at = '2099-01-01'", 201],
  ])('tells the same of a sale %s', async (_, set, status) => {
    const [first] = await compare({}, (fanId) => [{ headers: bearer(fanId) }], set);
    expect(first).toBe(status);
  });

  it('lets a banned account wait for ever by either way', async () => {
    const [fanId = ''] = await bench.addFans(1);
    await stores.catalog.change(
      "UPDATE fans SET state = 'BANNED', guarded_at = NOW(3) WHERE fan_id = ?",
      [fanId],
    );
    const claims = { fanId, epoch: 1, expiresAtMs: Date.now() + 60_000 };
    await until(() => api.deps.fans.isBanned(claims), { what: 'the ban to be known' });
    for (const way of ['fast', 'ordinary'] as const) {
      const answer = await told(await bench.addSale(), way, { headers: bearer(fanId) });
      expect(answer).toMatchObject({ status: 201, body: { state: 'waiting', place: null } });
    }
  });

  it('counts one fan over both ways, and a network behind the proxy by its own address', async () => {
    const saleId = await bench.addSale();
    const [fanId = ''] = await bench.addFans(1);
    const { points } = buckets.join;
    const statuses: number[] = [];
    for (let no = 0; no < points + 4; no += 1) {
      const way = no % 2 === 0 ? 'fast' : 'ordinary';
      statuses.push((await told(saleId, way, { headers: bearer(fanId) })).status);
    }
    expect(statuses.slice(0, points)).not.toContain(429);
    expect(statuses).toContain(429);
    const slowed = async () => (await gate.caught(saleId)).slowed > 0;
    await until(slowed, { ms: 5_000, what: 'the slowed calls to be counted' });
    const seen: string[] = [];
    const { take } = api.deps.limits;
    Object.assign(api.deps.limits, {
      take: (name: Parameters<typeof take>[0], who: { address: string; fanId: string }) => {
        seen.push(`${name} ${who.address}`);
      },
    });
    const headers = { ...bearer(fanId), 'x-forwarded-for': '10.9.9.9, 203.0.113.7, 127.0.0.1' };
    for (const way of ['fast', 'ordinary'] as const) await told(saleId, way, { headers });
    Object.assign(api.deps.limits, { take });
    expect(seen).toEqual(
      Array.from({ length: 2 }, () => ['join 203.0.113.7', 'join_network 203.0.113.7']).flat(),
    );
  });
});
