/** What Usher writes to fans; each kind has a template of this name in every language. */
export const messageKinds = [
  'reserved',
  'payment_needed',
  'tickets',
  'offer',
  'sale_soon',
  'show_changed',
  'cancelled',
  'refunded',
  'refunded_late',
  'refunded_at_desk',
  'reminder',
  'turn_soon',
  'turn_now',
] as const;

export type MessageKind = (typeof messageKinds)[number];

/**
 * `mail` goes to the fan's mail address, `gateway` to the operator's gateway for SMS and push,
 * `webpush` to the browser that the fan has named.
 */
export type MessageChannel = 'mail' | 'gateway' | 'webpush';

/**
 * WAITING until it is SENT, DROPPED (what it says is no longer so, or nobody is there to read it),
 * REFUSED (the address takes none) or DEAD (tried often enough; staff may retry it).
 */
export type MessageState = 'WAITING' | 'SENT' | 'DROPPED' | 'REFUSED' | 'DEAD';
