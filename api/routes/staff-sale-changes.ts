import { z } from 'zod';
import { UsherError } from '../../core/domain/errors.js';
import { changeSale, type SaleSettings } from '../../core/store/catalog/sales.js';
import { type LockedSale, lockSale } from '../../core/store/catalog/staff-views.js';
import { readNowMs } from '../../core/store/database.js';
import type { ApiDeps } from '../deps.js';
import { type Call, type Route, route } from '../route.js';
import { carrySale, ifMatchOf, opsRoles, readStaffSale, staffSaleShape } from './staff-shared.js';

type Deps = Pick<ApiDeps, 'catalog' | 'shards' | 'gate' | 'redis' | 'names'>;

const nothing = z.strictObject({});
/** What staff do to a running sale. Each call may be repeated: it finishes what was cut short. */
export function staffSaleChangeRoutes(deps: Deps): Route[] {
  return [
    verb(deps, 'open', 'Opens the sale now', nothing, (sale, _body, now) => ({
      state: 'ACTIVE',
      ...(sale.opensAt > now ? { opensAt: now } : {}),
      ...(sale.lobbyOpensAt && sale.lobbyOpensAt > now ? { lobbyOpensAt: now } : {}),
    })),
    verb(
      deps,
      'delay',
      'Moves an opening that is still to come',
      z.strictObject({ to: z.iso.datetime({ offset: true }) }),
      (sale, { to }, now) => {
        const opensAt = new Date(to);
        if (opensAt <= now) {
          throw new UsherError('not_acceptable', 'Give a time to come, or open the sale now.');
        }
        if (sale.opensAt <= now) {
          throw new UsherError('conflict', 'The sale has opened already; pause it instead.');
        }
        if (sale.lobbyOpensAt && sale.lobbyOpensAt > opensAt) {
          throw new UsherError('not_acceptable', 'The sale would open before its lobby.');
        }
        return { opensAt };
      },
    ),
    verb(deps, 'pause', 'Takes no requests until resumed', nothing, () => ({ state: 'PAUSED' })),
    verb(deps, 'resume', 'Goes on after a pause', nothing, () => ({ state: 'ACTIVE' })),
    verb(deps, 'close', 'Ends the sale', nothing, () => ({ state: 'CLOSED' }), true),
    verb(
      deps,
      'reopen',
      'Takes back a closing or a draining; places are as they were',
      nothing,
      ({ state }) => ({ state: state === 'CLOSED' ? 'ACTIVE' : state, draining: false }),
      true,
    ),
    verb(deps, 'drain', 'Gives nobody new a place, and serves those who have one', nothing, () => ({
      draining: true,
    })),
    verb(
      deps,
      'rate',
      'Changes how many are admitted a minute, and how far above that to make up for no-shows',
      z.strictObject({
        rate_per_minute: z.int().min(1).max(1_000_000),
        no_show_percent: z.int().min(0).max(50).optional(),
      }),
      (_sale, { rate_per_minute: ratePerMinute, no_show_percent: noShowPercent }) => ({
        ratePerMinute,
        ...(noShowPercent === undefined ? {} : { noShowPercent }),
      }),
    ),
    verb(
      deps,
      'pass-cap',
      'Changes how many passes may be live at once',
      z.strictObject({ pass_cap: z.int().min(1).max(1_000_000) }),
      (_sale, body) => ({ passCap: body.pass_cap }),
    ),
    verb(
      deps,
      'pow',
      'Asks for work before joining, harder or easier from now on; 0 asks for none',
      z.strictObject({ difficulty: z.int().min(0).max(10_000_000) }),
      (_sale, { difficulty }) => ({ powDifficulty: difficulty }),
    ),
    verb(
      deps,
      'priority-share',
      'Changes which percentage of the rate serves fans with priority; 0 serves them in the line',
      z.strictObject({ percent: z.int().min(0).max(50) }),
      (_sale, { percent }) => ({ priorityShare: percent }),
    ),
    verb(
      deps,
      'presale',
      'Lets only holders of a code join until then; null ends that',
      z.strictObject({ until: z.iso.datetime({ offset: true }).nullable() }),
      (_sale, { until }, now) => {
        if (until !== null && new Date(until) <= now) {
          throw new UsherError(
            'not_acceptable',
            'Give a time to come, or null to end the presale.',
          );
        }
        return { presaleUntil: until === null ? null : new Date(until) };
      },
    ),
    verb(
      deps,
      'message',
      'Tells everybody in the room something; an empty text takes it back',
      z.strictObject({ message: z.string().trim().max(500) }),
      (_sale, { message }) => ({ message }),
      true,
    ),
  ];
}

function verb<Body>(
  deps: Deps,
  name: string,
  summary: string,
  body: z.ZodType<Body>,
  settings: (sale: LockedSale, body: Body, now: Date) => Partial<SaleSettings>,
  alsoClosed = false,
): Route {
  return route<Body, unknown>({
    method: 'post',
    path: `/api/v1/staff/sales/:id/${name}`,
    summary,
    identity: 'staff',
    roles: opsRoles,
    body,
    answers: { 200: staffSaleShape },
    handle: async (call) => {
      const saleId = call.params.id ?? '';
      await applyChange(deps, call, saleId, name, (sale, now) => {
        if (sale.state === 'CLOSED' && !alsoClosed) {
          throw new UsherError('sale_closed', 'The sale is closed; nothing changes it any more.');
        }
        return settings(sale, call.body, now);
      });
      await carrySale(deps, saleId);
      const sale = await readStaffSale(deps, saleId);
      return { status: 200, body: sale, headers: { ETag: `"${sale.version}"` } };
    },
  });
}

async function applyChange(
  { catalog }: Deps,
  call: Call<unknown, unknown>,
  saleId: string,
  name: string,
  settings: (sale: LockedSale, now: Date) => Partial<SaleSettings>,
): Promise<void> {
  const version = ifMatchOf(call);
  await catalog.transaction(async (tx) => {
    const sale = await lockSale(tx, saleId);
    if (!sale) throw new UsherError('not_found', 'There is no such sale.');
    const set = settings(sale, new Date(await readNowMs(tx)));
    const action = `sale.${name.replace('-', '_')}`;
    const { actor } = call;
    await changeSale(tx, {
      saleId,
      actor,
      action,
      set,
      ...(version === undefined ? {} : { version }),
    });
  });
}
