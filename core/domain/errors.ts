/**
 * The closed list of errors that Usher tells. `docs/errors.md` describes the same list, and a
 * test compares the two. `retry` says whether the same call may succeed later without a change.
 */
export const errorCatalogue = {
  malformed: { status: 400, title: 'The request is malformed', retry: false },
  unknown_field: {
    status: 400,
    title: 'The request has a field that this call does not know',
    retry: false,
  },
  unauthenticated: { status: 401, title: 'Log in first', retry: false },
  token_invalid: { status: 401, title: 'The token is not valid', retry: false },
  token_expired: { status: 401, title: 'The token has expired', retry: false },
  login_failed: { status: 401, title: 'Mail address and password do not match', retry: false },
  pass_missing: { status: 401, title: 'A pass is needed', retry: false },
  pass_invalid: { status: 401, title: 'The pass is not valid', retry: false },
  pass_expired: { status: 401, title: 'The pass has expired', retry: false },
  card_declined: { status: 402, title: 'The card was declined', retry: false },
  forbidden: { status: 403, title: 'Not allowed', retry: false },
  pass_foreign: { status: 403, title: 'The pass is for another fan or sale', retry: false },
  pass_revoked: { status: 403, title: 'The pass was revoked', retry: false },
  challenge_required: { status: 403, title: 'Joining takes a little work', retry: false },
  code_required: { status: 403, title: 'Joining takes a code', retry: false },
  banned: { status: 403, title: 'This account may not join', retry: false },
  not_found: { status: 404, title: 'Not found', retry: false },
  seats_taken: { status: 409, title: 'Somebody was faster', retry: false },
  leaves_single: { status: 409, title: 'A single seat would be left alone', retry: false },
  cap_reached: { status: 409, title: 'The seat cap is reached', retry: false },
  sold_out: { status: 409, title: 'Nothing is left', retry: false },
  pass_spent: { status: 409, title: 'The pass has been used', retry: false },
  request_pending: { status: 409, title: 'An earlier request is still being decided', retry: true },
  withdrawn: { status: 409, title: 'The request was taken back', retry: false },
  already_decided: { status: 409, title: 'The request is decided', retry: false },
  already_exists: { status: 409, title: 'It exists already', retry: false },
  sale_not_open: { status: 409, title: 'The sale is not open yet', retry: true },
  sale_paused: { status: 409, title: 'The sale is paused', retry: true },
  sale_closed: { status: 409, title: 'The sale is closed', retry: false },
  show_begun: { status: 409, title: 'The show has begun', retry: false },
  limit_reached: { status: 409, title: 'The hold cannot be extended further', retry: false },
  payment_open: { status: 409, title: 'A payment for these seats is under way', retry: true },
  already_used: { status: 409, title: 'The ticket was used', retry: false },
  already_refunded: { status: 409, title: 'It was cancelled or refunded before', retry: false },
  refund_over: { status: 409, title: 'Tickets are not taken back any more', retry: false },
  ticket_void: { status: 409, title: 'The ticket is void', retry: false },
  wrong_show: { status: 409, title: 'The ticket is for another show', retry: false },
  till_closed: { status: 409, title: 'No till is open', retry: false },
  discount_not_started: { status: 409, title: 'The code does not count yet', retry: true },
  discount_used_up: { status: 409, title: 'The code has been used up', retry: false },
  conflict: { status: 409, title: 'It conflicts with the present state', retry: false },
  reservation_expired: { status: 410, title: 'The reservation is over', retry: false },
  discount_over: { status: 410, title: 'The code is over', retry: false },
  lapsed: { status: 410, title: 'The request could not be decided in time', retry: false },
  stale: { status: 412, title: 'It changed meanwhile', retry: false },
  too_large: { status: 413, title: 'The body is too large', retry: false },
  wrong_type: { status: 415, title: 'The content type is not supported', retry: false },
  not_acceptable: { status: 422, title: 'Well-formed, but not acceptable', retry: false },
  challenge_failed: { status: 422, title: 'The work does not count', retry: false },
  code_refused: { status: 422, title: 'The code does not count', retry: false },
  discount_unknown: { status: 422, title: 'There is no such discount code', retry: false },
  discount_elsewhere: { status: 422, title: 'The code is for other shows', retry: false },
  unknown_seat: { status: 422, title: 'There is no such seat in this show', retry: false },
  key_reused: {
    status: 422,
    title: 'The idempotency key was used with another body',
    retry: false,
  },
  ticket_invalid: { status: 422, title: 'This is no ticket of ours', retry: false },
  show_full: { status: 429, title: 'The show is full; you are on its waitlist', retry: true },
  slow_down: { status: 429, title: 'Too many requests', retry: true },
  payment_attempts: { status: 429, title: 'Too many payment attempts', retry: false },
  internal: { status: 500, title: 'Something went wrong on our side', retry: true },
  unavailable: { status: 503, title: 'Not now', retry: true },
  payments_unavailable: { status: 503, title: 'Payments are not available now', retry: true },
  show_moving: { status: 503, title: 'The show is being moved', retry: true },
} as const satisfies Record<string, { status: number; title: string; retry: boolean }>;

export type ErrorCode = keyof typeof errorCatalogue;

/** Extra members of a problem document; never anything that the asker may not know. */
export type ErrorExtra = Record<string, unknown>;

/** An expected refusal: it carries a code of the catalogue and a sentence that says what to do. */
export class UsherError extends Error {
  readonly code: ErrorCode;
  readonly extra: ErrorExtra;
  readonly retryAfterSeconds: number | undefined;

  constructor(
    code: ErrorCode,
    detail: string,
    more: { extra?: ErrorExtra; retryAfterSeconds?: number } = {},
  ) {
    super(detail);
    this.name = 'UsherError';
    this.code = code;
    this.extra = more.extra ?? {};
    this.retryAfterSeconds = more.retryAfterSeconds;
  }

  get status(): number {
    return errorCatalogue[this.code].status;
  }

  /** The RFC 9457 document. */
  toProblem(): Record<string, unknown> {
    const entry = errorCatalogue[this.code];
    return {
      type: `https://usher.invalid/errors#${this.code}`,
      title: entry.title,
      status: entry.status,
      detail: this.message,
      error: this.code,
      ...this.extra,
    };
  }
}

/** The show is between two shards: at most two seconds pass until another one serves it. */
export function showMoving(): UsherError {
  return new UsherError('show_moving', 'This show is being moved. Repeat with the same key.', {
    retryAfterSeconds: 1,
  });
}
