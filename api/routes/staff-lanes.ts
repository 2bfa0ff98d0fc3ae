import { z } from 'zod';
import { UsherError } from '../../core/domain/errors.js';
import { formatId, formatShowId } from '../../core/domain/ids.js';
import { publish } from '../../core/redis/news.js';
import { writeAudit } from '../../core/store/catalog/audit.js';
import {
  type LanePause,
  pauseLane,
  readLanePauses,
  resumeLane,
} from '../../core/store/catalog/lane-pauses.js';
import { readRequestNode } from '../../core/store/shard/journal.js';
import { readLaneLoads, refuseWaiting } from '../../core/store/shard/lanes.js';
import { changeShow } from '../../core/store/shard/show-change.js';
import { lanesPerShard } from '../../core/store/shards.js';
import type { ApiDeps } from '../deps.js';
import { type Route, route } from '../route.js';
import { found } from './browse.js';
import { listOf } from './paging.js';
import { opsRoles } from './staff-shared.js';

const laneShape = z.object({
  lane: z.string(),
  shows: z.number().int(),
  waiting: z.number().int(),
  oldest_at: z.iso.datetime().nullable(),
  next_request_id: z.string().nullable(),
  paused_by: z.string().nullable(),
  reason: z.string().nullable(),
});
type Lane = z.infer<typeof laneShape>;
const reasonBody = z.strictObject({ reason: z.string().min(1).max(200) });
type LaneName = { shardId: number; lane: number };

/** The lanes in which requests are decided: to see, to hold still, and to get over one that sticks. */
export function staffLaneRoutes(deps: ApiDeps): Route[] {
  return [
    route({
      method: 'get',
      path: '/api/v1/staff/lanes',
      summary: 'Every lane with its shows and what waits in it',
      identity: 'staff',
      roles: opsRoles,
      answers: { 200: listOf(laneShape) },
      handle: async () => {
        const pauses = await readLanePauses(deps.catalog);
        const lists = await Promise.all(
          deps.shards.ids().map((shardId) => lanesOf(deps, shardId, pauses)),
        );
        return { status: 200, body: { results: lists.flat(), next_cursor: null } };
      },
    }),
    route({
      method: 'post',
      path: '/api/v1/staff/lanes/:lane/pause',
      summary: 'Decides nothing in a lane until it is resumed; holds in it still end',
      identity: 'staff',
      roles: opsRoles,
      body: reasonBody,
      answers: { 200: laneShape },
      handle: async ({ params, body, actor }) => {
        const name = laneOfText(deps, params.lane);
        const pause = { ...name, actor, reason: body.reason };
        await changePause(deps, name, { actor, reason: body.reason }, (tx) => pauseLane(tx, pause));
        return { status: 200, body: await readLane(deps, name) };
      },
    }),
    route({
      method: 'post',
      path: '/api/v1/staff/lanes/:lane/resume',
      summary: 'Decides in a paused lane again; requests older than a minute lapse',
      identity: 'staff',
      roles: opsRoles,
      body: z.strictObject({}),
      answers: { 200: laneShape },
      handle: async ({ params, actor }) => {
        const name = laneOfText(deps, params.lane);
        await changePause(deps, name, { actor }, (tx) => resumeLane(tx, name));
        deps.wake.wake(name);
        return { status: 200, body: await readLane(deps, name) };
      },
    }),
    route({
      method: 'post',
      path: '/api/v1/staff/lanes/:lane/skip',
      summary: 'Refuses the request that is next in a lane, so that the others flow',
      identity: 'staff',
      roles: opsRoles,
      body: reasonBody,
      answers: { 200: z.object({ lane: z.string(), request_id: z.string(), show_id: z.string() }) },
      handle: async ({ params, body, actor }) => {
        const name = laneOfText(deps, params.lane);
        const skipped = await skipNext(deps, name, { actor, reason: body.reason });
        return {
          status: 200,
          body: {
            lane: textOf(name),
            request_id: formatId('request', skipped),
            show_id: formatShowId(skipped.showId),
          },
        };
      },
    }),
  ];
}

type Catalog = ApiDeps['catalog'];

async function changePause(
  { catalog }: ApiDeps,
  name: LaneName,
  told: { actor: string; reason?: string },
  change: (tx: Parameters<Parameters<Catalog['transaction']>[0]>[0]) => Promise<boolean>,
): Promise<void> {
  const pauses = told.reason !== undefined;
  await catalog.transaction(async (tx) => {
    if (!(await change(tx))) {
      const state = pauses ? 'paused already' : 'not paused';
      throw new UsherError('conflict', `Lane ${textOf(name)} is ${state}.`);
    }
    await writeAudit(tx, {
      actor: told.actor,
      action: pauses ? 'lane.pause' : 'lane.resume',
      subject: `lane ${textOf(name)}`,
      before: { paused: !pauses },
      after: { paused: pauses, ...(pauses ? { reason: told.reason } : {}) },
    });
  });
}

/** @throws UsherError `conflict` when nothing waits. */
async function skipNext(
  { catalog, shards, redis, names }: ApiDeps,
  name: LaneName,
  { actor, reason }: { actor: string; reason: string },
): Promise<{ showId: number; no: number }> {
  const shard = shards.byId(name.shardId);
  const load = (await readLaneLoads(shard)).find((one) => one.lane === name.lane);
  if (!load?.nextShowId || !load.nextRequestId) {
    throw new UsherError('conflict', `Nothing waits in lane ${textOf(name)}.`);
  }
  const ref = { showId: load.nextShowId, no: load.nextRequestId };
  const { result } = await changeShow(shard, ref.showId, (change) =>
    refuseWaiting(change, ref.no, { reason: 'internal', by: actor }),
  );
  if (!result) throw new UsherError('conflict', 'The request was decided just now.');
  await catalog.transaction((tx) =>
    writeAudit(tx, {
      actor,
      action: 'lane.skip',
      subject: formatId('request', ref),
      before: { state: 'ACCEPTED' },
      after: { state: 'REFUSED', reason },
    }),
  );
  const asker = await readRequestNode(shard, ref.showId, ref.no);
  if (asker) {
    await publish(redis, names.nodeChannel(asker.node), {
      kind: 'decisions',
      shard_id: name.shardId,
      decisions: [
        {
          ...{ show_id: ref.showId, no: ref.no, fan_id: asker.fanId },
          ...{ state: 'REFUSED', reason: 'internal' },
        },
      ],
    });
  }
  return ref;
}

async function lanesOf({ shards }: ApiDeps, shardId: number, pauses: LanePause[]): Promise<Lane[]> {
  const loads = new Map((await readLaneLoads(shards.byId(shardId))).map((one) => [one.lane, one]));
  return Array.from({ length: lanesPerShard }, (_, lane) => {
    const load = loads.get(lane);
    const pause = pauses.find((one) => one.shardId === shardId && one.lane === lane);
    const next =
      load?.nextShowId && load.nextRequestId
        ? formatId('request', { showId: load.nextShowId, no: load.nextRequestId })
        : null;
    return {
      lane: textOf({ shardId, lane }),
      shows: load?.shows ?? 0,
      waiting: load?.waiting ?? 0,
      oldest_at: load?.oldestAt?.toISOString() ?? null,
      next_request_id: next,
      paused_by: pause?.actor ?? null,
      reason: pause?.reason ?? null,
    };
  });
}

async function readLane(deps: ApiDeps, name: LaneName): Promise<Lane> {
  const all = await lanesOf(deps, name.shardId, await readLanePauses(deps.catalog));
  return found(all[name.lane], 'lane');
}

/** A lane's name is its shard and its number, such as `1-5`. @throws UsherError `not_found`. */
function laneOfText({ shards }: ApiDeps, text: string | undefined): LaneName {
  const [, shard, lane] = /^([0-9]{1,5})-([0-9]{1,2})$/.exec(text ?? '') ?? [];
  const name = { shardId: Number(shard), lane: Number(lane) };
  if (shards.ids().includes(name.shardId) && name.lane < lanesPerShard) return name;
  throw new UsherError('not_found', 'There is no such lane. See `usher lane list`.');
}

function textOf({ shardId, lane }: LaneName): string {
  return `${shardId}-${lane}`;
}
