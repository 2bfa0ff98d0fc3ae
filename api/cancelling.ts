import { UsherError } from '../core/domain/errors.js';
import { formatId, formatRefundId, type ShowScoped } from '../core/domain/ids.js';
import { publishBooking, publishSeats } from '../core/redis/show-news.js';
import { type AuditEntry, writeAudit } from '../core/store/catalog/audit.js';
import type { Database } from '../core/store/database.js';
import type { Cancelled, CancelWish } from '../core/store/shard/cancel-booking.js';
import type { ShowNews } from '../core/store/shard/show-change.js';
import type { ApiDeps } from './deps.js';

/** What a cancelling is answered with. */
export type CancelAnswer = {
  booking_id: string;
  state: 'confirmed' | 'cancelled';
  seats: string[];
  refund_id: string | null;
  amount: number;
  currency: string;
};

/**
 * Ordinals of the named seats of a booking; undefined for all. @throws UsherError `unknown_seat`.
 */
export function seatNosOf(
  booked: { seatNo: number; seat: string }[],
  wanted: string[] | undefined,
): number[] | undefined {
  return wanted?.map((name) => {
    const seat = booked.find((one) => one.seat === name);
    if (seat) return seat.seatNo;
    throw new UsherError('unknown_seat', `Seat ${name} is not part of this booking.`);
  });
}

/** Tells everybody what a cancelling did, and answers it. @throws UsherError when it did nothing. */
export async function tellCancelled(
  { redis, names }: Pick<ApiDeps, 'redis' | 'names'>,
  ref: ShowScoped,
  { result, news }: { result: Cancelled; news: ShowNews },
): Promise<CancelAnswer> {
  assertCancelled(result);
  const state = result.whole ? 'cancelled' : 'confirmed';
  await publishSeats(redis, names, news);
  await publishBooking(redis, names, { ...ref, fanId: result.fanId, state });
  const { refund, seats, currency } = result;
  return {
    booking_id: formatId('booking', ref),
    state,
    seats,
    refund_id: refund && formatRefundId({ ...ref, refundNo: refund.refundNo }),
    amount: refund?.amount ?? 0,
    currency,
  };
}

/** @throws UsherError when the cancelling did nothing. */
export function assertCancelled(
  result: Cancelled,
): asserts result is Extract<Cancelled, { kind: 'cancelled' }> {
  if (result.kind !== 'cancelled') throw refusalOf(result.kind);
}

function refusalOf(kind: Exclude<Cancelled['kind'], 'cancelled'>): UsherError {
  switch (kind) {
    case 'missing':
      return new UsherError('not_found', 'There is no such booking.');
    case 'over':
      return new UsherError('already_refunded', 'This booking is cancelled already.');
    case 'not_a_ticket':
      return new UsherError('already_refunded', 'A ticket of these was cancelled before.');
    case 'used':
      return new UsherError('already_used', 'A ticket of these has been used at the door.');
  }
}

/** Whether the fan may cancel now, by the sale's rule. `null` stands for no rule at all. */
export type RefundRule = { untilHours: number; feePercent: number } | null;

type Moment = { nowMs: number; startsAtMs: number; freeUntilMs: number | null };

/**
 * What a fan's own cancelling costs now and until when, in milliseconds since 1970; null when it is
 * too late or the sale takes nothing back. Within the window after a change of the show it costs
 * nothing.
 */
export function cancelTerms(
  rule: RefundRule,
  { nowMs, startsAtMs, freeUntilMs }: Moment,
): { feePercent: number; untilMs: number } | null {
  if (freeUntilMs !== null && nowMs < freeUntilMs) return { feePercent: 0, untilMs: freeUntilMs };
  if (rule === null) return null;
  const untilMs = startsAtMs - rule.untilHours * 3_600_000;
  return nowMs < untilMs ? { feePercent: rule.feePercent, untilMs } : null;
}

/** The fee of a fan's own cancelling. @throws UsherError `refund_over` when it is not taken. */
export function feeNow(rule: RefundRule, moment: Moment): CancelWish['feePercent'] {
  const terms = cancelTerms(rule, moment);
  if (terms) return terms.feePercent;
  if (rule === null) {
    throw new UsherError('refund_over', 'This sale takes no tickets back. Ask the box office.');
  }
  const until = new Date(moment.startsAtMs - rule.untilHours * 3_600_000).toISOString();
  throw new UsherError('refund_over', `Tickets were taken back until ${until}.`, {
    extra: { until },
  });
}

/**
 * Does what staff asked for inside the audit's transaction: without its line nothing is done, and
 * work that throws because nothing was done leaves no line.
 */
export async function audited<T>(
  catalog: Database,
  entry: AuditEntry,
  work: () => Promise<T>,
): Promise<T> {
  return catalog.transaction(async (tx) => {
    await writeAudit(tx, entry);
    return work();
  });
}
