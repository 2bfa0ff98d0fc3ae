import { type Discount, plainDiscountCode } from '../../core/domain/discount.js';
import { UsherError } from '../../core/domain/errors.js';
import { readDiscount, type StoredDiscount } from '../../core/store/catalog/discounts.js';
import { type Database, readNowMs } from '../../core/store/database.js';
import { type RequestKey, unitsByKey } from '../../core/store/shard/claim-units.js';
import type { Shards } from '../../core/store/shards.js';
import type { ShowFacts } from './show-facts.js';

/** What a code is worth for a request, and how often it may be used. */
export type FoundDiscount = { off: Discount; usesMax: number };

/**
 * Finds the code that a request came with. Undefined when the request was accepted before: its
 * answer stands, whatever has become of the code since. @throws UsherError `discount_…`.
 */
export async function findDiscount(
  { catalog, shards }: { catalog: Database; shards: Shards },
  code: string,
  { facts, request }: { facts: ShowFacts; request: RequestKey },
): Promise<FoundDiscount | undefined> {
  const found = await readDiscount(catalog, plainDiscountCode(code));
  const refusal = found ? refusalOf(found, facts, await readNowMs(catalog)) : unknown();
  if (found && !refusal) return { off: offOf(found), usesMax: found.usesMax };
  const rows = await unitsByKey(await shards.forShow(facts.showId), [request]);
  if (rows.length > 0) return undefined;
  throw refusal;
}

function offOf({ code, amount, percent, endsAt }: StoredDiscount): Discount {
  return {
    code,
    ...(amount === null ? {} : { amount }),
    ...(percent === null ? {} : { percent }),
    ...(endsAt === null ? {} : { untilMs: endsAt.getTime() }),
  };
}

function refusalOf(found: StoredDiscount, facts: ShowFacts, nowMs: number): UsherError | undefined {
  const { startsAt, endsAt, endedAt, saleId, shows, currency } = found;
  const fits =
    (saleId === null || saleId === facts.saleId) &&
    (shows === null || shows.includes(facts.showId)) &&
    (currency === null || currency === facts.currency);
  if (!fits) {
    return new UsherError(
      'discount_elsewhere',
      'This code is for other shows. Reserve without it.',
    );
  }
  if (endedAt !== null || (endsAt !== null && nowMs >= endsAt.getTime())) {
    return new UsherError('discount_over', 'This code is over. Reserve without it.');
  }
  if (startsAt === null || nowMs >= startsAt.getTime()) return undefined;
  const starts_at = startsAt.toISOString();
  return new UsherError('discount_not_started', `This code counts from ${starts_at} on.`, {
    extra: { starts_at },
    retryAfterSeconds: Math.ceil((startsAt.getTime() - nowMs) / 1_000),
  });
}

function unknown(): UsherError {
  return new UsherError(
    'discount_unknown',
    'There is no such discount code. Check its letters, or reserve without it.',
  );
}
