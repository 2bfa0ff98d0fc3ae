import { z } from 'zod';
import { formatPlainId } from '../../core/domain/ids.js';
import {
  closeTill,
  expectedAmount,
  listTills,
  openTill,
  readTill,
  type Till,
} from '../../core/store/catalog/tills.js';
import type { ApiDeps } from '../deps.js';
import { type Route, route } from '../route.js';
import { found } from './browse.js';
import { listOf } from './paging.js';
import { deskRoles } from './staff-shared.js';

const tillShape = z.object({
  till_id: z.string(),
  staff: z.string(),
  currency: z.string(),
  opening_amount: z.number().int(),
  sales: z.number().int(),
  sales_amount: z.number().int(),
  refunds: z.number().int(),
  refunds_amount: z.number().int(),
  expected_amount: z.number().int(),
  counted_amount: z.number().int().nullable(),
  difference: z.number().int().nullable(),
  opened_at: z.iso.datetime(),
  closed_at: z.iso.datetime().nullable(),
});
const amount = z.int().min(0).max(1_000_000_000);
const tillsMax = 100;

/** The cash of each member of staff: opened with a float, closed with a count. */
export function staffTillRoutes({ catalog }: Pick<ApiDeps, 'catalog'>): Route[] {
  return [
    route({
      method: 'post',
      path: '/api/v1/staff/tills',
      summary: 'Opens the own till with the cash that lies in it',
      identity: 'staff',
      roles: deskRoles,
      body: z.strictObject({ opening_amount: amount, currency: z.string().regex(/^[A-Z]{3}$/) }),
      answers: { 201: tillShape },
      handle: async ({ body, actor }) => {
        const { currency, opening_amount: openingAmount } = body;
        const tillId = await openTill(catalog, { staffName: actor, currency, openingAmount });
        return { status: 201, body: tillJson(found(await readTill(catalog, tillId), 'till')) };
      },
    }),
    route({
      method: 'post',
      path: '/api/v1/staff/tills/close',
      summary: 'Closes the own till with what was counted; the difference is told and kept',
      identity: 'staff',
      roles: deskRoles,
      body: z.strictObject({ counted_amount: amount }),
      answers: { 200: tillShape },
      handle: async ({ body, actor }) => {
        const closing = { staffName: actor, countedAmount: body.counted_amount };
        return { status: 200, body: tillJson(await closeTill(catalog, closing)) };
      },
    }),
    route({
      method: 'get',
      path: '/api/v1/staff/tills',
      summary: 'The newest tills: the own ones, or everybody’s for ops',
      identity: 'staff',
      roles: deskRoles,
      answers: { 200: listOf(tillShape) },
      handle: async ({ actor, role }) => {
        const whose = role === 'box_office' ? { staffName: actor } : {};
        const tills = await listTills(catalog, { ...whose, rowsMax: tillsMax });
        return { status: 200, body: { results: tills.map(tillJson), next_cursor: null } };
      },
    }),
  ];
}

function tillJson(till: Till): z.infer<typeof tillShape> {
  const expected = expectedAmount(till);
  const { countedAmount: counted } = till;
  return {
    till_id: formatPlainId('till', till.tillId),
    staff: till.staffName,
    currency: till.currency,
    opening_amount: till.openingAmount,
    sales: till.sales,
    sales_amount: till.salesAmount,
    refunds: till.refunds,
    refunds_amount: till.refundsAmount,
    expected_amount: expected,
    counted_amount: counted,
    difference: counted === null ? null : counted - expected,
    opened_at: new Date(till.openedAtMs).toISOString(),
    closed_at: till.closedAtMs === null ? null : new Date(till.closedAtMs).toISOString(),
  };
}
