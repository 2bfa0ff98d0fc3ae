import { expect, it } from '@jest/globals';
import { signUp } from '../support/journey.js';
import { until } from '../support/until.js';
import { inWorld } from '../support/world.js';

it(
  'tells a fan of the waitlist once, though everything died between the freed seat and the telling',
  inWorld({ rowSeats: 1 }, async (world) => {
    const { catalog, shards } = world.stores;
    const showId = world.showIds[0] ?? 0;
    const shard = await shards.forShow(showId);
    await shard.change('UPDATE show_head SET offer_seconds = 300 WHERE show_id = ?', [showId]);
    const [holder, waiter, other] = [await signUp(world), await signUp(world), await signUp(world)];
    const held = await holder.reserve(showId, { quantity: 2 }, { pass: await holder.pass('desk') });
    expect(held.status).toBe(200);
    const pass = await waiter.pass('desk');
    const full = await waiter.reserve(showId, { quantity: 2 }, { pass });
    expect(full.status).toBe(429);
    expect(full.body).toMatchObject({ error: 'show_full', queue_position: 1 });
    expect(Number(full.headers.get('retry-after'))).toBeGreaterThan(0);
    const path = `/shows/${showId}/waitlist`;
    expect((await waiter.call('GET', path)).body).toMatchObject({ quantity: 2, queue_position: 1 });

    // Nobody is left to tell: the processor dies before, the api right after the commit.
    await world.program('processor').kill('SIGKILL');
    expect((await holder.release(String(held.body.reservation_id))).status).toBe(204);
    await world.program('api').kill('SIGKILL');
    const [row] = await shard.rows<{ n: number }>(
      "SELECT COUNT(*) AS n FROM outbox WHERE show_id = ? AND kind = 'offer' AND tries = 0",
      [showId],
    );
    expect(row?.n).toBe(1);
    await world.start('api');
    await world.start('processor');

    const told = () =>
      catalog.rows<{ fanId: string }>(
        "SELECT fan_id AS fanId FROM message WHERE kind = 'offer' AND show_id = ?",
        [showId],
      );
    await until(async () => (await told()).length > 0, { what: 'the message of the offer' });
    expect(await told()).toEqual([{ fanId: waiter.fanId }]);
    const late = await other.reserve(showId, { quantity: 1 }, { pass: await other.pass('desk') });
    expect(late.body).toMatchObject({ error: 'show_full', queue_position: 1 });
    const { offer, offers } = (await waiter.call('GET', path)).body as {
      offer: { reservation_id: string };
      offers: unknown[];
    };
    expect(offers).toEqual([offer]);
    expect((await waiter.confirm(offer.reservation_id)).status).toBe(201);
    expect((await waiter.call('GET', path)).status).toBe(404);
    const report = await world.settles();
    expect(report.exact).toMatchObject({ undecided: 0, seats_sold_twice: 0, seats_sold: 2 });
  }),
);
