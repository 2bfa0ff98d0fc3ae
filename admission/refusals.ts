import { UsherError } from '../core/domain/errors.js';
import { limits } from './limits.js';

export function away(): UsherError {
  return new UsherError(
    'unavailable',
    'The waiting room cannot be reached for a moment. Your place is kept; try again.',
    { retryAfterSeconds: limits.retrySeconds },
  );
}

export function barred(): UsherError {
  return new UsherError('banned', 'This account may not join this sale.');
}

export function noPlace(): UsherError {
  return new UsherError('not_found', 'You have no place in this room. Join first.');
}

export function notOpenYet(opensMs: number, nowMs: number): UsherError {
  const at = new Date(opensMs).toISOString();
  return new UsherError('sale_not_open', `This sale opens its doors at ${at}. Join then.`, {
    extra: { opens_at: at },
    retryAfterSeconds: Math.min(3_600, Math.max(1, Math.ceil((opensMs - nowMs) / 1_000))),
  });
}

export function closed(): UsherError {
  return new UsherError('sale_closed', 'This sale is closed; nothing more is sold in it.');
}

export function draining(): UsherError {
  return new UsherError(
    'sale_closed',
    'This sale takes nobody new into its line; those who wait in it are still served.',
  );
}
