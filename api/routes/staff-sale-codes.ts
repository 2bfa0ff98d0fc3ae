import { randomInt } from 'node:crypto';
import { z } from 'zod';
import { readSale } from '../../core/store/catalog/browse.js';
import {
  createCode,
  endCode,
  listCodes,
  plainCode,
  type SaleCode,
} from '../../core/store/catalog/sale-codes.js';
import type { ApiDeps } from '../deps.js';
import { type Route, route } from '../route.js';
import { found } from './browse.js';
import { listOf } from './paging.js';
import { opsRoles } from './staff-shared.js';

const codeShape = z
  .object({
    code: z.string(),
    kind: z.enum(['presale', 'staff', 'accessibility']),
    uses: z.int(),
    uses_max: z.int(),
    created_at: z.string(),
    ended_at: z.string().nullable(),
  })
  .meta({ id: 'SaleCode' });

const codeText = z
  .string()
  .min(4)
  .max(40)
  .regex(/^[A-Za-z0-9 -]+$/, { error: 'has letters, digits, spaces and dashes only' })
  .refine((text) => plainCode(text).length >= 4, { error: 'needs at least 4 letters or digits' });

/** Without what looks alike in print. */
const codeChars = 'ABCDEFGHJKLMNPQRSTUVWXYZ23456789';
const codeLength = 10;

/** Codes that let fans join a presale, or be served with a share of the rate. */
export function staffSaleCodeRoutes({ catalog, gate }: Pick<ApiDeps, 'catalog' | 'gate'>): Route[] {
  return [
    route({
      method: 'get',
      path: '/api/v1/staff/sales/:id/codes',
      summary: 'The codes of a sale and how often each was used',
      identity: 'staff',
      roles: opsRoles,
      answers: { 200: listOf(codeShape) },
      handle: async ({ params }) => {
        const sale = found(await readSale(catalog, params.id ?? ''), 'sale');
        const codes = await listCodes(catalog, sale.sale_id);
        return { status: 200, body: { results: codes.map(codeJson), next_cursor: null } };
      },
    }),
    route({
      method: 'post',
      path: '/api/v1/staff/sales/:id/codes',
      summary: 'Makes a code; without a text, one that nobody guesses',
      identity: 'staff',
      roles: opsRoles,
      body: z.strictObject({
        kind: codeShape.shape.kind,
        uses_max: z.int().min(1).max(1_000_000).default(1),
        code: codeText.optional(),
      }),
      answers: { 201: codeShape },
      handle: async ({ params, body, actor }) => {
        const sale = found(await readSale(catalog, params.id ?? ''), 'sale');
        const made = await catalog.transaction((tx) =>
          createCode(tx, {
            saleId: sale.sale_id,
            code: body.code ?? randomCode(),
            kind: body.kind,
            usesMax: body.uses_max,
            actor,
          }),
        );
        if (made.kind !== 'presale') await gate.changed(sale.sale_id);
        return { status: 201, body: codeJson(made) };
      },
    }),
    route({
      method: 'post',
      path: '/api/v1/staff/sales/:id/codes/end',
      summary: 'Ends a code for those who have not used it',
      identity: 'staff',
      roles: opsRoles,
      body: z.strictObject({ code: codeText }),
      answers: { 200: codeShape },
      handle: async ({ params, body, actor }) => {
        const saleId = params.id ?? '';
        const ended = await catalog.transaction((tx) =>
          endCode(tx, { saleId, code: body.code, actor }),
        );
        return { status: 200, body: codeJson(ended) };
      },
    }),
  ];
}

function randomCode(): string {
  return Array.from({ length: codeLength }, () => codeChars[randomInt(codeChars.length)]).join('');
}

function codeJson(code: SaleCode): z.infer<typeof codeShape> {
  return {
    code: code.code,
    kind: code.kind,
    uses: code.uses,
    uses_max: code.usesMax,
    created_at: code.createdAt.toISOString(),
    ended_at: code.endedAt?.toISOString() ?? null,
  };
}
