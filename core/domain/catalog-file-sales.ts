// Sales of a catalog file: defaults filled in, times made absolute, relations between fields.
import type { Path } from './catalog-file-faults.js';
import type { Reading } from './catalog-file-reading.js';
import { momentOf, type SaleEntry } from './catalog-file-schema.js';
import type { CatalogSale } from './catalog-file-types.js';

/** Nobody waits in a standing sale; these only keep a sudden crowd from reaching the lanes. */
export const standingRatePerMinute = 60_000;
export const standingPassCap = 100_000;

/** All sales that fit their schema, with whatever is inconsistent in them reported. */
export function resolveSales(reading: Reading): CatalogSale[] {
  return reading.sections.sales.found.map(({ index, entry }) => {
    checkRelations(reading, entry, ['sales', index]);
    return saleOf(entry, reading.nowMs);
  });
}

function checkRelations({ faults, nowMs }: Reading, sale: SaleEntry, path: Path): void {
  if (sale.hold_limit_seconds < sale.hold_seconds) {
    faults.add(
      [...path, 'hold_limit_seconds'],
      `must be at least hold_seconds (${sale.hold_seconds}): holds can't end before they lapse`,
    );
  }
  if (sale.standing) {
    if (sale.lobby === 'draw') {
      faults.add([...path, 'lobby'], 'must be arrival: a standing sale has no crowd to draw from');
    }
    if (sale.lobby_opens_at !== undefined) {
      faults.addAtKey([...path, 'lobby_opens_at'], 'goes with a rush only: remove it');
    }
    return;
  }
  for (const field of ['opens_at', 'rate_per_minute', 'pass_cap'] as const) {
    if (sale[field] === undefined) {
      faults.add([...path, field], 'is missing: add it, or write `standing: true`');
    }
  }
  const lobbyAt = momentOf(sale.lobby_opens_at ?? '', nowMs);
  const opensAt = momentOf(sale.opens_at ?? '', nowMs);
  if (lobbyAt !== undefined && opensAt !== undefined && lobbyAt > opensAt) {
    faults.add([...path, 'lobby_opens_at'], 'must not be after opens_at');
  }
}

function saleOf(entry: SaleEntry, nowMs: number): CatalogSale {
  const opensAt = entry.opens_at ?? '+0s';
  return {
    key: entry.key,
    name: entry.name,
    standing: entry.standing,
    lobby: entry.lobby,
    opens_at: momentOf(opensAt, nowMs) ?? nowMs,
    opens_at_relative: /^[+-]/.test(opensAt),
    lobby_opens_at: momentOf(entry.lobby_opens_at ?? '', nowMs) ?? null,
    rate_per_minute: entry.rate_per_minute ?? standingRatePerMinute,
    pass_cap: entry.pass_cap ?? standingPassCap,
    pass_seconds: entry.pass_seconds,
    seat_cap: entry.seat_cap,
    sale_cap: entry.sale_cap ?? null,
    card_cap: entry.card_cap ?? null,
    orphan_rule: entry.orphan_rule,
    price_rules: entry.price_rules ?? null,
    hold_seconds: entry.hold_seconds,
    hold_limit_seconds: entry.hold_limit_seconds,
    payment_seconds: entry.payment_seconds,
    refund: entry.refund ?? null,
    booking_fee: entry.booking_fee,
    tax_rate_bp: entry.tax_rate_bp,
    message: entry.message ?? null,
    waitlist: entry.waitlist ?? null,
  };
}
