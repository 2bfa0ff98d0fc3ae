import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { fc } from '../../test/support/draws.js';
import { startOwnRedis } from '../../test/support/rooms.js';
import { until } from '../../test/support/until.js';
import { closeRedis, openRedis, type Redis } from './connect.js';
import { openLocalBuckets, openSharedBuckets } from './leaky-bucket.js';

type OwnRedis = Awaited<ReturnType<typeof startOwnRedis>>;

const hourMs = 3_600_000;

describe('buckets of one process', () => {
  it('never take more than the burst and what leaked out, in any span of time', () => {
    const rule = { burst: 7, drainMs: 1_000 };
    const pauses = fc.array(fc.double({ min: 0, max: 700, noNaN: true }), { maxLength: 120 });
    fc.assert(
      fc.property(pauses, (waits) => {
        let nowMs = 5;
        const take = openLocalBuckets(rule, () => nowMs);
        const taken: number[] = [];
        for (const wait of waits) {
          nowMs += wait;
          if (take('somebody') === 0) taken.push(nowMs);
        }
        for (let from = 0; from < taken.length; from += 1) {
          for (let to = from; to < taken.length; to += 1) {
            const spanMs = (taken[to] ?? 0) - (taken[from] ?? 0);
            const most = rule.burst + (spanMs * rule.burst) / rule.drainMs;
            expect(to - from + 1).toBeLessThanOrEqual(most + 0.001);
          }
        }
      }),
    );
  });

  it('have room again after exactly the wait that they told', () => {
    let nowMs = 0;
    const take = openLocalBuckets({ burst: 4, drainMs: 1_000 }, () => nowMs);
    for (let drop = 0; drop < 4; drop += 1) expect(take('a')).toBe(0);
    expect(take('a')).toBe(250);
    nowMs = 249;
    expect(take('a')).toBe(1);
    nowMs = 250;
    expect(take('a')).toBe(0);
    expect(take('a')).toBe(250);
  });

  it('keep what they know over a change of generations, and everybody apart', () => {
    let nowMs = 0;
    const take = openLocalBuckets({ burst: 2, drainMs: 1_000 }, () => nowMs);
    nowMs = 900;
    expect([take('a'), take('a')]).toEqual([0, 0]);
    nowMs = 1_001;
    expect(take('a')).toBeCloseTo(399, 5);
    expect([take('b'), take('b')]).toEqual([0, 0]);
    nowMs = 9_000;
    expect([take('a'), take('a')]).toEqual([0, 0]);
    expect(take('a')).toBe(500);
  });
});

describe('buckets in Redis', () => {
  let own: OwnRedis;
  const connections: Redis[] = [];
  const connect = async (): Promise<Redis> => {
    const redis = openRedis(own.url, 'command', () => undefined);
    connections.push(redis);
    await until(() => redis.status === 'ready', { what: 'a connection to the own Redis' });
    return redis;
  };
  const prefix = () => `bucket-${randomBytes(4).toString('hex')}`;

  beforeAll(async () => {
    own = await startOwnRedis();
  });
  afterAll(async () => {
    for (const redis of connections) closeRedis(redis);
    await own?.close();
  });

  it('are one bucket for two clients', async () => {
    const rule = { burst: 10, drainMs: hourMs };
    const name = prefix();
    const [one, two] = [await connect(), await connect()].map((redis) =>
      openSharedBuckets(redis, name, rule),
    );
    const waits = await Promise.all(
      Array.from({ length: 30 }, (_, n) => (n % 2 === 0 ? one : two)?.('somebody')),
    );
    expect(waits.filter((wait) => wait === 0)).toHaveLength(10);
    expect(Math.max(...waits.map((wait) => wait ?? 0))).toBeLessThanOrEqual(hourMs / 10);
    expect(await one?.('another')).toBe(0);
  });

  it("never take more than the burst and what leaked out, by Redis's clock", async () => {
    const redis = await connect();
    const rule = { burst: 5, drainMs: 100 };
    const take = openSharedBuckets(redis, prefix(), rule);
    const clockMs = async (): Promise<number> => {
      const [seconds, micros] = await redis.time();
      return Number(seconds) * 1_000 + Number(micros) / 1_000;
    };
    const fromMs = await clockMs();
    let taken = 0;
    for (let call = 0; call < 1_500; call += 1) if ((await take('somebody')) === 0) taken += 1;
    const spanMs = (await clockMs()) - fromMs;
    expect(taken).toBeLessThanOrEqual(rule.burst + (spanMs * rule.burst) / rule.drainMs);
    expect(taken).toBeGreaterThan(rule.burst);
  });

  it('leave nothing behind once they are empty, and survive a clock that was set back', async () => {
    const redis = await connect();
    const name = prefix();
    const rule = { burst: 5, drainMs: 50 };
    await openSharedBuckets(redis, name, rule)('somebody');
    await until(async () => (await redis.exists(`${name}:somebody`)) === 0, { what: 'no bucket' });
    const far = String((Date.now() + 24 * hourMs) * 1_000);
    await redis.set(`${name}:traveller`, far);
    const wait = await openSharedBuckets(redis, name, { burst: 5, drainMs: 1_000 })('traveller');
    expect(wait).toBe(200);
  });

  it('count in the process while Redis is stopped, and in Redis again afterwards', async () => {
    const redis = await connect();
    const name = prefix();
    const take = openSharedBuckets(redis, name, { burst: 3, drainMs: hourMs });
    await own.stop();
    await until(() => redis.status !== 'ready', { what: 'a lost connection' });
    const waits: number[] = [];
    for (let call = 0; call < 5; call += 1) waits.push(await take('somebody'));
    expect(waits.slice(0, 3)).toEqual([0, 0, 0]);
    for (const wait of waits.slice(3)) expect(wait).toBeGreaterThan(hourMs / 3 - 60_000);
    await own.start();
    await until(async () => (await take('newcomer')) === 0 && redis.exists(`${name}:newcomer`), {
      what: 'a bucket in Redis',
    });
  });
});
