import { createHash } from 'node:crypto';
import type { Request } from 'express';
import { UsherError } from '../core/domain/errors.js';

const storedKeyCharsMax = 64;

/** The call's Idempotency-Key as it is stored. @throws UsherError `malformed` without a good one. */
export function readIdempotencyKey(req: Request): string {
  const key = req.get('idempotency-key');
  if (key === undefined || !/^[\x21-\x7e]{1,255}$/.test(key)) {
    throw new UsherError(
      'malformed',
      'Send an Idempotency-Key header: 1 to 255 visible ASCII characters, new for each intention and the same for each repetition.',
    );
  }
  if (key.length <= storedKeyCharsMax) return key;
  return createHash('sha256').update(key).digest('base64url');
}
