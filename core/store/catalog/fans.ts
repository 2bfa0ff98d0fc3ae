import { UsherError } from '../../domain/errors.js';
import type { SessionClaims } from '../../runtime/tokens.js';
import { type Queryable, readNowMs } from '../database.js';

/** How long a session token is good, and so how long a change of an account must be remembered. */
export const sessionHours = 12;

/**
 * Says no to sessions that were ended: logged out, erased, banned or removed. It answers from
 * memory, so that the hottest calls may ask it each time.
 */
export type FanGuard = {
  /**
   * For fans and staff alike.
   * @throws UsherError `token_invalid` when the session was ended, `banned` for a banned fan.
   */
  check(claims: Pick<SessionClaims, 'fanId' | 'epoch' | 'role'>): void;
  /** Whether a fan's session, still good by itself, is of a banned account. */
  isBanned(claims: Pick<SessionClaims, 'fanId' | 'epoch'>): boolean;
  /** Reads what changed just now, without waiting for the next turn. */
  refresh(): Promise<void>;
  close(): void;
};

type Account = {
  id: string;
  token_epoch: number;
  state: 'ACTIVE' | 'BANNED' | 'ERASED' | 'REMOVED';
};

/** Changes are read once more for this long, for commits that came later than their time says. */
const overlapMs = 10_000;
const wholeEveryMs = 3_600_000;

/**
 * Opens the guard: reads all accounts whose sessions were ended in the life of a token, then every
 * `everyMs` those that were added. While the catalog is away it goes on with what it knows.
 */
export async function openFanGuard(
  catalog: Pick<Queryable, 'rows'> & Queryable,
  { everyMs = 2_000 }: { everyMs?: number } = {},
): Promise<FanGuard> {
  let known = new Map<string, Account>();
  let readMs = 0;
  let wholeMs = 0;
  let running: Promise<void> | undefined;
  const read = async () => {
    const nowMs = await readNowMs(catalog);
    const whole = nowMs - wholeMs > wholeEveryMs;
    const sinceMs = whole ? nowMs - sessionHours * 3_600_000 : readMs - overlapMs;
    const accounts = await readEnded(catalog, new Date(sinceMs - overlapMs));
    if (whole) {
      known = new Map();
      wholeMs = nowMs;
    }
    for (const account of accounts) known.set(account.id, account);
    readMs = nowMs;
  };
  const refresh = (): Promise<void> => {
    running ??= read().finally(() => {
      running = undefined;
    });
    return running;
  };
  await refresh();
  const timer = setInterval(() => refresh().catch(() => undefined), everyMs);
  timer.unref();
  return {
    check: (claims) => {
      const account = known.get(`${claims.role ? 'staff' : 'fan'}:${claims.fanId}`);
      if (!account) return;
      if (account.state === 'BANNED') {
        throw new UsherError('banned', 'This account is banned. Ask the box office.');
      }
      if (account.state !== 'ACTIVE' || claims.epoch < account.token_epoch) {
        throw new UsherError('token_invalid', 'This session was ended. Log in again.');
      }
    },
    isBanned: ({ fanId, epoch }) => {
      const account = known.get(`fan:${fanId}`);
      return account?.state === 'BANNED' && epoch >= account.token_epoch;
    },
    refresh: async () => {
      // One that already runs may have read before the caller's change.
      await running?.catch(() => undefined);
      await refresh();
    },
    close: () => clearInterval(timer),
  };
}

async function readEnded(catalog: Pick<Queryable, 'rows'>, since: Date): Promise<Account[]> {
  return catalog.rows<Account>(
    `SELECT CONCAT('fan:', fan_id) AS id, token_epoch, state FROM fans WHERE guarded_at > ?
     UNION ALL
     SELECT CONCAT('staff:', name), token_epoch, state FROM staff WHERE guarded_at > ?`,
    [since, since],
  );
}
