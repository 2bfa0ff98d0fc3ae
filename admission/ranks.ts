import type { Redis } from '../core/redis/connect.js';
import type { RedisNames } from '../core/redis/keys.js';
import { askRedis } from '../core/redis/scripts.js';

/**
 * How many places lie before the first one of each fan; null for those who have none. Unlike asking
 * for a place this doesn't count as having been seen.
 * @throws RedisAway
 */
export async function readRanks(
  redis: Redis,
  names: RedisNames,
  { saleId, fanIds }: { saleId: string; fanIds: string[] },
): Promise<(number | null)[]> {
  if (fanIds.length === 0) return [];
  const pipeline = redis.pipeline();
  for (const fanId of fanIds) pipeline.zrank(names.line(saleId), fanId);
  const answers = (await askRedis(() => pipeline.exec())) ?? [];
  return answers.map(([, rank]) => (typeof rank === 'number' ? rank : null));
}
