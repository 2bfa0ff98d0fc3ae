import { z } from 'zod';
import { groupBy } from '../../core/domain/group-by.js';
import { listSaleShows, type SaleShow } from '../../core/store/catalog/staff-views.js';
import { readNowMs } from '../../core/store/database.js';
import {
  countSeatStates,
  readGates,
  showsWithoutPrices,
} from '../../core/store/shard/staff-views.js';
import type { ApiDeps } from '../deps.js';
import { type Route, route } from '../route.js';
import { deskRoles, readStaffSale, type StaffSale } from './staff-shared.js';

const clockSkewMsMax = 1_000;
/** What Stripe takes in live mode, and the calls that one purchase makes at most. */
const callsPerPurchase = 3;

const checkShape = z.object({
  sale_id: z.string(),
  ready: z.boolean(),
  checks: z.array(
    z.object({
      check: z.string(),
      ok: z.boolean(),
      detail: z.string(),
      fix: z.string().nullable(),
    }),
  ),
});
type Check = z.infer<typeof checkShape>['checks'][number];

type Deps = Pick<ApiDeps, 'catalog' | 'shards' | 'redis' | 'payments' | 'config'>;

/** What to look at before an opening. */
export function staffSaleCheckRoutes(deps: Deps): Route[] {
  return [
    route({
      method: 'get',
      path: '/api/v1/staff/sales/:id/check',
      summary: 'Whether a sale is ready to open: shows, seats, prices, gates, rate, clocks',
      identity: 'staff',
      roles: deskRoles,
      answers: { 200: checkShape },
      handle: async ({ params }) => {
        const sale = await readStaffSale(deps, params.id ?? '');
        const nowMs = await readNowMs(deps.catalog);
        const all = await listSaleShows(deps.catalog, sale.sale_id);
        const shows = all.filter((show) => show.startsAt.getTime() > nowMs);
        const checks = [
          checkShows(shows, all.length - shows.length),
          ...(await checkSeats(deps, sale, shows)),
          checkOpening(sale),
          checkRate(deps, sale),
          checkProvider(deps),
          ...(await checkClocks(deps)),
        ];
        const ready = checks.every((one) => one.ok);
        return { status: 200, body: { sale_id: sale.sale_id, ready, checks } };
      },
    }),
  ];
}

function told(check: string, ok: boolean, detail: string, fix: string): Check {
  return { check, ok, detail, fix: ok ? null : fix };
}

/** Only shows to come: nothing of one that has begun can be sold. */
function checkShows(shows: SaleShow[], begun: number): Check {
  const planned = shows.filter((show) => show.state === 'PLANNED').length;
  const active = shows.filter((show) => show.state === 'ACTIVE').length;
  return told(
    'shows',
    active > 0 && planned === 0,
    `${active} on sale, ${planned} without seats yet, ${begun} begun`,
    active === 0
      ? 'Add shows with `usher show create` or `usher import`.'
      : 'Import the catalog again; it finishes what was cut short.',
  );
}

async function checkSeats(deps: Deps, sale: StaffSale, shows: SaleShow[]): Promise<Check[]> {
  const found = { free: 0, unpriced: 0, gates: 0 };
  for (const [shardId, group] of groupBy(shows, (show) => show.shardId)) {
    const shard = deps.shards.byId(shardId);
    const showIds = group.map((show) => show.showId);
    const seats = await countSeatStates(shard, showIds);
    found.free += seats
      .filter((row) => row.state === 'FREE')
      .reduce((sum, row) => sum + row.seats, 0);
    found.unpriced += (await showsWithoutPrices(shard, showIds)).length;
    const wanted = { paused: 'PAUSED', closed: 'CLOSED' }[sale.state as string] ?? 'OPEN';
    found.gates += (await readGates(shard, showIds)).filter(
      (gate) =>
        !['MOVING', 'CANCELLED'].includes(gate.state) &&
        (gate.state !== wanted || gate.opensAt.toISOString() !== sale.opens_at),
    ).length;
  }
  return [
    told('seats', found.free > 0, `${found.free} free`, 'Release seats with `usher sale release`.'),
    told(
      'prices',
      found.unpriced === 0,
      found.unpriced === 0
        ? 'every seat has one'
        : `${found.unpriced} shows have seats for nothing`,
      'Give every zone of the hall a price and import the file again.',
    ),
    told(
      'gates',
      found.gates === 0,
      found.gates === 0 ? 'as the sale says' : `${found.gates} shows differ from the sale`,
      `Repeat the last command, such as \`usher sale resume ${sale.sale_id}\`.`,
    ),
  ];
}

function checkOpening(sale: StaffSale): Check {
  const ok = sale.state !== 'closed' && sale.state !== 'paused';
  return told('opening', ok, `${sale.state}, opens at ${sale.opens_at}`, 'Resume the sale.');
}

/** Every admitted fan may pay, so the room must not let in more than the provider can take. */
function checkRate({ config }: Deps, sale: StaffSale): Check {
  const perSecond = Math.ceil((sale.rate_per_minute / 60) * callsPerPurchase);
  const { ratePerSecond: providerCallsPerSecond } = config.payments;
  const sandbox = config.payments.apiBase !== undefined;
  const ok = sandbox || sale.standing || perSecond <= providerCallsPerSecond;
  const most = Math.floor((providerCallsPerSecond * 60) / callsPerPurchase);
  const limit = sandbox
    ? 'the sandbox has no limit'
    : `the provider takes ${providerCallsPerSecond}`;
  return told(
    'rate',
    ok,
    `${sale.rate_per_minute} a minute make up to ${perSecond} calls a second; ${limit}`,
    `Lower it: \`usher sale rate ${sale.sale_id} ${most}/min\`.`,
  );
}

function checkProvider({ payments }: Deps): Check {
  const state = payments.breakerState();
  return told(
    'payments',
    state === 'closed',
    state === 'closed' ? 'the provider answers' : 'the provider fails at present',
    "Look at the provider's status page and at STRIPE_API_BASE; pause the sale meanwhile.",
  );
}

async function checkClocks({ catalog, shards, redis }: Deps): Promise<Check[]> {
  const skews: { name: string; ms: number }[] = [];
  const measure = async (name: string, read: () => Promise<number>) => {
    const before = Date.now();
    const theirs = await read();
    skews.push({ name, ms: Math.round(theirs - (before + Date.now()) / 2) });
  };
  await measure('catalog', () => readNowMs(catalog));
  for (const shardId of shards.ids()) {
    await measure(`shard ${shardId}`, () => readNowMs(shards.byId(shardId)));
  }
  let redisText = 'answers';
  try {
    await measure('Redis', async () => {
      const [seconds, micros] = await redis.time();
      return Number(seconds) * 1_000 + Number(micros) / 1_000;
    });
  } catch (error) {
    redisText = (error as Error).message;
  }
  const worst = Math.max(...skews.map(({ ms }) => Math.abs(ms)));
  return [
    told('redis', redisText === 'answers', redisText, 'Start Redis; see `usher doctor`.'),
    told(
      'clocks',
      worst <= clockSkewMsMax,
      skews.map(({ name, ms }) => `${name} ${ms} ms`).join(', '),
      'Set the clocks by NTP on every machine.',
    ),
  ];
}
