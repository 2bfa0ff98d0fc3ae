import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type Gate, openGate } from '../../admission/gate.js';
import { openRoomBench, type RoomBench } from '../../test/support/rooms.js';
import { serveRoutes, type TestApi } from '../../test/support/routes.js';
import { openTestStores, type TestStores } from '../../test/support/stores.js';
import { roomRoutes } from './room.js';

let stores: TestStores;
let bench: RoomBench;
let api: TestApi;
let gate: Gate;

beforeAll(async () => {
  stores = await openTestStores(1);
  api = await serveRoutes(stores, (deps) => {
    gate = openGate(deps);
    return roomRoutes({ ...deps, gate });
  });
  bench = await openRoomBench({ on: { stores, secrets: api.deps.secrets } });
});
afterAll(async () => {
  gate.close();
  await bench.close();
  await api.close();
  await stores.close();
});

function tokenOf(fanId: string): string {
  return api.deps.tokens.signSession({ fanId, epoch: 1, expiresAtMs: Date.now() + 60_000 });
}

describe('the waiting room over HTTP', () => {
  it('takes a fan from join to leave', async () => {
    const saleId = await bench.addSale();
    const base = `/api/v1/sales/${saleId}`;
    const [fanId = ''] = await bench.addFans(1);
    const token = tokenOf(fanId);
    const missing = await api.call(`${base}/place`, { token });
    expect(missing.body).toMatchObject({ status: 404, error: 'not_found' });
    const joined = await api.call(`${base}/join`, { method: 'POST', token, body: {} });
    expect(joined.status).toBe(201);
    expect(joined.body).toMatchObject({ sale_id: saleId, state: 'waiting', place: 1, ahead: 0 });
    const receipt = String(joined.body.receipt);
    const again = await api.call(`${base}/join`, { method: 'POST', token, body: { receipt } });
    expect(again.status).toBe(200);
    await bench.openPump().tick(saleId);
    const headers = { 'Usher-Receipt': receipt };
    const place = await api.call(`${base}/place`, { token, headers });
    expect(place.body).toMatchObject({ state: 'admitted' });
    expect(api.deps.tokens.readPass(String(place.body.pass))).toMatchObject({ fanId, saleId });
    for (let times = 0; times < 2; times += 1) {
      expect((await api.call(`${base}/leave`, { method: 'POST', token })).status).toBe(204);
    }
    expect((await api.call(`${base}/place`, { token })).body).toMatchObject({ state: 'done' });
  });

  it('tells the numbers to anybody, for a second', async () => {
    const saleId = await bench.addSale({ opensInMs: 60_000 });
    const room = await api.call(`/api/v1/sales/${saleId}/room`);
    expect(room.headers.get('cache-control')).toBe('public, max-age=1');
    expect(room.body).toMatchObject({ state: 'lobby', now_serving: 0, waiting: 0, seed: null });
    const standing = await bench.addSale({ standing: true });
    const other = await api.call(`/api/v1/sales/${standing}/room`);
    expect(other.body).toMatchObject({ state: 'open', seats_left: null });
    expect((await api.call('/api/v1/sales/none/room')).status).toBe(404);
  });

  it('refuses strangers, unknown fields and receipts that are none', async () => {
    const path = `/api/v1/sales/${await bench.addSale()}/join`;
    expect((await api.call(path, { method: 'POST', body: {} })).status).toBe(401);
    const [fanId = ''] = await bench.addFans(1);
    const token = tokenOf(fanId);
    const unknown = await api.call(path, { method: 'POST', token, body: { place: 1 } });
    expect(unknown.body).toMatchObject({ status: 400, error: 'unknown_field' });
    const damaged = await api.call(path, { method: 'POST', token, body: { receipt: 'nonsense' } });
    expect(damaged.body).toMatchObject({ status: 422, error: 'not_acceptable' });
  });
});
