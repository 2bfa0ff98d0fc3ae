import { z } from 'zod';
import { formatId, formatShowId, type ShowId } from '../../core/domain/ids.js';
import { blindIndex, normaliseEmail } from '../../core/runtime/sealing.js';
import { eraseFan, readAccount } from '../../core/store/catalog/fan-accounts.js';
import { listFanAdmissions, readFan, setBanned } from '../../core/store/catalog/fan-bans.js';
import { findFanByEmail, listShardShows } from '../../core/store/catalog/staff-views.js';
import { type FanReservation, listFanReservations } from '../../core/store/shard/fan-view.js';
import type { ApiDeps } from '../deps.js';
import { type Route, route } from '../route.js';
import { found } from './browse.js';
import { deskRoles } from './staff-shared.js';

const admissionsMax = 50;
const showsPerStatement = 500;
const fanId = z.string().regex(/^[0-9a-z]{12}$/);

const fanShape = z.object({
  fan_id: z.string(),
  state: z.string(),
  email: z.string().nullable(),
  name: z.string().nullable(),
  phone: z.string().nullable(),
  created_at: z.iso.datetime(),
  passes: z.array(
    z.object({
      sale_id: z.string(),
      state: z.string(),
      admitted_at: z.iso.datetime(),
      expires_at: z.iso.datetime(),
    }),
  ),
  reservations: z.array(
    z.object({
      reservation_id: z.string(),
      show_id: z.string(),
      state: z.string(),
      seats: z.int(),
      amount: z.int(),
      currency: z.string(),
      created_at: z.iso.datetime(),
    }),
  ),
  silent_shards: z.array(z.int()).meta({ description: 'Shards that did not answer' }),
});
const stateShape = z.object({ fan_id: z.string(), state: z.string() });
const reasoned = z.strictObject({ reason: z.string().trim().min(1).max(200) });

type Deps = Pick<ApiDeps, 'catalog' | 'shards' | 'secrets' | 'fans' | 'gate' | 'log'>;

/** Accounts for the desk. Addresses come in the body, so that no log of paths ever holds one. */
export function staffFanRoutes(deps: Deps): Route[] {
  return [findRoute(deps), banRoute(deps, true), banRoute(deps, false), eraseRoute(deps)];
}

function findRoute(deps: Deps): Route {
  return route({
    method: 'post',
    path: '/api/v1/staff/fans/find',
    summary: 'One account by mail address or id: its state, passes and reservations on all shards',
    identity: 'staff',
    roles: deskRoles,
    body: z.union([
      z.strictObject({ email: z.string().min(3).max(254) }),
      z.strictObject({ fan_id: fanId }),
    ]),
    answers: { 200: fanShape },
    handle: async ({ body }) => {
      const id = 'email' in body ? await fanOf(deps, body.email) : body.fan_id;
      const fan = found(await readFan(deps.catalog, id), 'fan');
      const account = await readAccount(deps, id);
      const passes = await listFanAdmissions(deps.catalog, id, admissionsMax);
      const { reservations, silent } = await reservationsOf(deps, id);
      const shown: z.infer<typeof fanShape> = {
        fan_id: id,
        state: fan.state.toLowerCase(),
        email: account?.email ?? null,
        name: account?.name ?? null,
        phone: account?.phone ?? null,
        created_at: fan.createdAt.toISOString(),
        passes: passes.map((pass) => ({
          sale_id: pass.saleId,
          state: pass.state.toLowerCase(),
          admitted_at: pass.admittedAt.toISOString(),
          expires_at: pass.expiresAt.toISOString(),
        })),
        reservations: reservations.map((one) => ({
          reservation_id: formatId('reservation', { showId: one.showId, no: one.reservationId }),
          show_id: formatShowId(one.showId),
          state: one.state.toLowerCase(),
          seats: one.seats.length,
          amount: one.amount,
          currency: one.currency,
          created_at: one.createdAt.toISOString(),
        })),
        silent_shards: silent,
      };
      return { status: 200, body: shown };
    },
  });
}

async function fanOf({ catalog, secrets }: Deps, email: string): Promise<string> {
  const index = blindIndex(secrets, 'email', normaliseEmail(email));
  return found(await findFanByEmail(catalog, index), 'fan');
}

/** A shard that is away hides its part, and is named, but no other's. */
async function reservationsOf(
  { catalog, shards, log }: Deps,
  id: string,
): Promise<{ reservations: FanReservation[]; silent: number[] }> {
  const reservations: FanReservation[] = [];
  const silent: number[] = [];
  for (const [shardId, showIds] of await listShardShows(catalog)) {
    try {
      for (let start = 0; start < showIds.length; start += showsPerStatement) {
        const some: ShowId[] = showIds.slice(start, start + showsPerStatement);
        reservations.push(...(await listFanReservations(shards.byId(shardId), id, some)));
      }
    } catch (error) {
      log.warn({ shardId, err: error }, 'a shard could not be asked about a fan');
      silent.push(shardId);
    }
  }
  return { reservations, silent };
}

function banRoute(deps: Deps, banned: boolean): Route {
  return route({
    method: 'post',
    path: `/api/v1/staff/fans/:id/${banned ? 'ban' : 'unban'}`,
    summary: banned
      ? 'Bans an account: its passes end at once, and rooms keep it waiting for ever'
      : 'Takes a ban back: the account waits on from its old places',
    identity: 'staff',
    roles: deskRoles,
    body: reasoned,
    answers: { 200: stateShape },
    handle: async ({ params, body, actor }) => {
      const id = found(fanId.safeParse(params.id).data, 'fan');
      const fan = await setBanned(deps.catalog, id, { banned, actor, reason: body.reason });
      await deps.fans.refresh();
      if (banned) await deps.gate.ban(id);
      return { status: 200, body: { fan_id: id, state: fan.state.toLowerCase() } };
    },
  });
}

function eraseRoute(deps: Deps): Route {
  return route({
    method: 'post',
    path: '/api/v1/staff/fans/:id/erase',
    summary: 'Erases the person: passes end, personal data is gone, the money records stay',
    identity: 'staff',
    roles: deskRoles,
    body: z.strictObject({}),
    answers: { 200: stateShape },
    handle: async ({ params, actor }) => {
      const id = found(fanId.safeParse(params.id).data, 'fan');
      found(await readFan(deps.catalog, id), 'fan');
      await eraseFan(deps.catalog, id, actor);
      await deps.fans.refresh();
      await deps.gate.ban(id);
      return { status: 200, body: { fan_id: id, state: 'erased' } };
    },
  });
}
