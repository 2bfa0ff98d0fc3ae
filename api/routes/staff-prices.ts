import { z } from 'zod';
import { UsherError } from '../../core/domain/errors.js';
import { formatShowId, type ShowId } from '../../core/domain/ids.js';
import { type PriceRules, priceAt } from '../../core/domain/price-rules.js';
import { publishSeats } from '../../core/redis/show-news.js';
import { changePrices, readPrices } from '../../core/store/catalog/show-prices.js';
import { readPriceState } from '../../core/store/shard/show-prices.js';
import type { ApiDeps } from '../deps.js';
import { type Route, route } from '../route.js';
import { found } from './browse.js';
import { deskRoles, opsRoles, settleAndTell, showIdOf } from './staff-shared.js';

const path = '/api/v1/staff/shows/:id/prices';

const pricesShape = z.object({
  show_id: z.string(),
  currency: z.string(),
  /** Grows whenever prices have changed. */
  price_version: z.number().int(),
  /** What the sale's rules make of every zone's own price. */
  percent: z.number().int(),
  zones: z.array(
    z.object({
      zone: z.string(),
      /** As staff set it. */
      price: z.number().int(),
      /** As fans pay it now. */
      price_now: z.number().int(),
    }),
  ),
});

const pricesBody = z.strictObject({
  prices: z.record(z.string().max(40), z.int().min(1).max(100_000_000)),
});

/** The zone prices of a show. Seats that somebody holds or has bought keep the price they have. */
export function staffPriceRoutes(deps: ApiDeps): Route[] {
  return [
    route({
      method: 'get',
      path,
      summary: 'The prices of a show: of each zone, and what the rules make of them now',
      identity: 'staff',
      roles: deskRoles,
      answers: { 200: pricesShape },
      handle: async ({ params }) => ({
        status: 200,
        body: await describe(deps, showIdOf(params.id)),
      }),
    }),
    route({
      method: 'post',
      path,
      summary: 'Changes zone prices for all seats of a show that nobody has yet',
      identity: 'staff',
      roles: opsRoles,
      body: pricesBody,
      answers: { 200: pricesShape },
      handle: async ({ params, body, actor }) => {
        const showId = showIdOf(params.id);
        const known = Object.keys(found(await readPrices(deps.catalog, showId), 'show'));
        const unknown = Object.keys(body.prices).filter((zone) => !known.includes(zone));
        if (unknown.length > 0 || Object.keys(body.prices).length === 0) {
          throw new UsherError('not_acceptable', `The zones of this show are ${known.join(', ')}.`);
        }
        await changePrices(deps.catalog, { showId, prices: body.prices, actor });
        await settleAndTell(deps);
        const shard = await deps.shards.forShow(showId);
        const { version, priceVersion } = found(await readPriceState(shard, showId), 'show');
        const news = { showId, version, priceVersion, seats: [] };
        await publishSeats(deps.redis, deps.names, news);
        return { status: 200, body: await describe(deps, showId) };
      },
    }),
  ];
}

async function describe(
  { catalog, shards }: Pick<ApiDeps, 'catalog' | 'shards'>,
  showId: ShowId,
): Promise<z.infer<typeof pricesShape>> {
  const prices = found(await readPrices(catalog, showId), 'show');
  const state = found(await readPriceState(await shards.forShow(showId), showId), 'show');
  const rules = state.priceRules === null ? null : (JSON.parse(state.priceRules) as PriceRules);
  const percent = rules ? state.pricePercent : 100;
  return {
    show_id: formatShowId(showId),
    currency: state.currency,
    price_version: state.priceVersion,
    percent,
    zones: Object.entries(prices)
      .sort(([, a], [, b]) => a - b)
      .map(([zone, price]) => ({ zone, price, price_now: priceAt(rules, price, percent) })),
  };
}
