import { z } from 'zod';
import { UsherError } from '../../core/domain/errors.js';
import { formatId, formatShowId, parseId } from '../../core/domain/ids.js';
import { publishReservation, publishSeats } from '../../core/redis/show-news.js';
import { writeAudit } from '../../core/store/catalog/audit.js';
import { listShows, readShow } from '../../core/store/catalog/browse.js';
import { readShowIdByKey } from '../../core/store/catalog/staff-views.js';
import { endHold, lockReservation } from '../../core/store/shard/reservations.js';
import { readSeatMap } from '../../core/store/shard/seat-map-rows.js';
import { changeShow, type ShowChange } from '../../core/store/shard/show-change.js';
import { type HoldRow, listActiveHolds } from '../../core/store/shard/staff-views.js';
import type { ApiDeps } from '../deps.js';
import { type Route, route } from '../route.js';
import { found } from './browse.js';
import { showJson, showShape } from './catalog-shapes.js';
import { listOf } from './paging.js';
import { importPart } from './staff-sales.js';
import { carrySale, deskRoles, opsRoles, showIdOf } from './staff-shared.js';

const showsMax = 2_000;
const holdsMax = 1_000;

/** The form of one show in the catalog file. */
const newShow = z.strictObject({
  key: z.string(),
  movie: z.string(),
  hall: z.string(),
  sale: z.string(),
  starts_at: z.string(),
  currency: z.string(),
  prices: z.record(z.string(), z.number()),
});

const seatMapShape = z.object({
  show_id: z.string(),
  version: z.number().int(),
  currency: z.string(),
  gate: z.string(),
  rows: z.array(
    z.object({
      row: z.string(),
      seats: z.array(
        z.object({
          seat: z.string(),
          x: z.number().int(),
          zone: z.string(),
          kind: z.string(),
          price: z.number().int(),
          state: z.enum(['free', 'held', 'booked', 'blocked']),
        }),
      ),
    }),
  ),
});

const holdShape = z.object({
  reservation_id: z.string(),
  fan_id: z.string(),
  state: z.string(),
  seats: z.array(z.string()),
  amount: z.number().int(),
  currency: z.string(),
  created_at: z.iso.datetime(),
  expires_at: z.iso.datetime(),
});

/** Shows as staff see them: with every seat's true state and who holds what. */
export function staffShowRoutes(deps: ApiDeps): Route[] {
  return [...showRoutes(deps), ...seatRoutes(deps), ...holdRoutes(deps)];
}

function showRoutes(deps: ApiDeps): Route[] {
  const { catalog } = deps;
  return [
    route({
      method: 'get',
      path: '/api/v1/staff/shows',
      summary: 'Shows by start, of one sale, movie or city',
      identity: 'staff',
      roles: deskRoles,
      query: z.strictObject({
        sale: z.string().max(48).optional(),
        movie: z.string().max(48).optional(),
        city: z.string().max(100).optional(),
        past: z.enum(['true', 'false']).default('false'),
      }),
      answers: { 200: listOf(showShape) },
      handle: async ({ query }) => {
        const filter = {
          ...(query.sale === undefined ? {} : { saleId: query.sale }),
          ...(query.movie === undefined ? {} : { movieId: query.movie }),
          ...(query.city === undefined ? {} : { city: query.city }),
          past: query.past === 'true',
        };
        const rows = await listShows(catalog, filter, { rowsMax: showsMax });
        return { status: 200, body: { results: rows.map(showJson), next_cursor: null } };
      },
    }),
    route({
      method: 'get',
      path: '/api/v1/staff/shows/:id',
      summary: 'One show',
      identity: 'staff',
      roles: deskRoles,
      answers: { 200: showShape },
      handle: async ({ params }) => {
        const row = await readShow(catalog, showIdOf(params.id));
        return { status: 200, body: showJson(found(row, 'show')) };
      },
    }),
    route({
      method: 'post',
      path: '/api/v1/staff/shows',
      summary: 'Makes a show with its seats',
      identity: 'staff',
      roles: opsRoles,
      body: newShow,
      answers: { 201: showShape },
      handle: async ({ body, actor }) => {
        if ((await readShowIdByKey(catalog, body.key)) !== undefined) {
          throw new UsherError('already_exists', `There is a show ${body.key} already.`);
        }
        await importPart(deps, { shows: [body] }, actor);
        // The importer makes open gates; a paused or closed sale closes them again.
        await carrySale(deps, body.sale);
        const showId = await readShowIdByKey(catalog, body.key);
        const row = showId === undefined ? undefined : await readShow(catalog, showId);
        return { status: 201, body: showJson(found(row, 'show')) };
      },
    }),
  ];
}

function seatRoutes({ shards }: ApiDeps): Route[] {
  return [
    route({
      method: 'get',
      path: '/api/v1/staff/shows/:id/seats',
      summary: 'Every seat of a show with its state',
      identity: 'staff',
      roles: deskRoles,
      answers: { 200: seatMapShape },
      handle: async ({ params }) => {
        const showId = showIdOf(params.id);
        const map = found(await readSeatMap(await shards.forShow(showId), showId), 'show');
        const rows = new Map<string, z.infer<typeof seatMapShape>['rows'][number]>();
        for (const { row, seat, x, zone, kind, price, state } of map.seats) {
          const line = rows.get(row) ?? { row, seats: [] };
          rows.set(row, line);
          line.seats.push({ seat, x, zone, kind, price, state: lower(state) });
        }
        const { version, currency, gate } = map;
        const body = { show_id: formatShowId(showId), version, currency, gate: gate.toLowerCase() };
        return { status: 200, body: { ...body, rows: [...rows.values()] } };
      },
    }),
  ];
}

function lower<T extends string>(text: T): Lowercase<T> {
  return text.toLowerCase() as Lowercase<T>;
}

function holdRoutes(deps: ApiDeps): Route[] {
  const { catalog, shards, redis, names } = deps;
  return [
    route({
      method: 'get',
      path: '/api/v1/staff/shows/:id/holds',
      summary: 'Reservations that hold seats now, those that end first on top',
      identity: 'staff',
      roles: deskRoles,
      answers: { 200: listOf(holdShape) },
      handle: async ({ params }) => {
        const showId = showIdOf(params.id);
        const rows = await listActiveHolds(await shards.forShow(showId), showId, holdsMax);
        const results = rows.map((row) => holdJson(showId, row));
        return { status: 200, body: { results, next_cursor: null } };
      },
    }),
    route({
      method: 'post',
      path: '/api/v1/staff/holds/:id/end',
      summary: 'Ends a hold that nobody is paying for; its seats are free again',
      identity: 'staff',
      roles: deskRoles,
      body: z.strictObject({}),
      answers: { 200: z.object({ reservation_id: z.string(), seats: z.array(z.string()) }) },
      handle: async ({ params, actor }) => {
        const ref = found(parseId('reservation', params.id ?? ''), 'reservation');
        const shard = await shards.forShow(ref.showId);
        const { result, news } = await changeShow(shard, ref.showId, (change) =>
          endByStaff(change, ref.no, actor),
        );
        await publishSeats(redis, names, news);
        const { fanId } = result;
        await publishReservation(redis, names, { ...ref, fanId, state: 'RELEASED' });
        const { seats } = result;
        await catalog.transaction((tx) =>
          writeAudit(tx, {
            ...{ actor, action: 'hold.end', subject: formatId('reservation', ref) },
            before: { seats },
          }),
        );
        return { status: 200, body: { reservation_id: formatId('reservation', ref), seats } };
      },
    }),
  ];
}

/** @throws UsherError when the hold is over or money is under way. */
async function endByStaff(
  change: ShowChange,
  no: number,
  by: string,
): Promise<{ fanId: string; seats: string[] }> {
  const reservation = found(await lockReservation(change, no), 'reservation');
  if (reservation.state === 'PAYING' || reservation.state === 'ENDING') {
    throw new UsherError('payment_open', 'A payment is under way; it decides about the seats.');
  }
  if (!(await endHold(change, reservation, 'HELD', 'RELEASED'))) {
    const state = reservation.state.toLowerCase();
    throw new UsherError('conflict', `The reservation is ${state}, so there is no hold to end.`);
  }
  change.log({ kind: 'STAFF', subjectId: no, detail: { by, action: 'hold.end' } });
  return { fanId: reservation.fanId, seats: reservation.seats.map(([, seat]) => seat) };
}

function holdJson(showId: number, row: HoldRow): z.infer<typeof holdShape> {
  return {
    reservation_id: formatId('reservation', { showId, no: row.reservationId }),
    fan_id: row.fanId,
    state: row.state.toLowerCase(),
    seats: row.seats.map(([, seat]) => seat),
    amount: row.amount,
    currency: row.currency,
    created_at: row.createdAt.toISOString(),
    expires_at: row.expiresAt.toISOString(),
  };
}
