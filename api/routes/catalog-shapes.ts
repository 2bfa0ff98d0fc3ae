import { z } from 'zod';
import { distanceKm } from '../../core/domain/geo.js';
import { formatShowId } from '../../core/domain/ids.js';
import { type PriceRules, priceRulesSchema } from '../../core/domain/price-rules.js';
import { publicSaleState } from '../../core/domain/sale-state.js';
import { orphanRules } from '../../core/domain/single-seats.js';
import type {
  CinemaRow,
  CityRow,
  MovieRow,
  SaleRow,
  ShowRow,
} from '../../core/store/catalog/browse.js';

// The public shapes of the catalog: each schema stands beside the function that fills it.

const latLong = z.tuple([z.number(), z.number()]);

export const cityShape = z.object({
  city_id: z.string(),
  name: z.string(),
  country: z.string(),
  time_zone: z.string(),
  lat_long: latLong,
});

export function cityJson(row: CityRow): z.infer<typeof cityShape> {
  const { lat, lon, ...rest } = row;
  return { ...rest, lat_long: [lat, lon] };
}

export const movieShape = z.object({
  movie_id: z.string(),
  kind: z.enum(['film', 'event']),
  title: z.string(),
  synopsis: z.string(),
  runtime_minutes: z.number(),
  certificate: z.string(),
  languages: z.array(z.string()),
  genres: z.array(z.string()),
  rating: z.number().nullable(),
  cast: z.array(z.string()),
  poster: z.string().nullable(),
  trailer_url: z.string().nullable(),
});

export function movieJson(row: MovieRow): z.infer<typeof movieShape> {
  return row;
}

export const cinemaShape = z.object({
  cinema_id: z.string(),
  name: z.string(),
  city: z.string(),
  city_id: z.string(),
  time_zone: z.string(),
  address: z.string(),
  postal_code: z.string(),
  lat_long: latLong,
  distance_km: z.number().nullable(),
});

/** A cinema, with its distance from a place where one was given. */
export function cinemaJson(
  row: CinemaRow,
  from?: readonly [number, number],
): z.infer<typeof cinemaShape> {
  const { lat, lon, ...rest } = row;
  return {
    ...rest,
    lat_long: [lat, lon],
    distance_km: from ? roundKm(distanceKm(from, [lat, lon])) : null,
  };
}

/** Kilometres with one decimal. */
export function roundKm(km: number): number {
  return Math.round(km * 10) / 10;
}

export const showShape = z.object({
  show_id: z.string(),
  sale_id: z.string(),
  state: z.enum(['active', 'cancelled']),
  movie: z.object({ movie_id: z.string(), title: z.string() }),
  cinema: z.object({
    cinema_id: z.string(),
    name: z.string(),
    city: z.string(),
    time_zone: z.string(),
  }),
  hall: z.string(),
  starts_at: z.iso.datetime(),
  available_seats: z.number().int(),
  price_from: z.number().int(),
  currency: z.string(),
});

export function showJson(row: ShowRow): z.infer<typeof showShape> {
  return {
    show_id: formatShowId(row.show_id),
    sale_id: row.sale_id,
    state: row.state === 'ACTIVE' ? 'active' : 'cancelled',
    movie: { movie_id: row.movie_id, title: row.title },
    cinema: {
      cinema_id: row.cinema_id,
      name: row.cinema,
      city: row.city,
      time_zone: row.time_zone,
    },
    hall: row.hall,
    starts_at: row.starts_at.toISOString(),
    available_seats: row.seats_free,
    price_from: row.price_from,
    currency: row.currency,
  };
}

export const saleShape = z.object({
  sale_id: z.string(),
  name: z.string(),
  state: z.enum(['scheduled', 'lobby', 'open', 'paused', 'sold_out', 'closed']),
  standing: z.boolean(),
  lobby: z.enum(['arrival', 'draw']),
  lobby_opens_at: z.iso.datetime().nullable(),
  opens_at: z.iso.datetime(),
  rate_per_minute: z.number().int(),
  pass_cap: z.number().int(),
  seat_cap: z.number().int(),
  sale_cap: z.number().int().nullable(),
  card_cap: z.number().int().nullable(),
  orphan_rule: z.enum(orphanRules),
  price_rules: priceRulesSchema.nullable(),
  hold_seconds: z.number().int(),
  hold_limit_seconds: z.number().int(),
  payment_seconds: z.number().int().meta({ description: 'Time that each payment gets' }),
  refund: z.object({ until_hours_before: z.number(), fee_percent: z.number() }).nullable(),
  booking_fee: z.number().int().meta({ description: 'Minor units, added to each seat' }),
  tax_rate_bp: z.number().int().meta({ description: 'Hundredths of a percent, in the prices' }),
  waitlist: z.object({ offer_seconds: z.number(), stop_minutes_before: z.number() }).nullable(),
  seats_left: z.number().int(),
  message: z.string().nullable(),
  seed_hash: z.string(),
});

export function saleJson(row: SaleRow): z.infer<typeof saleShape> {
  const { refund_until_hours: hours, refund_fee_percent: fee } = row;
  const times = {
    state: row.state,
    lobbyOpensAtMs: row.lobby_opens_at?.getTime() ?? null,
    opensAtMs: row.opens_at.getTime(),
    seatsLeft: row.has_shows ? row.seats_left : null,
  };
  return {
    sale_id: row.sale_id,
    name: row.name,
    state: publicSaleState(times, row.now.getTime()),
    standing: row.standing === 1,
    lobby: row.lobby,
    lobby_opens_at: row.lobby_opens_at?.toISOString() ?? null,
    opens_at: row.opens_at.toISOString(),
    rate_per_minute: row.rate_per_minute,
    pass_cap: row.pass_cap,
    seat_cap: row.seat_cap,
    sale_cap: row.sale_cap,
    card_cap: row.card_cap,
    orphan_rule: row.orphan_rule,
    price_rules: row.price_rules === null ? null : (JSON.parse(row.price_rules) as PriceRules),
    hold_seconds: row.hold_seconds,
    hold_limit_seconds: row.hold_limit_seconds,
    payment_seconds: row.payment_seconds,
    waitlist:
      row.offer_seconds === null
        ? null
        : { offer_seconds: row.offer_seconds, stop_minutes_before: row.offers_stop_minutes },
    refund: hours === null || fee === null ? null : { until_hours_before: hours, fee_percent: fee },
    booking_fee: row.booking_fee,
    tax_rate_bp: row.tax_rate_bp,
    seats_left: row.seats_left,
    message: row.message === '' ? null : row.message,
    seed_hash: row.seed_hash,
  };
}
