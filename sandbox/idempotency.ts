import { createHash } from 'node:crypto';
import { ApiRefusal } from './errors.js';
import type { Ledger, StoredKey } from './ledger.js';
import { nowSeconds } from './objects.js';

/** How long a key is remembered: Stripe keeps them for at least a day. */
const keySecondsMax = 24 * 60 * 60;

/** Which keys have a request running; stored answers are in the ledger. */
export type Idempotency = {
  /**
   * Claims a key for one request. Returns the stored answer when the same request was answered
   * before, or undefined when it may run. Throws 400 `idempotency_error` for other parameters
   * under the same key and 409 while the first request is still running.
   */
  begin(key: string, fingerprint: string): StoredKey | undefined;
  end(key: string): void;
};

export function openIdempotency(ledger: Ledger): Idempotency {
  const running = new Map<string, string>();
  return {
    begin: (key, fingerprint) => {
      const stored = ledger.get('key', key);
      if (stored !== undefined && nowSeconds() - stored.created < keySecondsMax) {
        if (stored.fingerprint !== fingerprint) throw otherRequest(key);
        return stored;
      }
      const first = running.get(key);
      if (first !== undefined) throw first === fingerprint ? stillRunning() : otherRequest(key);
      running.set(key, fingerprint);
      return undefined;
    },
    end: (key) => {
      running.delete(key);
    },
  };
}

/** What must be equal for two requests to count as the same one. */
export function fingerprintOf(method: string, path: string, body: string): string {
  const pairs = [...new URLSearchParams(body)].map(([name, value]) => `${name}=${value}`).sort();
  return createHash('sha256')
    .update([method, path, ...pairs].join('\n'))
    .digest('hex');
}

function otherRequest(key: string): ApiRefusal {
  return new ApiRefusal(400, {
    type: 'idempotency_error',
    message:
      'Keys for idempotent requests can only be used with the same endpoint and parameters they ' +
      `were first used with. Try using a key other than '${key}' for another request.`,
  });
}

function stillRunning(): ApiRefusal {
  return new ApiRefusal(409, {
    type: 'invalid_request_error',
    code: 'idempotency_key_in_use',
    message: 'A request with this idempotency key is still in progress. Please try again later.',
  });
}
