import { z } from 'zod';
import { fields, table } from './out.js';

/** A sale as the staff API gives it; further fields pass through to `--json`. */
export const saleSchema = z
  .object({
    sale_id: z.string(),
    name: z.string(),
    state: z.string(),
    standing: z.boolean(),
    lobby: z.string(),
    lobby_opens_at: z.string().nullable(),
    opens_at: z.string(),
    rate_per_minute: z.number(),
    pass_cap: z.number(),
    pass_seconds: z.number(),
    seat_cap: z.number(),
    sale_cap: z.number().nullable(),
    card_cap: z.number().nullable(),
    orphan_rule: z.string(),
    price_rules: z.record(z.string(), z.unknown()).nullable(),
    hold_seconds: z.number(),
    hold_limit_seconds: z.number(),
    payment_seconds: z.number(),
    refund: z.object({ until_hours_before: z.number(), fee_percent: z.number() }).nullable(),
    booking_fee: z.number(),
    tax_rate_bp: z.number(),
    waitlist: z.object({ offer_seconds: z.number(), stop_minutes_before: z.number() }).nullable(),
    seats_left: z.number(),
    message: z.string().nullable(),
    version: z.number(),
    shows: z.number(),
  })
  .loose();
export type Sale = z.infer<typeof saleSchema>;

export function saleTable(sales: Sale[]): string {
  return table(
    ['sale', 'state', 'opens at', 'rate/min', 'shows', 'seats left', 'name'],
    sales.map((sale) => [
      sale.sale_id,
      sale.standing ? `${sale.state}, standing` : sale.state,
      sale.opens_at,
      sale.rate_per_minute,
      sale.shows,
      sale.seats_left,
      sale.name,
    ]),
  );
}

export function saleText(sale: Sale): string {
  return fields([
    ['sale', sale.sale_id],
    ['name', sale.name],
    ['state', sale.state],
    ['kind', sale.standing ? 'standing: nobody waits' : `rush, lobby by ${sale.lobby}`],
    ['lobby opens at', sale.lobby_opens_at],
    ['opens at', sale.opens_at],
    ['rate', `${sale.rate_per_minute} a minute`],
    ['pass cap', sale.pass_cap],
    ['pass lasts', `${sale.pass_seconds} s`],
    ['seat cap', sale.seat_cap],
    ['sale cap', sale.sale_cap],
    ['card cap', sale.card_cap],
    ['single seats', sale.orphan_rule],
    ['price rules', sale.price_rules ? JSON.stringify(sale.price_rules) : 'none'],
    ['hold lasts', `${sale.hold_seconds} s, extended ${sale.hold_limit_seconds} s at most`],
    ['time to pay', `${sale.payment_seconds} s for each payment`],
    ['taken back', sale.refund ? refundText(sale.refund) : 'never, but by the box office'],
    ['booking fee', `${sale.booking_fee} for each seat, in minor units`],
    ['tax', `${sale.tax_rate_bp / 100} % in the prices`],
    ['waitlist', sale.waitlist ? waitlistText(sale.waitlist) : 'none: full means sold out'],
    ['shows', sale.shows],
    ['seats left', sale.seats_left],
    ['message', sale.message],
    ['version', sale.version],
  ]);
}

function refundText({ until_hours_before, fee_percent }: NonNullable<Sale['refund']>): string {
  return `until ${until_hours_before} hours before a show, less ${fee_percent} % of the price`;
}

function waitlistText({
  offer_seconds,
  stop_minutes_before,
}: NonNullable<Sale['waitlist']>): string {
  return `offers last ${offer_seconds} s, none in the last ${stop_minutes_before} minutes before a show`;
}
