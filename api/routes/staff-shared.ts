import { z } from 'zod';
import { UsherError } from '../../core/domain/errors.js';
import { parseShowId, type ShowId } from '../../core/domain/ids.js';
import { publishSeats } from '../../core/redis/show-news.js';
import type { StaffRole } from '../../core/runtime/tokens.js';
import { readSale, type SaleRow } from '../../core/store/catalog/browse.js';
import { carryToGates } from '../../core/store/catalog/sale-gates.js';
import { settleShows } from '../../core/store/catalog/settle-shows.js';
import { countShowsBySale } from '../../core/store/catalog/staff-views.js';
import type { ApiDeps } from '../deps.js';
import type { Call } from '../route.js';
import { found } from './browse.js';
import { saleJson, saleShape } from './catalog-shapes.js';

/** Who may run sales, and who may serve at the desk and the door. */
export const opsRoles: StaffRole[] = ['ops', 'admin'];
export const deskRoles: StaffRole[] = ['box_office', 'ops', 'admin'];

/** A sale with what only staff see. */
export const staffSaleShape = saleShape.extend({
  version: z.number().int(),
  pass_seconds: z.number().int(),
  draining: z.boolean(),
  no_show_percent: z.number().int(),
  shows: z.number().int(),
});
export type StaffSale = z.infer<typeof staffSaleShape>;

/** Carries changed shows to their shards, and tells pages of seats offered meanwhile. */
export async function settleAndTell(
  deps: Pick<ApiDeps, 'catalog' | 'shards' | 'redis' | 'names'>,
): Promise<void> {
  const { offered } = await settleShows(deps);
  for (const news of offered) await publishSeats(deps.redis, deps.names, news);
}

/** Carries a changed sale to its gates and its room, and tells pages of seats offered meanwhile. */
export async function carrySale(
  deps: Pick<ApiDeps, 'catalog' | 'shards' | 'gate' | 'redis' | 'names'>,
  saleId: string,
): Promise<void> {
  for (const news of await carryToGates(deps, saleId)) {
    await publishSeats(deps.redis, deps.names, news);
  }
  await deps.gate.changed(saleId);
}

/** @throws UsherError `not_found`. */
export async function readStaffSale(
  { catalog }: Pick<ApiDeps, 'catalog'>,
  saleId: string,
): Promise<StaffSale> {
  const row = found(await readSale(catalog, saleId), 'sale');
  const shows = await countShowsBySale(catalog, [saleId]);
  return staffSaleJson(row, shows.get(saleId));
}

export function staffSaleJson(row: SaleRow, shows = 0): StaffSale {
  const { version, pass_seconds, no_show_percent } = row;
  const draining = row.draining === 1;
  return { ...saleJson(row), version, pass_seconds, draining, no_show_percent, shows };
}

/**
 * The version in `If-Match`; undefined when the caller doesn't mind.
 * @throws UsherError `malformed`.
 */
export function ifMatchOf(call: Call<unknown, unknown>): number | undefined {
  const header = call.req.get('if-match');
  if (header === undefined || header === '*') return undefined;
  const match = /^"?([0-9]{1,9})"?$/.exec(header.trim());
  if (match?.[1] !== undefined) return Number(match[1]);
  throw new UsherError('malformed', 'Send the version as `If-Match: "7"`.');
}

/** @throws UsherError `not_found`. */
export function showIdOf(text: string | undefined): ShowId {
  return found(parseShowId(text ?? ''), 'show');
}
