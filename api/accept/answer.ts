import type { RefusalReason } from '../../core/domain/decide.js';
import { type ErrorCode, UsherError } from '../../core/domain/errors.js';
import { formatId, formatShowId } from '../../core/domain/ids.js';
import type { DecisionMessage } from '../../core/redis/news.js';
import type { Answer } from '../route.js';

/** When a fan in line may look again: a push tells sooner. */
const retrySecondsMin = 15;
const retrySecondsMax = 600;

const refusals: Record<RefusalReason, string> = {
  sold_out: 'Not enough seats are left for this wish. Seats may come back when holds end.',
  show_full: 'The show is full. You are in its line and hear when seats come back for you.',
  cap_reached: 'You have, or would have, more seats of this show than one fan may. Choose fewer.',
  pass_spent: 'This pass has won seats already. Pay for them, or join again for more.',
  unknown_seat: 'One of these seats is not in this show. Choose from its seat map.',
  seats_taken: 'Somebody was faster. The alternatives were free when this was decided.',
  leaves_single:
    'This choice would leave a single seat alone. The alternatives were free and leave none.',
  discount_over: 'This code is over. Reserve without it, or with another.',
  internal: 'This request could not be decided. Try again with a new key.',
};

/** The HTTP answer to a decided request. @throws UsherError for every outcome but a grant. */
export function outcomeAnswer(message: DecisionMessage): Answer {
  return { status: 200, body: grantBody(message) };
}

export function grantBody(message: DecisionMessage): Record<string, unknown> {
  const ref = { showId: message.show_id, no: message.no };
  const requestId = formatId('request', ref);
  const { grant } = message;
  if (message.state !== 'GRANTED' || !grant) throw refusalOf(message, requestId);
  const { currency } = grant;
  return {
    reservation_id: formatId('reservation', ref),
    request_id: requestId,
    show_id: formatShowId(message.show_id),
    seats: grant.seats.map(([seat, price]) => ({ seat, price: { amount: price, currency } })),
    adjacent: grant.adjacent,
    amount: grant.amount,
    fee: grant.fee,
    ...(grant.discount
      ? { discount: grant.discount.amount, discount_code: grant.discount.code }
      : {}),
    currency,
    expires_at: new Date(grant.expires_at_ms).toISOString(),
    limit_at: new Date(grant.limit_at_ms).toISOString(),
  };
}

/** The refusal of a decided request, as an error of the catalogue. */
export function refusalOf(message: DecisionMessage, requestId: string): UsherError {
  const extra = { request_id: requestId };
  if (message.state === 'WITHDRAWN') {
    return new UsherError('withdrawn', 'You took this request back. Use a new key.', { extra });
  }
  if (message.state === 'LAPSED') {
    return new UsherError('lapsed', 'The request came too late to be decided. Nothing is held.', {
      extra,
    });
  }
  const reason = (message.reason ?? 'internal') as RefusalReason;
  const code: ErrorCode = reason;
  if (reason === 'show_full') {
    const { queue_position = null, etr_seconds = null } = message;
    const waitSeconds = Math.max(retrySecondsMin, etr_seconds ?? 0);
    return new UsherError(code, refusals[reason], {
      extra: { ...extra, queue_position, etr_seconds },
      retryAfterSeconds: Math.min(retrySecondsMax, waitSeconds),
    });
  }
  const isChoice = reason === 'seats_taken' || reason === 'leaves_single';
  const alternatives = isChoice ? { alternatives: message.alternatives ?? [] } : {};
  return new UsherError(code, refusals[reason], { extra: { ...extra, ...alternatives } });
}
