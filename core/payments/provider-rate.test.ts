import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { openReconciler } from '../../processor/payments/reconciler.js';
import { holdSeats, seedShow } from '../../test/support/fixtures.js';
import { chargesOf, rowsOf } from '../../test/support/payment-rows.js';
import { openPaymentWorld, type PaymentWorld } from '../../test/support/payment-world.js';
import { openTestStores, type TestStores } from '../../test/support/stores.js';
import { until } from '../../test/support/until.js';
import { closeRedis, openRedis, type Redis } from '../redis/connect.js';
import { type RedisNames, redisNames } from '../redis/keys.js';
import type { Priority } from './outcomes.js';
import { openProviderRate, type ProviderRate, paceOf } from './provider-rate.js';

const perSecond = 20;

describe("the provider's own limit", () => {
  let stores: TestStores;
  let redis: Redis;
  let names: RedisNames;
  const open: ProviderRate[] = [];
  let round = 0;

  beforeAll(async () => {
    stores = await openTestStores(1);
    redis = openRedis(stores.redisUrl, 'command', () => undefined);
    await until(() => redis.status === 'ready', { what: 'Redis' });
  });
  afterAll(async () => {
    closeRedis(redis);
    await stores.close();
  });
  beforeEach(() => {
    round += 1;
    names = redisNames(`${stores.redisPrefix}-${round}`);
  });
  afterEach(() => {
    for (const rate of open.splice(0)) rate.close();
  });

  const openRate = (on: Redis = redis): ProviderRate => {
    const rate = openProviderRate({ redis: on, names, perSecond });
    open.push(rate);
    return rate;
  };

  it('lets no more calls out than its rate, whatever the number of processes', async () => {
    const began = performance.now();
    const rates = [openRate(), openRate(), openRate()];
    const turns = await Promise.all(
      rates.flatMap((rate) => Array.from({ length: 40 }, () => rate.turn('confirm'))),
    );
    const seconds = (performance.now() - began) / 1000;
    const out = turns.filter(Boolean).length;
    expect(out).toBeGreaterThanOrEqual(perSecond);
    expect(out).toBeLessThanOrEqual(perSecond * (1 + seconds) + 1);
    expect(turns).toContain(false);
  });

  /** A thousand holds end at once while one fan pays: how long that fan waits, or false. */
  const waitBehind = async (crowd: Priority, fan: Priority): Promise<number | false> => {
    const rate = openRate();
    const ending = Array.from({ length: 1_000 }, () => rate.turn(crowd));
    await ending[0];
    const began = performance.now();
    const granted = await rate.turn(fan);
    const waited = performance.now() - began;
    rate.close();
    await Promise.all(ending);
    return granted && waited;
  };

  it('lets one buyer pass a thousand holds that end', async () => {
    expect(await waitBehind('cancel', 'confirm')).toBeLessThan(500);
  });

  it('would let that buyer wait in vain without the order of priorities', async () => {
    const waited = await waitBehind('confirm', 'confirm');
    expect(waited === false || waited > 500).toBe(true);
  });

  it('serves confirms first, then cancels, then refunds', async () => {
    const rate = openRate();
    await Promise.all(Array.from({ length: perSecond }, () => rate.turn('confirm')));
    const order: string[] = [];
    const turn = async (priority: Priority): Promise<void> => {
      if (await rate.turn(priority)) order.push(priority);
    };
    await Promise.all([turn('refund'), turn('cancel'), turn('confirm')]);
    expect(order).toEqual(['confirm', 'cancel', 'refund']);
  });

  it('tells admission to slow down while confirms wait, and stops telling', async () => {
    const rate = openRate();
    await Promise.all(Array.from({ length: 60 }, () => rate.turn('confirm')));
    const pace = Number(await redis.get(names.providerPace));
    expect(pace).toBeGreaterThanOrEqual(10);
    expect(pace).toBeLessThan(100);
    expect(await redis.pttl(names.providerPace)).toBeGreaterThan(0);
  });

  it('keeps the rate in each process while Redis is away', async () => {
    const away = openRedis('redis://127.0.0.1:1', 'command', () => undefined);
    const rate = openRate(away);
    const turns = await Promise.all(Array.from({ length: 100 }, () => rate.turn('confirm')));
    closeRedis(away);
    const out = turns.filter(Boolean).length;
    expect(out).toBeGreaterThanOrEqual(perSecond);
    expect(out).toBeLessThan(100);
  });

  it.each([
    [0, 100],
    [300, 100],
    [900, 55],
    [1_500, 10],
    [60_000, 10],
  ])('slows for a wait of %d ms to %d percent', (waitMs, pace) => {
    expect(paceOf(waitMs)).toBe(pace);
  });
});

describe('paying while the provider takes few calls', () => {
  let world: PaymentWorld;

  beforeAll(async () => {
    world = await openPaymentWorld({ callsPerSecond: 1 });
  });
  afterAll(() => world.close());

  it('answers processing to a confirm that has to wait, and books it in its turn', async () => {
    const show = await seedShow(world.stores);
    const held = await Promise.all(
      [0, 2, 4, 6, 8].map((seat) => holdSeats(world.stores, show, { seats: [seat, seat + 1] })),
    );
    const told = await Promise.all(held.map((one) => world.confirm(one, 'pm_card_visa', 'key')));
    expect(told.map((one) => one.status)).toContain(202);
    for (const { status, body } of told) {
      if (status === 202) expect(body.status).toBe('processing');
      else expect(status).toBe(201);
    }
    const reconciler = openReconciler(world.deps);
    for (const one of held) {
      await until(async () => (await rowsOf(world.stores, one)).reservation === 'BOOKED', {
        what: 'the queued confirm',
        ms: 20_000,
      });
      expect(chargesOf(world.sandbox, one)).toEqual([48_000]);
    }
    await reconciler.close();
  }, 40_000);
});
