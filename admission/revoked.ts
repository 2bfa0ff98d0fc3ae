import type { Logger } from '../core/runtime/log.js';
import { readRevoked } from '../core/store/catalog/admission.js';
import type { Queryable } from '../core/store/database.js';
import { limits } from './limits.js';

/** The passes that are refused before their end, as one process knows them. */
export type RevokedPasses = {
  has(passId: string): boolean;
  /** Says at once what this process itself has just revoked. */
  add(passId: string, expiresMs: number): void;
  close(): void;
};

const ownPassKeepMs = 3_600_000;

/**
 * Reads the list once a second from SQL, so that reserving needs neither Redis nor a question. The
 * few seconds of overlap catch commits that became visible late.
 */
export function watchRevoked(catalog: Queryable, log: Logger): RevokedPasses {
  const known = new Map<string, number>();
  let since = new Date(0);
  let underWay = false;
  const refresh = async (): Promise<void> => {
    if (underWay) return;
    underWay = true;
    try {
      for (const { passId, revokedAt, expiresAt } of await readRevoked(catalog, since)) {
        known.set(passId, expiresAt.getTime());
        const next = revokedAt.getTime() - limits.revokedOverlapMs;
        if (next > since.getTime()) since = new Date(next);
      }
      forgetOver(known);
    } catch (error) {
      log.warn({ err: error }, 'the revoked passes could not be read; asking again');
    } finally {
      underWay = false;
    }
  };
  void refresh();
  const timer = setInterval(() => void refresh(), limits.revokedMs);
  timer.unref();
  return {
    has: (passId) => known.has(passId),
    add: (passId, expiresMs) => {
      known.set(passId, expiresMs);
    },
    close: () => clearInterval(timer),
  };
}

/** An hour late, so that a clock that is off forgets no pass that still opens something. */
function forgetOver(known: Map<string, number>): void {
  const over = Date.now() - ownPassKeepMs;
  for (const [passId, expiresMs] of known) if (expiresMs < over) known.delete(passId);
}
