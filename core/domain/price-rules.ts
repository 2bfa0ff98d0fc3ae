import { z } from 'zod';
import { freeSeats, type Seat, type SeatMap } from './seat-map.js';

const percent = (min: number, max: number) => {
  const message = `must be a whole percentage from ${min} to ${max}`;
  return z.int(message).min(min, message).max(max, message);
};

/** How the prices of a sale move: in percent of each zone's own price, which staff set. */
export const priceRulesSchema = z
  .strictObject({
    /** Moved prices are whole multiples of it, minor units. */
    step: z.int().min(1).max(1_000_000).default(1),
    floor_percent: percent(1, 100).default(100),
    ceiling_percent: percent(100, 1_000).default(100),
    /** The last share that is reached counts: seats held and sold, of all that are on sale. */
    by_share_sold: z
      .array(z.strictObject({ from_percent: percent(0, 100), change_percent: percent(-99, 900) }))
      .max(20)
      .default([]),
    /** The nearest time that is reached counts. */
    by_time_to_show: z
      .array(
        z.strictObject({
          within_hours: z.int().min(1).max(8_760),
          change_percent: percent(-99, 900),
        }),
      )
      .max(20)
      .default([]),
  })
  .refine((rules) => rules.by_share_sold.length + rules.by_time_to_show.length > 0, {
    error: 'must have by_share_sold or by_time_to_show',
  });

export type PriceRules = z.infer<typeof priceRulesSchema>;

const hourMs = 3_600_000;

/** What prices are now in percent of the zones' own, within floor and ceiling. */
export function percentNow(
  rules: PriceRules,
  { sold, onSale, msToStart }: { sold: number; onSale: number; msToStart: number },
): number {
  const [share] = rules.by_share_sold
    .filter((tier) => onSale > 0 && sold * 100 >= tier.from_percent * onSale)
    .sort((a, b) => b.from_percent - a.from_percent);
  const [time] = rules.by_time_to_show
    .filter((tier) => msToStart <= tier.within_hours * hourMs)
    .sort((a, b) => a.within_hours - b.within_hours);
  const moved = 100 + (share?.change_percent ?? 0) + (time?.change_percent ?? 0);
  return Math.min(rules.ceiling_percent, Math.max(rules.floor_percent, moved));
}

/** A zone's price moved: to the nearest step, and never past floor or ceiling. Minor units. */
export function priceAt(rules: PriceRules | null, base: number, atPercent: number): number {
  if (!rules || atPercent === 100) return base;
  const { step } = rules;
  const least = Math.ceil((base * rules.floor_percent) / 100 / step) * step;
  const most = Math.floor((base * rules.ceiling_percent) / 100 / step) * step;
  // A step too coarse for this zone leaves no price between floor and ceiling.
  if (least > most || most < 1) return base;
  const nearest = Math.round((base * atPercent) / 100 / step) * step;
  return Math.min(most, Math.max(least, 1, nearest));
}

/** The percentage that holds for a show's seats as they are. */
export function percentOf(map: SeatMap, rules: PriceRules, msToStart: number): number {
  const onSale = map.seats.length - map.blocked;
  return percentNow(rules, { sold: onSale - freeSeats(map), onSale, msToStart });
}

/** Seats at the price of this moment; the same seats where no rule moves prices. */
export function pricedSeats(
  seats: Seat[],
  map: SeatMap,
  rules: PriceRules | null,
  msToStart: number,
): Seat[] {
  if (!rules) return seats;
  const now = percentOf(map, rules, msToStart);
  return seats.map((seat) => ({ ...seat, price: priceAt(rules, seat.price, now) }));
}
