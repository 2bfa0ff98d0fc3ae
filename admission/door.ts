import { UsherError } from '../core/domain/errors.js';
import type { Redis } from '../core/redis/connect.js';
import type { RedisNames } from '../core/redis/keys.js';
import { askRedis } from '../core/redis/scripts.js';
import type { Secrets } from '../core/runtime/secrets.js';
import { readCodeUse, useCode } from '../core/store/catalog/sale-codes.js';
import type { Sale } from '../core/store/catalog/sales.js';
import type { Database } from '../core/store/database.js';
import type { CaughtCounter } from './caught.js';
import { type Challenge, checkWork, makeChallenge, workMs } from './work.js';

export type DoorDeps = {
  redis: Redis;
  names: RedisNames;
  catalog: Database;
  secrets: Pick<Secrets, 'data'>;
  caught: CaughtCounter;
};

export type DoorAsk = { saleId: string; fanId: string; challenge?: string; code?: string };

/** Whether a newcomer of this sale has to show anything at all. */
export function isGuarded(sale: Sale, ask: DoorAsk, nowMs: number): boolean {
  return sale.powDifficulty > 0 || ask.code !== undefined || isPresale(sale, nowMs);
}

function isPresale(sale: Sale, nowMs: number): boolean {
  return sale.presaleUntil !== null && nowMs < sale.presaleUntil.getTime();
}

/**
 * Lets a newcomer pass who shows what the sale asks for: the work first, so that trying codes costs
 * as much as joining.
 * @throws UsherError `challenge_required`, `challenge_failed`, `code_required`, `code_refused`.
 */
export async function passDoor(
  deps: DoorDeps,
  sale: Sale,
  ask: DoorAsk,
): Promise<{ priority: boolean }> {
  if (sale.powDifficulty > 0) await checkTheWork(deps, sale, ask);
  return checkTheCode(deps, sale, ask);
}

/** Work for one fan at the present difficulty; null while the sale asks for none. */
export async function askWork(
  { caught, secrets }: Pick<DoorDeps, 'caught' | 'secrets'>,
  { saleId, standing, powDifficulty }: Sale,
  fanId: string,
): Promise<Challenge | null> {
  if (standing || powDifficulty === 0) return null;
  caught.count(saleId, 'pow_asked');
  return makeChallenge(secrets, { saleId, fanId, difficulty: powDifficulty });
}

/** A fan who had a place keeps the priority that came with the code. */
export async function hasPriority(
  { catalog }: Pick<DoorDeps, 'catalog'>,
  sale: Sale,
  fanId: string,
): Promise<boolean> {
  if (sale.priorityShare === 0) return false;
  const kind = await readCodeUse(catalog, { saleId: sale.saleId, fanId });
  return kind !== undefined && kind !== 'presale';
}

async function checkTheWork(deps: DoorDeps, sale: Sale, ask: DoorAsk): Promise<void> {
  const { saleId, fanId } = ask;
  if (!ask.challenge) {
    deps.caught.count(saleId, 'pow_missing');
    throw new UsherError(
      'challenge_required',
      'This sale asks for a little work before joining. Get a challenge, solve it and join with it.',
      { extra: { challenge_url: `/api/v1/sales/${encodeURIComponent(saleId)}/challenge` } },
    );
  }
  const difficulty = sale.powDifficulty;
  const signature = await checkWork(deps.secrets, ask.challenge, { saleId, fanId, difficulty });
  const once =
    signature !== undefined &&
    (await askRedis(() =>
      deps.redis.set(deps.names.work(saleId, signature), '', 'PX', workMs, 'NX'),
    ));
  if (once === 'OK') {
    deps.caught.count(saleId, 'pow_passed');
    return;
  }
  deps.caught.count(saleId, signature === undefined ? 'pow_failed' : 'pow_replayed');
  throw new UsherError(
    'challenge_failed',
    'This solution is wrong, too old, too easy by now or was used before. Solve a new challenge.',
  );
}

async function checkTheCode(
  { catalog, caught }: DoorDeps,
  sale: Sale,
  { saleId, fanId, code }: DoorAsk,
): Promise<{ priority: boolean }> {
  const kind = code
    ? await catalog.transaction((tx) => useCode(tx, { saleId, fanId, code }))
    : await readCodeUse(catalog, { saleId, fanId });
  if (kind !== undefined) {
    if (code) caught.count(saleId, 'code_used');
    return { priority: kind !== 'presale' };
  }
  if (code) {
    caught.count(saleId, 'code_refused');
    throw new UsherError(
      'code_refused',
      'This code is not known here, is over or has been used as often as it may be.',
    );
  }
  if (isPresale(sale, Date.now())) {
    caught.count(saleId, 'code_missing');
    const until = sale.presaleUntil?.toISOString() ?? '';
    throw new UsherError(
      'code_required',
      `Until ${until} this sale is for holders of a code. Join with a code, or come then.`,
      { extra: { presale_until: until } },
    );
  }
  return { priority: false };
}
