import type { PriceRules } from '../core/domain/price-rules.js';
import type { ModelSeat } from './seat-model.js';

/**
 * A plain model of moved prices: every price that the rules allow is tried, and the nearest to the
 * wanted one is taken, the dearer of two.
 */
export function modelPrice(
  seats: ModelSeat[],
  base: number,
  rules: PriceRules | null,
  msToStart: number,
): number {
  if (rules === null) return base;
  const onSale = seats.filter((seat) => seat.state !== 'BLOCKED');
  const sold = onSale.filter((seat) => seat.state !== 'FREE').length;
  let change = 0;
  let from = -1;
  for (const tier of rules.by_share_sold) {
    const isReached = onSale.length > 0 && 100 * sold >= tier.from_percent * onSale.length;
    if (isReached && tier.from_percent > from) {
      change = tier.change_percent;
      from = tier.from_percent;
    }
  }
  let byTime = 0;
  let within = Number.POSITIVE_INFINITY;
  for (const tier of rules.by_time_to_show) {
    if (msToStart <= tier.within_hours * 3_600_000 && tier.within_hours < within) {
      byTime = tier.change_percent;
      within = tier.within_hours;
    }
  }
  const percent = 100 + change + byTime;
  const bounded = Math.max(rules.floor_percent, Math.min(rules.ceiling_percent, percent));
  if (bounded === 100) return base;
  let best: number | undefined;
  for (let price = rules.step; price * 100 <= base * rules.ceiling_percent; price += rules.step) {
    if (price * 100 < base * rules.floor_percent) continue;
    const away = Math.abs(price * 100 - base * bounded);
    if (best === undefined || away <= Math.abs(best * 100 - base * bounded)) best = price;
  }
  return best ?? base;
}
