// What a catalog file means once it is read: everything expanded, checked and absolute.
import type { LayoutSeat } from './layout.js';
import type { PriceRules } from './price-rules.js';
import type { OrphanRule } from './single-seats.js';

/** Degrees north, degrees east. */
export type LatLong = [number, number];

export interface CatalogCity {
  key: string;
  name: string;
  /** ISO 3166 two-letter code. */
  country: string;
  /** IANA name, such as Asia/Kolkata. */
  time_zone: string;
  /** BCP 47, such as hi-IN: what its cinemas write their messages in. */
  locale: string;
  lat_long: LatLong;
}

export interface CatalogCinema {
  key: string;
  name: string;
  city: string;
  address: string;
  postal_code: string;
  lat_long: LatLong;
}

export interface CatalogHall {
  key: string;
  cinema: string;
  name: string;
  /** In the order in which they first appear from the screen. */
  zones: string[];
  /** In seat order: `seats[i].seat_no` is `i`. */
  seats: LayoutSeat[];
}

export interface CatalogMovie {
  key: string;
  kind: 'film' | 'event';
  title: string;
  synopsis: string;
  runtime_minutes: number;
  certificate: string;
  languages: string[];
  genres: string[];
  /** 0 to 10 with one decimal; null when nobody has rated it. */
  rating: number | null;
  cast: string[];
  poster: string | null;
  trailer_url: string | null;
}

export interface CatalogShow {
  key: string;
  movie: string;
  hall: string;
  sale: string;
  /** Milliseconds since 1970, UTC. */
  starts_at: number;
  /** Counted from the import day, so it only takes effect when the key is first imported. */
  starts_at_relative: boolean;
  currency: string;
  /** Integer minor units for exactly the zones of the hall. */
  prices: Record<string, number>;
}

export interface CatalogSale {
  key: string;
  name: string;
  standing: boolean;
  lobby: 'arrival' | 'draw';
  /** Milliseconds since 1970, UTC. */
  opens_at: number;
  /** Counted from the import, so it only takes effect when the key is first imported. */
  opens_at_relative: boolean;
  /** Milliseconds since 1970, UTC; null: the lobby is there as soon as the sale is. */
  lobby_opens_at: number | null;
  rate_per_minute: number;
  pass_cap: number;
  pass_seconds: number;
  seat_cap: number;
  /** Seats of one fan over all shows of the sale; null: only `seat_cap` counts. */
  sale_cap: number | null;
  /** Seats of the sale that one card may pay for; null: cards are not counted. */
  card_cap: number | null;
  orphan_rule: OrphanRule;
  /** Null: every zone keeps its price. */
  price_rules: PriceRules | null;
  hold_seconds: number;
  hold_limit_seconds: number;
  /** Time to pay, 3-D Secure included, that each attempt gets however short the hold has become. */
  payment_seconds: number;
  /** Null: fans can't cancel for money themselves. */
  refund: { until_hours_before: number; fee_percent: number } | null;
  /** Minor units, added to the price of each seat. */
  booking_fee: number;
  /** The tax that the prices contain, in hundredths of a percent. */
  tax_rate_bp: number;
  message: string | null;
  /** Null: a fan who finds a show full is told that it is sold out. */
  waitlist: { offer_seconds: number; stop_minutes_before: number } | null;
}

export interface Catalog {
  cities: CatalogCity[];
  cinemas: CatalogCinema[];
  halls: CatalogHall[];
  movies: CatalogMovie[];
  /** By start, then key. */
  shows: CatalogShow[];
  sales: CatalogSale[];
}

/** One thing that is wrong, with the place to put it right. Line and column count from 1. */
export interface CatalogFault {
  line: number;
  column: number;
  /** Such as `shows[3].prices.premium`; indexes count from 0. Empty: the whole file. */
  field: string;
  message: string;
}

/** What earlier imports left behind, so that a file may hold next week's shows alone. */
export interface KnownCatalog {
  cities: ReadonlyMap<string, { time_zone: string }>;
  cinemas: ReadonlyMap<string, { time_zone: string }>;
  halls: ReadonlyMap<string, { time_zone: string; zones: readonly string[] }>;
  movies: ReadonlyMap<string, { runtime_minutes: number }>;
  sales: ReadonlySet<string>;
}

export interface CatalogFileOptions {
  /** `json` also refuses what only YAML allows, such as bare words. */
  format: 'yaml' | 'json';
  /** The instant of the import: relative times count from it. Milliseconds since 1970 or a Date. */
  now: number | Date;
  /** Gives the text of a file that the catalog names (a pretix plan); throws when it can't. */
  readFile?: (path: string) => string;
  known?: KnownCatalog;
}

export type CatalogFileResult =
  | { ok: true; catalog: Catalog }
  | { ok: false; faults: CatalogFault[] };
