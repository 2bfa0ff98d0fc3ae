import { createHash } from 'node:crypto';
import { UsherError } from '../core/domain/errors.js';

const storedKeyCharsMax = 64;

/** The call's Idempotency-Key as it is stored. @throws UsherError `malformed` without a good one. */
export function readIdempotencyKey(header: string | string[] | undefined): string {
  const key = Array.isArray(header) ? header[0] : header;
  if (key === undefined || !/^[\x21-\x7e]{1,255}$/.test(key)) {
    throw new UsherError(
      'malformed',
      'Send an Idempotency-Key header: 1 to 255 visible ASCII characters, new for each intention and the same for each repetition.',
    );
  }
  if (key.length <= storedKeyCharsMax) return key;
  return createHash('sha256').update(key).digest('base64url');
}
