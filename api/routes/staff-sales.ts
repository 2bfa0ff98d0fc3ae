import { z } from 'zod';
import { parseCatalogFile } from '../../core/domain/catalog-file.js';
import { UsherError } from '../../core/domain/errors.js';
import { orphanRules } from '../../core/domain/single-seats.js';
import { listSales } from '../../core/store/catalog/browse.js';
import { importCatalog } from '../../core/store/catalog/import.js';
import { readKnownCatalog } from '../../core/store/catalog/import-read.js';
import { countShowsBySale } from '../../core/store/catalog/staff-views.js';
import { readNowMs } from '../../core/store/database.js';
import type { ApiDeps } from '../deps.js';
import { type Route, route } from '../route.js';
import { listOf } from './paging.js';
import {
  deskRoles,
  opsRoles,
  readStaffSale,
  staffSaleJson,
  staffSaleShape,
} from './staff-shared.js';

/** The form of a sale in the catalog file, whose reader checks it and fills in the defaults. */
const newSale = z.strictObject({
  key: z.string(),
  name: z.string(),
  opens_at: z.string().optional(),
  lobby_opens_at: z.string().optional(),
  lobby: z.enum(['arrival', 'draw']).optional(),
  standing: z.boolean().optional(),
  rate_per_minute: z.number().optional(),
  pass_cap: z.number().optional(),
  pass_seconds: z.number().optional(),
  seat_cap: z.number().optional(),
  sale_cap: z.number().nullable().optional(),
  card_cap: z.number().nullable().optional(),
  price_rules: z.record(z.string(), z.unknown()).nullable().optional(),
  orphan_rule: z.enum(orphanRules).optional(),
  hold_seconds: z.number().optional(),
  hold_limit_seconds: z.number().optional(),
  payment_seconds: z.number().optional(),
  refund: z.strictObject({ until_hours_before: z.number(), fee_percent: z.number() }).optional(),
  booking_fee: z.number().optional(),
  tax_rate_bp: z.number().optional(),
  message: z.string().optional(),
  waitlist: z
    .strictObject({
      offer_seconds: z.number().optional(),
      stop_minutes_before: z.number().optional(),
    })
    .optional(),
});

/** Sales as staff see them, and new ones. */
export function staffSaleRoutes(deps: ApiDeps): Route[] {
  const { catalog } = deps;
  return [
    route({
      method: 'get',
      path: '/api/v1/staff/sales',
      summary: 'All sales with their versions',
      identity: 'staff',
      roles: deskRoles,
      answers: { 200: listOf(staffSaleShape) },
      handle: async () => {
        const rows = await listSales(catalog);
        const shows = await countShowsBySale(
          catalog,
          rows.map((row) => row.sale_id),
        );
        const results = rows.map((row) => staffSaleJson(row, shows.get(row.sale_id)));
        return { status: 200, body: { results, next_cursor: null } };
      },
    }),
    route({
      method: 'get',
      path: '/api/v1/staff/sales/:id',
      summary: 'One sale with its version',
      identity: 'staff',
      roles: deskRoles,
      answers: { 200: staffSaleShape },
      handle: async ({ params }) => {
        const sale = await readStaffSale(deps, params.id ?? '');
        return { status: 200, body: sale, headers: { ETag: `"${sale.version}"` } };
      },
    }),
    route({
      method: 'post',
      path: '/api/v1/staff/sales',
      summary: 'Makes a sale',
      identity: 'staff',
      roles: opsRoles,
      body: newSale,
      answers: { 201: staffSaleShape },
      handle: async ({ body, actor }) => {
        const known = await readKnownCatalog(catalog);
        if (known.sales.has(body.key)) {
          throw new UsherError('already_exists', `There is a sale ${body.key} already.`);
        }
        await importPart(deps, { sales: [body] }, actor);
        return { status: 201, body: await readStaffSale(deps, body.key) };
      },
    }),
  ];
}

/**
 * Puts a part of a catalog in by the importer's own rules, so that a command line and a file can't
 * differ. @throws UsherError `not_acceptable` with all faults.
 */
export async function importPart(
  { catalog, shards, secrets }: Pick<ApiDeps, 'catalog' | 'shards' | 'secrets'>,
  part: { sales?: unknown[]; shows?: unknown[] },
  actor: string,
): Promise<void> {
  const now = await readNowMs(catalog);
  const parsed = parseCatalogFile(JSON.stringify(part), {
    format: 'json',
    now,
    known: await readKnownCatalog(catalog),
  });
  if (!parsed.ok) throw faulty(parsed.faults);
  // A file may hold last week's shows; by hand it is a slip of the pen.
  if (parsed.catalog.shows.some((show) => show.starts_at <= now)) {
    throw faulty([{ field: 'shows[0].starts_at', message: 'has passed: name a time to come' }]);
  }
  const report = await importCatalog({ catalog, shards, secrets }, parsed.catalog, { actor });
  if (!report.ok) {
    throw faulty(report.faults.map(({ path, message }) => ({ field: path.join('.'), message })));
  }
}

function faulty(faults: { field: string; message: string }[]): UsherError {
  const told = faults.map(({ field, message }) => ({
    field: field.replace(/^(sales|shows)((\[0\]|\.0)\.?|$)/, ''),
    message,
  }));
  const text = told.map(({ field, message }) => `${field} ${message}`.trim()).join('; ');
  return new UsherError('not_acceptable', `${text}.`, { extra: { faults: told } });
}
