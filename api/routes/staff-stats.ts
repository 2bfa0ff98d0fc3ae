import { z } from 'zod';
import { groupBy } from '../../core/domain/group-by.js';
import {
  countAdmissions,
  listSaleShows,
  type SaleShow,
} from '../../core/store/catalog/staff-views.js';
import { type Database, readNowMs } from '../../core/store/database.js';
import { sumMovesOf } from '../../core/store/shard/exports.js';
import {
  countBookings,
  countOutcomes,
  countSeatStates,
  decisionTimes,
} from '../../core/store/shard/staff-views.js';
import type { AccountMove } from '../../core/store/shard/unsettled.js';
import type { ApiDeps } from '../deps.js';
import { type Route, route } from '../route.js';
import { deskRoles, readStaffSale } from './staff-shared.js';

const seatCounts = z.object({
  free: z.number().int(),
  held: z.number().int(),
  booked: z.number().int(),
  blocked: z.number().int(),
});
const requestCounts = z.array(
  z.object({ outcome: z.string(), reason: z.string().nullable(), requests: z.number().int() }),
);

const statsShape = z.object({
  sale_id: z.string(),
  at: z.iso.datetime(),
  state: z.string(),
  shows: z.number().int(),
  joined: z.number().int(),
  admitted: z.number().int(),
  passes_live: z.number().int(),
  seats: seatCounts,
  requests: requestCounts,
  bookings: z.number().int(),
  revenue: z.array(z.object({ amount: z.number().int(), currency: z.string() })),
  /** What banks decide about now, and what they took for good. */
  disputed: z.array(z.object({ amount: z.number().int(), currency: z.string() })),
  charged_back: z.array(z.object({ amount: z.number().int(), currency: z.string() })),
  /** Moves of money between accounts; each is a debit and a credit of the same amount. */
  books: z.array(
    z.object({
      debit: z.string(),
      credit: z.string(),
      currency: z.string(),
      amount: z.number().int(),
    }),
  ),
  decided_ms: z
    .object({ p50: z.number(), p95: z.number(), p99: z.number(), max: z.number() })
    .nullable(),
});

const liveShape = z.object({
  sale_id: z.string(),
  name: z.string(),
  at: z.iso.datetime(),
  state: z.string(),
  opens_at: z.iso.datetime(),
  now_serving: z.number().int(),
  waiting: z.number().int(),
  rate_per_minute: z.number(),
  rate_set_per_minute: z.number(),
  pass_cap: z.number().int(),
  passes_live: z.number().int(),
  message: z.string(),
  seats: seatCounts,
  requests: requestCounts,
});

type Deps = Pick<ApiDeps, 'catalog' | 'shards' | 'gate'>;

/** How a sale goes: `live` is light enough to be asked each second, `stats` counts everything. */
export function staffStatsRoutes(deps: Deps): Route[] {
  const { catalog, gate } = deps;
  return [
    route({
      method: 'get',
      path: '/api/v1/staff/sales/:id/stats',
      summary: 'Joined, admitted, requests by outcome, seats, revenue, decision times',
      identity: 'staff',
      roles: deskRoles,
      answers: { 200: statsShape },
      handle: async ({ params }) => {
        const sale = await readStaffSale(deps, params.id ?? '');
        const shows = await listSaleShows(catalog, sale.sale_id);
        const room = await gate.room(sale.sale_id);
        const { admitted, live } = await countAdmissions(catalog, sale.sale_id);
        const bookings = await sumOver(deps, shows, countBookings);
        const books = sumBooks(await sumOver(deps, shows, sumMovesOf));
        const body: z.infer<typeof statsShape> = {
          sale_id: sale.sale_id,
          at: new Date(await readNowMs(catalog)).toISOString(),
          state: room.state,
          shows: shows.length,
          joined: sale.standing ? admitted : room.now_serving + room.waiting,
          admitted,
          passes_live: live,
          seats: await seatsOf(deps, shows),
          requests: await requestsOf(deps, shows),
          bookings: bookings.reduce((sum, count) => sum + count, 0),
          revenue: revenueOf(books),
          disputed: heldIn(books, 'disputed'),
          charged_back: heldIn(books, 'chargeback'),
          books,
          decided_ms: percentiles(await sumOver(deps, shows, decisionTimes)),
        };
        return { status: 200, body };
      },
    }),
    route({
      method: 'get',
      path: '/api/v1/staff/sales/:id/live',
      summary: 'The room and the seats of a sale now',
      identity: 'staff',
      roles: deskRoles,
      answers: { 200: liveShape },
      handle: async ({ params }) => {
        const sale = await readStaffSale(deps, params.id ?? '');
        const shows = await listSaleShows(catalog, sale.sale_id);
        const room = await gate.room(sale.sale_id);
        const { live } = await countAdmissions(catalog, sale.sale_id);
        const body: z.infer<typeof liveShape> = {
          sale_id: sale.sale_id,
          name: sale.name,
          at: new Date(await readNowMs(catalog)).toISOString(),
          state: room.state,
          opens_at: sale.opens_at,
          now_serving: room.now_serving,
          waiting: room.waiting,
          rate_per_minute: room.rate_per_minute,
          rate_set_per_minute: sale.rate_per_minute,
          pass_cap: sale.pass_cap,
          passes_live: live,
          message: room.message,
          seats: await seatsOf(deps, shows),
          requests: await requestsOf(deps, shows),
        };
        return { status: 200, body };
      },
    }),
  ];
}

/** What was sold for, less what codes took off and what goes back, also to cancelled bookings. */
function revenueOf(books: AccountMove[]): { amount: number; currency: string }[] {
  const isSales = (account: string) => account === 'sales' || account === 'discount';
  return [...groupBy(books, (move) => move.currency)].map(([currency, moves]) => ({
    amount: moves.reduce(
      (sum, { debit, credit, amount }) =>
        sum + (Number(isSales(credit)) - Number(isSales(debit))) * amount,
      0,
    ),
    currency,
  }));
}

/** Debits less credits of an account, where they aren't even. */
function heldIn(books: AccountMove[], account: string): { amount: number; currency: string }[] {
  const groups = groupBy(books, (move) => move.currency);
  return [...groups].flatMap(([currency, moves]) => {
    const signed = moves.map(
      ({ debit, credit, amount }) =>
        (Number(debit === account) - Number(credit === account)) * amount,
    );
    const amount = signed.reduce((sum, one) => sum + one, 0);
    return amount === 0 ? [] : [{ amount, currency }];
  });
}

/** One line for each pair of accounts and currency, over all shards. */
function sumBooks(moves: AccountMove[]): AccountMove[] {
  const groups = groupBy(moves, (move) => `${move.debit} ${move.credit} ${move.currency}`);
  return [...groups.values()].flatMap((group) => {
    const [first] = group;
    return first ? [{ ...first, amount: group.reduce((sum, move) => sum + move.amount, 0) }] : [];
  });
}

/** Asks every shard that has shows of the sale and puts the rows one after another. */
async function sumOver<T>(
  { shards }: Deps,
  shows: SaleShow[],
  read: (shard: Database, showIds: number[]) => Promise<T[]>,
): Promise<T[]> {
  const parts = [...groupBy(shows, (show) => show.shardId)].map(([shardId, group]) =>
    read(
      shards.byId(shardId),
      group.map((show) => show.showId),
    ),
  );
  return (await Promise.all(parts)).flat();
}

async function seatsOf(deps: Deps, shows: SaleShow[]): Promise<z.infer<typeof seatCounts>> {
  const counts = { free: 0, held: 0, booked: 0, blocked: 0 };
  for (const row of await sumOver(deps, shows, countSeatStates)) {
    counts[row.state.toLowerCase() as keyof typeof counts] += row.seats;
  }
  return counts;
}

async function requestsOf(deps: Deps, shows: SaleShow[]): Promise<z.infer<typeof requestCounts>> {
  const rows = await sumOver(deps, shows, countOutcomes);
  return [...groupBy(rows, (row) => `${row.state} ${row.reason ?? ''}`)]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([, group]) => ({
      outcome: (group[0]?.state ?? '').toLowerCase(),
      reason: group[0]?.reason ?? null,
      requests: group.reduce((sum, row) => sum + row.requests, 0),
    }));
}

/** Percentiles of a histogram in whole milliseconds; null when nothing was decided. */
export function percentiles(
  rows: { ms: number; requests: number }[],
): { p50: number; p95: number; p99: number; max: number } | null {
  const sorted = [...rows].sort((a, b) => a.ms - b.ms);
  const total = sorted.reduce((sum, row) => sum + row.requests, 0);
  if (total === 0) return null;
  const at = (share: number): number => {
    let seen = 0;
    for (const row of sorted) {
      seen += row.requests;
      if (seen >= share * total) return row.ms;
    }
    return sorted.at(-1)?.ms ?? 0;
  };
  return { p50: at(0.5), p95: at(0.95), p99: at(0.99), max: at(1) };
}
