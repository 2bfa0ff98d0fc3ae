// The shape of each entry of a catalog file. What concerns several entries (references, clashes)
// is checked afterwards; a message here completes the sentence "<field> …".
import { z } from 'zod';
import { isLocale, isTimeZone, parseRelativeTime, parseZonedTime } from './catalog-file-time.js';
import { priceRulesSchema } from './price-rules.js';
import { orphanRules } from './single-seats.js';

const key = z
  .string()
  .regex(/^[a-z0-9-]{1,48}$/, 'must be 1 to 48 small letters, digits or dashes, such as gateway-1');

function text(charsMax: number) {
  return z
    .string()
    .trim()
    .min(1, 'must not be empty')
    .max(charsMax, `must have at most ${charsMax} characters`)
    .regex(/^[^\p{Cc}]*$/u, 'must not contain line breaks or control characters');
}

function whole(min: number, max: number) {
  const message = `must be a whole number from ${min} to ${max}`;
  return z.number({ error: notANumber }).int(message).min(min, message).max(max, message);
}

function notANumber(issue: { input?: unknown }): string | undefined {
  return issue.input === undefined ? undefined : 'must be a number, without quotes';
}

const degrees = 'must be [latitude, longitude] in degrees, such as [19.0760, 72.8777]';
const latLong = z.tuple([z.number().min(-90).max(90), z.number().min(-180).max(180)], {
  error: (issue) => (issue.input === undefined ? undefined : degrees),
});

const webAddress = z.url({
  protocol: /^https?$/,
  error: 'must be a web address that begins with https://',
});

const citySchema = z.strictObject({
  key,
  name: text(80),
  country: z.string().regex(/^[A-Z]{2}$/, 'must be a two-letter country code, such as IN'),
  time_zone: z.string().refine(isTimeZone, 'must be a time zone name, such as Asia/Kolkata'),
  locale: z.string().refine(isLocale, 'must be a language name, such as en or hi-IN').default('en'),
  lat_long: latLong,
});

const cinemaSchema = z.strictObject({
  key,
  name: text(120),
  city: key,
  address: text(200),
  postal_code: text(16),
  lat_long: latLong,
});

// A row called 1 or a lone seat 7 is a number to YAML, and nobody should need to know that.
const words = z.union([z.string(), z.int().min(0).transform(String)], {
  error: (issue) => (issue.input === undefined ? undefined : 'must be text such as A or 1-20'),
});

const zone = z.string().regex(/^[\p{L}\p{N}](?:[\p{L}\p{N} _-]{0,30}[\p{L}\p{N}])?$/u, {
  error: 'must be a zone name of at most 32 letters, digits, spaces and dashes',
});

const layoutRowSchema = z.strictObject({
  row: words.optional(),
  zone: zone.optional(),
  seats: words.optional(),
  accessible: words.optional(),
  companion: words.optional(),
  aisle: whole(1, 20).optional(),
});

const layoutBody = {
  rows: z.array(layoutRowSchema).min(1, 'must list at least one row').max(400).optional(),
  pretix: text(500).optional(),
  zones: z.record(z.string(), zone).optional(),
  accessible: z.array(z.string()).max(500).optional(),
  companion: z.array(z.string()).max(500).optional(),
};
/** A layout written inside its hall. */
export const layoutBodySchema = z.strictObject(layoutBody);
export type LayoutBody = z.infer<typeof layoutBodySchema>;

const hallSchema = z.strictObject({
  key,
  cinema: key,
  name: text(80),
  // Either a key or a layout; told apart later, since a union can't say which one was meant.
  layout: z.unknown().refine((value) => value !== undefined && value !== null, {
    error: 'is missing: give the key of a layout, or a layout with `rows` or `pretix`',
  }),
});

const movieSchema = z.strictObject({
  key,
  kind: z.enum(['film', 'event'], { error: 'must be film or event' }).default('film'),
  title: text(200),
  synopsis: z.string().trim().min(1, 'must not be empty').max(4_000).default(''),
  runtime_minutes: whole(1, 1_440),
  certificate: text(16),
  languages: z.array(text(40)).min(1, 'must name at least one language').max(20),
  genres: z.array(text(40)).min(1, 'must name at least one genre').max(20),
  rating: z
    .number({ error: notANumber })
    .min(0, 'must be 0 to 10')
    .max(10, 'must be 0 to 10')
    .multipleOf(0.1, 'must have at most one decimal')
    .optional(),
  cast: z.array(text(80)).max(50).default([]),
  poster: webAddress.optional(),
  trailer_url: webAddress.optional(),
});

const currencies = new Set(Intl.supportedValuesOf('currency'));
const currency = z
  .string()
  .refine((code) => currencies.has(code), 'must be a three-letter currency code, such as INR');

const price = z
  .number({ error: 'must be a number of minor units: 35000 for INR 350.00' })
  .int('must be in whole minor units: write 35000 for INR 350.00')
  .min(1, 'must be at least 1 minor unit')
  .max(100_000_000, 'must be at most 100000000 minor units');

const clock = z
  .string()
  .regex(/^([01]\d|2[0-3]):[0-5]\d$/, 'must be a local time from 00:00 to 23:59, such as 18:30');

const showSchema = z.strictObject({
  key: key.optional(),
  movie: key,
  hall: key.optional(),
  halls: z.array(key).min(1, 'must name at least one hall').max(500).optional(),
  sale: key.optional(),
  currency,
  prices: z.record(z.string(), price),
  starts_at: z
    .string()
    .refine((value) => parseZonedTime(value) !== undefined, {
      error: 'must be a time with its offset, such as 2026-12-18T19:30:00+05:30',
    })
    .optional(),
  date: z.string().optional(),
  day: whole(0, 366).optional(),
  days: z
    .union([z.string(), z.array(z.int().min(0).max(366)).min(1)], {
      error: 'must be days after the import, as a range or list: 1-7 or [1, 3, 5]',
    })
    .optional(),
  time: clock.optional(),
  times: z.array(clock).min(1, 'must name at least one time').max(100).optional(),
});
export type ShowEntry = z.infer<typeof showSchema>;

const when = z.string().refine((value) => momentOf(value, 0) !== undefined, {
  error:
    'must be a time with its offset (2026-12-18T09:00:00+05:30) or counted from the import: +30s, -1m',
});

/** The instant that `+30s` or an ISO time means, in ms since 1970; undefined when it is neither. */
export function momentOf(value: string, nowMs: number): number | undefined {
  const relative = parseRelativeTime(value);
  return relative === undefined ? parseZonedTime(value) : nowMs + relative;
}

const saleSchema = z.strictObject({
  key,
  name: text(120),
  standing: z.boolean({ error: 'must be true or false' }).default(false),
  lobby: z.enum(['arrival', 'draw'], { error: 'must be arrival or draw' }).default('arrival'),
  opens_at: when.optional(),
  lobby_opens_at: when.optional(),
  rate_per_minute: whole(1, 1_000_000).optional(),
  pass_cap: whole(1, 1_000_000).optional(),
  pass_seconds: whole(30, 3_600).default(300),
  seat_cap: whole(1, 50).default(10),
  sale_cap: whole(1, 1_000).nullish(),
  card_cap: whole(1, 1_000).nullish(),
  price_rules: priceRulesSchema.nullish(),
  orphan_rule: z.enum(orphanRules, { error: 'must be off, lenient or strict' }).default('off'),
  hold_seconds: whole(30, 3_600).default(300),
  hold_limit_seconds: whole(30, 7_200).default(600),
  payment_seconds: whole(30, 1_800).default(120),
  refund: z
    .strictObject({
      until_hours_before: whole(0, 8_760),
      fee_percent: z.number().min(0, 'must be 0 to 100').max(100, 'must be 0 to 100'),
    })
    .optional(),
  booking_fee: whole(0, 10_000_000).default(0),
  tax_rate_bp: whole(0, 10_000).default(0),
  message: text(500).optional(),
  waitlist: z
    .strictObject({
      offer_seconds: whole(30, 86_400).default(600),
      stop_minutes_before: whole(0, 10_080).default(15),
    })
    .optional(),
  shows: z.array(z.string()).max(20_000).optional(),
});
export type SaleEntry = z.infer<typeof saleSchema>;

/** One schema for each list of a catalog file. */
export const sections = {
  cities: citySchema,
  cinemas: cinemaSchema,
  layouts: z.strictObject({ key, ...layoutBody }),
  halls: hallSchema,
  movies: movieSchema,
  sales: saleSchema,
  shows: showSchema,
};
export type SectionName = keyof typeof sections;
export type Entry<S extends SectionName> = z.infer<(typeof sections)[S]>;

const priceRuleFields = [
  ...['step', 'floor_percent', 'ceiling_percent', 'by_share_sold', 'by_time_to_show'],
];

const nested = new Map<string, readonly string[]>([
  ['rows', Object.keys(layoutRowSchema.shape)],
  ['layout', Object.keys(layoutBody)],
  ['price_rules', priceRuleFields],
  ['refund', ['until_hours_before', 'fee_percent']],
  ['waitlist', ['offer_seconds', 'stop_minutes_before']],
]);

/** The fields that may stand at a path (its section, or the last name in it), for messages. */
export function fieldsAt(path: readonly PropertyKey[]): readonly string[] {
  const last = path.findLast((step) => typeof step === 'string');
  if (last === undefined) {
    return Object.keys(sections);
  }
  if (Object.hasOwn(sections, last)) {
    return Object.keys(sections[last as SectionName].shape);
  }
  return nested.get(String(last)) ?? [];
}
