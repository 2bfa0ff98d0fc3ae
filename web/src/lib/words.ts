import type { Problem } from './types.js';

/** What a fan should know about a refusal: what happened, and what to do now. */
export interface Explanation {
  title: string;
  text: string;
}

const passOver: Explanation = {
  title: 'Your turn is over',
  text: 'The pass lasts only a few minutes so that the line keeps moving. Join again to get a new turn.',
};

const explanations: Record<string, Explanation> = {
  network: {
    title: 'No connection',
    text: 'We could not reach Usher. Check your connection; nothing you have is lost.',
  },
  login_failed: {
    title: 'That did not match',
    text: 'The mail address and the password do not belong together. Please check both.',
  },
  unauthenticated: { title: 'Please log in', text: 'Log in and you will be back where you were.' },
  token_invalid: { title: 'Please log in again', text: 'Your session is no longer valid.' },
  token_expired: { title: 'Please log in again', text: 'Your session has ended.' },
  seats_taken: {
    title: 'Somebody was a moment faster',
    text: 'At least one of these seats has just been taken. You keep your turn.',
  },
  leaves_single: {
    title: 'One seat would be left alone',
    text: 'Nobody likes to sit alone between strangers. Move by one seat, or take one of these.',
  },
  sold_out: {
    title: 'Sold out',
    text: 'No seats are left. If somebody gives seats back, they appear on the map at once.',
  },
  no_block: {
    title: 'Not that many together',
    text: 'There are seats left, but not enough for this wish. Try fewer seats or any zone.',
  },
  cap_reached: {
    title: 'That is more than one person may have',
    text: 'Each fan may hold a limited number of seats. Seats you already hold or own count too.',
  },
  pass_missing: {
    title: 'You need a pass',
    text: 'Join the line first: the pass comes with your turn.',
  },
  pass_invalid: passOver,
  pass_expired: passOver,
  pass_revoked: passOver,
  pass_foreign: passOver,
  pass_spent: {
    title: 'Your pass has been used',
    text: 'A pass is good for one reservation. To get more seats, join the line again.',
  },
  code_required: {
    title: 'This is a presale',
    text: 'For now only fans with a code may join. Enter yours, or come back when everybody may.',
  },
  code_refused: {
    title: 'This code does not open the door',
    text: 'Check its letters. It may also be over, or used as often as it may be.',
  },
  discount_unknown: {
    title: 'We do not know this discount code',
    text: 'Check its letters, or choose your seats without it. You keep your turn.',
  },
  discount_elsewhere: {
    title: 'This discount code is for other shows',
    text: 'Choose your seats without it. You keep your turn.',
  },
  discount_not_started: {
    title: 'This discount code does not count yet',
    text: 'Choose your seats without it, or come back later. You keep your turn.',
  },
  discount_over: {
    title: 'This discount code is over',
    text: 'Choose your seats without it. You keep your turn.',
  },
  discount_used_up: {
    title: 'This discount code has been used up',
    text: 'Choose your seats without it. You keep your turn.',
  },
  challenge_failed: {
    title: 'Please try once more',
    text: 'Your browser has to do a little work before joining, and this time it did not count.',
  },
  banned: {
    title: 'This account may not join',
    text: 'Write to support if you think that is a mistake.',
  },
  request_pending: {
    title: 'One thing at a time',
    text: 'An earlier request of yours is still being decided. Try again in a moment.',
  },
  sale_not_open: { title: 'Not open yet', text: 'The sale has not started. Your place is safe.' },
  sale_paused: {
    title: 'The sale is paused',
    text: 'Nobody loses a place. It goes on as soon as it can.',
  },
  sale_closed: { title: 'The sale is closed', text: 'No more seats are sold here.' },
  show_begun: { title: 'The show has begun', text: 'Seats can no longer be bought for it.' },
  reservation_expired: {
    title: 'The time to pay is over',
    text: 'The seats went back on sale. You have not been charged.',
  },
  lapsed: {
    title: 'That took too long',
    text: 'Your request could not be decided in time and nothing was reserved. Please try again.',
  },
  limit_reached: {
    title: 'No more time to add',
    text: 'The seats have been held for as long as the sale allows.',
  },
  payment_open: { title: 'A payment is under way', text: 'Wait until it has settled.' },
  payment_attempts: {
    title: 'Too many attempts to pay',
    text: 'No further payment can be tried for these seats.',
  },
  payments_unavailable: {
    title: 'Payments are not available right now',
    text: 'Your seats stay held while the timer runs. Try again in a moment.',
  },
  slow_down: {
    title: 'A little slower, please',
    text: 'Too many requests came from here. Try again soon.',
  },
  show_full: {
    title: 'No seats right now',
    text: 'You are on the waiting list; seats that come back are offered in order.',
  },
  already_exists: {
    title: 'You already have an account',
    text: 'Log in with this mail address instead.',
  },
  unknown_seat: {
    title: 'No such seat',
    text: 'The seat map has changed. It has been loaded again.',
  },
  page_fault: {
    title: 'Something went wrong in this page',
    text: 'Reload it: nothing you have is lost.',
  },
};

/** Codes whose own `detail` names the field or the number that matters. */
const speakForThemselves = new Set(['malformed', 'not_acceptable', 'cap_reached']);

/** A refusal in plain words. */
export function explain(problem: Problem): Explanation {
  const known = explanations[problem.error];
  if (speakForThemselves.has(problem.error) && problem.detail !== undefined) {
    return {
      title: known?.title ?? problem.title ?? 'That did not work',
      text: known === undefined ? problem.detail : `${problem.detail} ${known.text}`,
    };
  }
  if (problem.refund !== undefined) {
    return {
      title: 'The payment came too late',
      text: problem.detail ?? 'All of it goes back to you.',
    };
  }
  if (problem.error === 'card_declined') return declined(problem);
  if (known !== undefined) return known;
  return {
    title: problem.title ?? 'That did not work',
    text: problem.detail ?? 'Please try again in a moment.',
  };
}

function declined({ reservation_state }: Problem): Explanation {
  const next =
    reservation_state === 'expired'
      ? 'The seats went back on sale.'
      : 'The seats are still yours: try another card.';
  return { title: 'The card was declined', text: `You have not been charged. ${next}` };
}

/** Whether the refusal means that the fan's turn is over. */
export function endsTurn(problem: Problem): boolean {
  return problem.error.startsWith('pass_');
}

/** What an exception says, for the fan. */
export function wordsOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
