import { z } from 'zod';
import { plainDiscountCode } from '../../core/domain/discount.js';
import { UsherError } from '../../core/domain/errors.js';
import { formatShowId } from '../../core/domain/ids.js';
import { readSale } from '../../core/store/catalog/browse.js';
import {
  createDiscount,
  type DiscountRule,
  endDiscount,
  listDiscounts,
  readDiscount,
  type StoredDiscount,
} from '../../core/store/catalog/discounts.js';
import { readShowOnSale } from '../../core/store/catalog/shows-on-sale.js';
import { discountCode } from '../accept/reserve-schema.js';
import type { ApiDeps } from '../deps.js';
import { type Route, route } from '../route.js';
import { found } from './browse.js';
import { listOf, pageMax } from './paging.js';
import { opsRoles, showIdOf } from './staff-shared.js';

const money = z.object({ amount: z.int(), currency: z.string() });
const discountShape = z
  .object({
    code: z.string(),
    off: money.nullable().meta({ description: 'Taken off the prices of a reservation' }),
    percent: z.int().nullable().meta({ description: 'Or a share of them' }),
    uses: z.int().meta({ description: 'Reservations that have it now, held or booked' }),
    uses_max: z.int(),
    starts_at: z.string().nullable(),
    ends_at: z.string().nullable(),
    sale_id: z.string().nullable(),
    shows: z.array(z.string()).nullable(),
    created_by: z.string(),
    created_at: z.string(),
    ended_at: z.string().nullable(),
  })
  .meta({ id: 'Discount' });

/** Short enough that it fits into a request beside the longest wish. */
const newCode = discountCode.refine((text) => /^[A-Z0-9]{4,24}$/.test(plainDiscountCode(text)), {
  error: 'has 4 to 24 letters and digits',
});
const wishBody = z
  .strictObject({
    code: newCode,
    off: z
      .strictObject({
        amount: z.int().min(1).max(1_000_000_000),
        currency: z.string().regex(/^[A-Z]{3}$/),
      })
      .optional(),
    percent: z.int().min(1).max(100).optional(),
    uses_max: z.int().min(1).max(1_000_000),
    starts_at: z.iso.datetime({ offset: true }).optional(),
    ends_at: z.iso.datetime({ offset: true }).optional(),
    sale_id: z.string().max(48).optional(),
    shows: z.array(z.string().max(12)).min(1).max(200).optional(),
  })
  .refine((body) => (body.off === undefined) !== (body.percent === undefined), {
    error: 'name either an amount that is taken off, or a percentage',
  });
type WishBody = z.infer<typeof wishBody>;

/** Discount codes of fans: an amount or a share, with uses, dates and shows. */
export function staffDiscountRoutes({ catalog }: Pick<ApiDeps, 'catalog'>): Route[] {
  const path = '/api/v1/staff/discounts';
  return [
    route({
      method: 'get',
      path,
      summary: 'Discount codes by name, and how often each is used now',
      identity: 'staff',
      roles: opsRoles,
      query: z.strictObject({
        limit: z.coerce.number().int().min(1).max(pageMax).default(pageMax),
        cursor: z
          .string()
          .max(24)
          .regex(/^[A-Z0-9]*$/)
          .default(''),
      }),
      answers: { 200: listOf(discountShape) },
      handle: async ({ query: { limit, cursor } }) => {
        const rows = await listDiscounts(catalog, { afterCode: cursor, rowsMax: limit + 1 });
        const results = rows.slice(0, limit).map(discountJson);
        const next_cursor = rows.length > limit ? (results.at(-1)?.code ?? null) : null;
        return { status: 200, body: { results, next_cursor } };
      },
    }),
    route({
      method: 'get',
      path: `${path}/:code`,
      summary: 'One discount code',
      identity: 'staff',
      roles: opsRoles,
      answers: { 200: discountShape },
      handle: async ({ params }) => {
        const row = await readDiscount(catalog, codeOf(params.code));
        return { status: 200, body: discountJson(found(row, 'code')) };
      },
    }),
    route({
      method: 'post',
      path,
      summary: 'Makes a discount code; what it is worth never changes',
      identity: 'staff',
      roles: opsRoles,
      body: wishBody,
      answers: { 201: discountShape },
      handle: async ({ body, actor }) => {
        const rule = await ruleOf(catalog, body);
        const made = await catalog.transaction((tx) => createDiscount(tx, { ...rule, actor }));
        return { status: 201, body: discountJson(made) };
      },
    }),
    route({
      method: 'post',
      path: `${path}/:code/end`,
      summary: 'Ends a code; reservations that have it keep it',
      identity: 'staff',
      roles: opsRoles,
      body: z.strictObject({}),
      answers: { 200: discountShape },
      handle: async ({ params, actor }) => {
        const code = codeOf(params.code);
        const ended = await catalog.transaction((tx) => endDiscount(tx, { code, actor }));
        return { status: 200, body: discountJson(ended) };
      },
    }),
  ];
}

/** A code as it is stored. @throws UsherError `not_found` for what could be none. */
function codeOf(text: string | undefined): string {
  const code = plainDiscountCode(text ?? '');
  return found(/^[A-Z0-9]{4,24}$/.test(code) ? code : undefined, 'code');
}

/** @throws UsherError `not_found` for a sale or show, `not_acceptable` for dates that never are. */
async function ruleOf(catalog: ApiDeps['catalog'], body: WishBody): Promise<DiscountRule> {
  const { off, percent = null, starts_at, ends_at, sale_id: saleId = null } = body;
  const startsAt = starts_at === undefined ? null : new Date(starts_at);
  const endsAt = ends_at === undefined ? null : new Date(ends_at);
  if (startsAt && endsAt && startsAt >= endsAt) {
    throw new UsherError('not_acceptable', 'The code would end before it begins.');
  }
  if (saleId !== null) found(await readSale(catalog, saleId), 'sale');
  const shows = body.shows?.map(showIdOf) ?? null;
  for (const showId of shows ?? []) found(await readShowOnSale(catalog, showId), 'show');
  return {
    code: plainDiscountCode(body.code),
    amount: off?.amount ?? null,
    currency: off?.currency ?? null,
    usesMax: body.uses_max,
    ...{ percent, startsAt, endsAt, saleId, shows },
  };
}

function discountJson(row: StoredDiscount): z.infer<typeof discountShape> {
  const { amount, currency } = row;
  return {
    code: row.code,
    off: amount === null || currency === null ? null : { amount, currency },
    percent: row.percent,
    uses: row.uses,
    uses_max: row.usesMax,
    starts_at: row.startsAt?.toISOString() ?? null,
    ends_at: row.endsAt?.toISOString() ?? null,
    sale_id: row.saleId,
    shows: row.shows?.map((showId) => formatShowId(showId)) ?? null,
    created_by: row.createdBy,
    created_at: row.createdAt.toISOString(),
    ended_at: row.endedAt?.toISOString() ?? null,
  };
}
