import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { staffLaneRoutes } from '../../api/routes/staff-lanes.js';
import { formatId } from '../../core/domain/ids.js';
import type { LaneRef } from '../../core/queue/wake.js';
import { listAudit } from '../../core/store/catalog/audit.js';
import { insertRequests } from '../../core/store/shard/journal.js';
import { openLanes } from '../../processor/lanes/lanes.js';
import { openPauses } from '../../processor/lanes/pauses.js';
import { drawHall } from '../support/halls.js';
import { brokenRows, decidedRows, type LaneWorld, openLaneWorld } from '../support/lane-world.js';
import { serveRoutes, type TestApi } from '../support/routes.js';
import { until } from '../support/until.js';

let world: LaneWorld;
let api: TestApi;
const woken: LaneRef[] = [];
beforeAll(async () => {
  world = await openLaneWorld();
  const wake = { wake: (lane: LaneRef) => void woken.push(lane), close: async () => undefined };
  api = await serveRoutes(world.stores, (deps) => staffLaneRoutes({ ...deps, wake }));
});
afterAll(async () => {
  await api.close();
  await world.close();
});

it('decides nothing in a paused lane, sets one request aside, and goes on when it is resumed', async () => {
  const showId = await world.addShow(drawHall(['....']).seats, { lane: 7 });
  const sister = await world.addShow(drawHall(['..']).seats, { lane: 8 });
  for (let turn = 0; turn < 3; turn += 1) {
    await insertRequests(world.shard, [world.entry(showId, { quantity: 1 })]);
  }
  await insertRequests(world.shard, [world.entry(sister, { quantity: 1 })]);
  const states = async (id: number) =>
    (await decidedRows(world.shard, id)).map((row) => row.reason ?? row.state);
  const token = api.deps.tokens.signSession({
    ...{ fanId: 'the-ops', epoch: 1, role: 'ops', expiresAtMs: Date.now() + 600_000 },
  });
  const post = (verb: string, body: unknown) =>
    api.call(`/api/v1/staff/lanes/1-7/${verb}`, { method: 'POST', body, token });

  expect((await post('pause', { reason: 'a look' })).body).toMatchObject({
    ...{ lane: '1-7', shows: 1, waiting: 3, paused_by: 'the-ops', reason: 'a look' },
  });
  expect((await post('pause', { reason: 'again' })).status).toBe(409);
  const lanes = openLanes({
    shards: world.stores.shards,
    log: api.deps.log,
    isPaused: (lane) => pauses.isPaused(lane),
    onDecided: () => undefined,
  });
  const pauses = openPauses(world.stores.catalog, (lane) => void lanes.drain(lane));
  try {
    await pauses.look();
    await world.drain(lanes, showId);
    await world.drain(lanes, sister);
    expect(await states(showId)).toEqual(['ACCEPTED', 'ACCEPTED', 'ACCEPTED']);
    expect(await states(sister)).toEqual(['GRANTED']);

    const [first] = await decidedRows(world.shard, showId);
    const id = formatId('request', { showId, no: first?.requestId ?? 0 });
    expect((await post('skip', { reason: 'sticks' })).body).toMatchObject({ request_id: id });
    expect(await states(showId)).toEqual(['internal', 'ACCEPTED', 'ACCEPTED']);

    expect((await post('resume', {})).body).toMatchObject({ paused_by: null, waiting: 2 });
    expect(woken).toEqual([{ shardId: 1, lane: 7 }]);
    await until(async () => (await states(showId)).join() === 'internal,GRANTED,GRANTED', {
      what: 'the decisions after the pause, without a wake-up',
    });
    expect(await brokenRows(world.shard, showId)).toEqual([]);
    expect((await post('skip', { reason: 'none' })).status).toBe(409);
    expect((await post('resume', {})).status).toBe(409);
    const lines = await listAudit(world.stores.catalog);
    expect(lines.map((line) => [line.actor, line.action, line.subject])).toEqual([
      ['the-ops', 'lane.resume', 'lane 1-7'],
      ['the-ops', 'lane.skip', id],
      ['the-ops', 'lane.pause', 'lane 1-7'],
    ]);
    const list = await api.call('/api/v1/staff/lanes', { token });
    expect(list.body.results).toHaveLength(16);
  } finally {
    pauses.close();
  }
});
