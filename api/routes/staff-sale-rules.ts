import { z } from 'zod';
import { UsherError } from '../../core/domain/errors.js';
import { priceRulesSchema } from '../../core/domain/price-rules.js';
import { orphanRules } from '../../core/domain/single-seats.js';
import { markForShards } from '../../core/store/catalog/import-write.js';
import {
  changeSale,
  readSale,
  type Sale,
  type SaleSettings,
} from '../../core/store/catalog/sales.js';
import { readNowMs } from '../../core/store/database.js';
import type { ApiDeps } from '../deps.js';
import { type Route, route } from '../route.js';
import {
  ifMatchOf,
  opsRoles,
  readStaffSale,
  settleAndTell,
  staffSaleShape,
} from './staff-shared.js';

const rulesBody = z
  .strictObject({
    seat_cap: z.int().min(1).max(50).optional(),
    sale_cap: z.int().min(1).max(1_000).nullable().optional(),
    card_cap: z.int().min(1).max(1_000).nullable().optional(),
    orphan_rule: z.enum(orphanRules).optional(),
    price_rules: priceRulesSchema.nullable().optional(),
    /** Null: tickets are not taken back. */
    refund: z
      .strictObject({
        until_hours_before: z.int().min(0).max(8_760),
        fee_percent: z.number().min(0).max(100),
      })
      .nullable()
      .optional(),
  })
  .refine((body) => Object.keys(body).length > 0, { error: 'name at least one rule' });

type RulesBody = z.infer<typeof rulesBody>;

/** What fans may choose and have. It holds for every decision after the answer. */
export function staffSaleRuleRoutes(
  deps: Pick<ApiDeps, 'catalog' | 'shards' | 'redis' | 'names'>,
): Route[] {
  return [
    route({
      method: 'post',
      path: '/api/v1/staff/sales/:id/rules',
      summary: 'Changes the caps of a sale and its rules on single seats, prices and refunds',
      identity: 'staff',
      roles: opsRoles,
      body: rulesBody,
      answers: { 200: staffSaleShape },
      handle: async (call) => {
        const saleId = call.params.id ?? '';
        const version = ifMatchOf(call);
        await deps.catalog.transaction(async (tx) => {
          const sale = await readSale(tx, saleId);
          if (!sale) throw new UsherError('not_found', 'There is no such sale.');
          const { sale_cap, card_cap } = call.body;
          const begins =
            (typeof sale_cap === 'number' && sale.saleCap === null) ||
            (typeof card_cap === 'number' && sale.cardCap === null);
          const hasOpened = +sale.opensAt <= (await readNowMs(tx));
          if (begins && hasOpened) {
            throw new UsherError(
              'conflict',
              'The sale has opened without this cap, and the seats sold since were not counted.',
            );
          }
          if (hasOpened && !isAsKind(sale, call.body.refund)) {
            throw new UsherError(
              'conflict',
              'The sale has opened, and fans bought by its rule on refunds: it can only get kinder.',
            );
          }
          await changeSale(tx, {
            ...{ saleId, actor: call.actor, action: 'sale.rules', set: settingsOf(call.body) },
            ...(version === undefined ? {} : { version }),
          });
          await markForShards(tx, { sales: [saleId], halls: [] });
        });
        await settleAndTell(deps);
        const sale = await readStaffSale(deps, saleId);
        return { status: 200, body: sale, headers: { ETag: `"${sale.version}"` } };
      },
    }),
  ];
}

/** Whether nobody who has bought by the rule of before gets less by this one. */
function isAsKind(
  { refundUntilHours: untilHours, refundFeePercent: feePercent }: Sale,
  to: RulesBody['refund'],
): boolean {
  if (to === undefined || untilHours === null || feePercent === null) return true;
  return to !== null && to.until_hours_before <= untilHours && to.fee_percent <= feePercent;
}

function settingsOf(body: RulesBody): Partial<SaleSettings> {
  return {
    ...(body.seat_cap === undefined ? {} : { seatCap: body.seat_cap }),
    ...(body.sale_cap === undefined ? {} : { saleCap: body.sale_cap }),
    ...(body.price_rules === undefined
      ? {}
      : { priceRules: body.price_rules && JSON.stringify(body.price_rules) }),
    ...(body.refund === undefined
      ? {}
      : {
          refundUntilHours: body.refund?.until_hours_before ?? null,
          refundFeePercent: body.refund?.fee_percent ?? null,
        }),
    ...(body.card_cap === undefined ? {} : { cardCap: body.card_cap }),
    ...(body.orphan_rule === undefined ? {} : { orphanRule: body.orphan_rule }),
  };
}
