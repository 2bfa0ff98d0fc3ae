import { expect, it } from '@jest/globals';
import { gatewayTo } from '../support/gateway.js';
import { addFans } from '../support/journey.js';
import { startShopping } from '../support/shoppers.js';
import { until } from '../support/until.js';
import { inWorld, type World } from '../support/world.js';

type Readiness = { ready: boolean; checks: { name: string; ok: boolean }[] };

it(
  'starts and sells the shows of one shard while another is away, and takes it in when it returns',
  inWorld({ programs: ['sandbox', 'mailbox'], rowSeats: 40, shows: 6 }, async (world) => {
    const { stores } = world;
    const [hereUrl = '', awayUrl = ''] = stores.shardUrls;
    const gateway = await gatewayTo(awayUrl);
    try {
      const env = { USHER_SHARDS: `${hereUrl},${gateway.url}` };
      for (const name of ['api', 'admission', 'processor'] as const) await world.start(name, env);
      const places = await stores.catalog.rows<{ showId: number; shardId: number }>(
        "SELECT show_id AS showId, shard_id AS shardId FROM shows WHERE sale_id = 'desk'",
      );
      const onShard = (shardId: number) =>
        places.filter((place) => place.shardId === shardId).map((place) => place.showId);
      const [awayShow = 0] = onShard(2);
      expect(onShard(1).length).toBeGreaterThan(0);
      expect(awayShow).toBeGreaterThan(0);

      const before = await readiness(world);
      expect(before.ready).toBe(true);
      expect(before.checks.filter((check) => !check.ok).map((check) => check.name)).toEqual([
        `shard ${new URL(gateway.url).host}${new URL(gateway.url).pathname}`,
      ]);
      const shopping = await startShopping({ ...world, showIds: onShard(1) }, { fans: 3 });
      await until(() => shopping.done() >= 8, { what: 'purchases on the shard that is here' });
      const [fan] = await addFans(world, 1);
      const pass = await fan?.pass('desk');
      const headers = { 'usher-pass': String(pass), 'idempotency-key': 'while-it-is-away' };
      const body = { show_id: String(awayShow), quantity: 1 };
      const refused = await fan?.call('POST', '/reserve', { body, headers });
      expect(refused?.status).toBe(503);
      expect(Number(refused?.headers.get('retry-after'))).toBeGreaterThan(0);

      await gateway.open();
      await until(async () => (await readiness(world)).checks.every((check) => check.ok), {
        what: 'the shard to join',
      });
      const told = await fan?.reserve(
        awayShow,
        { quantity: 1 },
        {
          pass: String(pass),
          key: 'while-it-is-away',
        },
      );
      expect(told?.status).toBe(200);
      expect((await fan?.confirm(String(told?.body.reservation_id)))?.status).toBe(201);
      const counts = await shopping.finish();
      const report = await world.settles();
      expect(report.exact.seats_sold).toBe(counts.paid + 1);
    } finally {
      await gateway.close();
    }
  }),
  120_000,
);

it(
  'sells with one database for all shows',
  inWorld({ shards: 1, rowSeats: 20, shows: 2 }, async (world) => {
    expect(world.stores.shardUrls).toHaveLength(1);
    const shopping = await startShopping(world, { fans: 3, passesEach: 20 });
    await until(() => shopping.done() >= 12, { what: 'purchases on the only shard' });
    const counts = await shopping.finish();
    const report = await world.settles();
    expect(report.exact.seats_sold).toBe(counts.paid);
  }),
  120_000,
);

async function readiness(world: World): Promise<Readiness> {
  return (await (await fetch(`${world.url}/readyz`)).json()) as Readiness;
}
