import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { UsherError } from '../core/domain/errors.js';
import { closeRedis, openRedis, type Redis } from '../core/redis/connect.js';
import { redisNames } from '../core/redis/keys.js';
import { until } from '../test/support/until.js';
import { buckets, networkOf, openLimits } from './limits.js';

const redisUrl = process.env.USHER_TEST_REDIS_URL ?? '';

describe('limits', () => {
  let redis: Redis;
  const names = redisNames(`limits-${randomBytes(4).toString('hex')}`);
  beforeAll(async () => {
    redis = openRedis(redisUrl, 'command', () => undefined);
    await until(() => redis.status === 'ready', { what: 'a connection to Redis' });
  });
  afterAll(() => {
    if (redis) closeRedis(redis);
  });

  const refusalOf = async (call: () => Promise<void> | undefined): Promise<UsherError> => {
    try {
      await call();
    } catch (error) {
      if (error instanceof UsherError) return error;
      throw error;
    }
    throw new Error('the call was not refused');
  };

  it('refuse a login too many and say when to come back', async () => {
    const limits = openLimits(redis, names, 'normal');
    const who = { address: '192.0.2.1', fanId: '' };
    const { points, perSeconds } = buckets.login;
    for (let call = 0; call < points; call += 1) await limits.take('login', who);
    const refusal = await refusalOf(() => limits.take('login', who));
    expect(refusal.code).toBe('slow_down');
    expect(refusal.retryAfterSeconds).toBeGreaterThanOrEqual(1);
    expect(refusal.retryAfterSeconds).toBeLessThanOrEqual(perSeconds / points);
    await limits.take('login', { ...who, address: '192.0.2.2' });
  });

  it('count reserve at once and by fan, whatever the address', async () => {
    const limits = openLimits(redis, names, 'normal');
    const takeFrom = (address: string, fanId = 'f1f1f1f1f1f1') =>
      limits.take('reserve', { address, fanId });
    for (let call = 0; call < buckets.reserve.points; call += 1) {
      expect(takeFrom(`192.0.2.${call}`)).toBeUndefined();
    }
    expect((await refusalOf(() => takeFrom('192.0.2.99'))).retryAfterSeconds).toBe(1);
    expect(takeFrom('192.0.2.99', 'f2f2f2f2f2f2')).toBeUndefined();
  });

  it('give crowds from one place more room when loose, and every room when off', async () => {
    const who = { address: '192.0.2.3', fanId: 'f3f3f3f3f3f3' };
    const loose = openLimits(redis, names, 'loose');
    for (let call = 0; call < 3 * buckets.reserve.points; call += 1) loose.take('reserve', who);
    const off = openLimits(redis, names, 'off');
    for (let call = 0; call < 1_000; call += 1) expect(off.take('login', who)).toBeUndefined();
  });

  it('count a /64 of IPv6 as one caller, and mapped IPv4 as IPv4', () => {
    expect(networkOf('198.51.100.7')).toBe('198.51.100.7');
    expect(networkOf('::ffff:198.51.100.7')).toBe('198.51.100.7');
    expect(networkOf('2001:db8:0:7::1')).toBe('2001:db8:0:7::/64');
    expect(networkOf('2001:0DB8:0000:0007:ffff:1:2:3')).toBe('2001:db8:0:7::/64');
    expect(networkOf('2001:db8::9')).toBe('2001:db8:0:0::/64');
    expect(networkOf('::1')).toBe('0:0:0:0::/64');
    expect(networkOf('fe80::1%eth0')).toBe('fe80:0:0:0::/64');
  });
});
