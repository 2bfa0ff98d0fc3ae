import { expect, it } from '@jest/globals';
import type { Page } from 'playwright-core';
import { closeRedis, openRedis } from '../../core/redis/connect.js';
import { redisNames } from '../../core/redis/keys.js';
import { addFans } from '../support/journey.js';
import { until } from '../support/until.js';
import { addSale, onStage, type Stage, signUpOn, stageMs } from './support.js';

const yourTurn = 'It is your turn. Choose your seats';

it(
  'keeps one place over two tabs, and the first turn for a page that slept through its own',
  onStage({ rowSeats: 8 }, async (stage) => {
    const { world } = stage;
    await addSale(stage, { key: 'gala', name: 'Gala night', opens_at: '-1s', pass_cap: 1 });
    const [first, rival] = await addFans(world, 2);
    if (!first || !rival) throw new Error('no fans before and behind');
    await first.pass('gala');
    const visitor = await stage.visit();
    // A socket would answer for a sleeping page; a phone's is gone when it sleeps.
    await visitor.route('**/socket.io/**', (route) => route.abort());
    const page = await visitor.newPage();
    await page.goto('/sales/gala');
    await signUpOn(page);
    await page.getByRole('button', { name: 'Join the line' }).click();
    await placeIs(page, '2');
    const other = await visitor.newPage();
    await other.goto('/sales/gala');
    await placeIs(other, '2');
    await other.close();

    // The server can't tell a phone that sleeps from one without a network.
    await visitor.setOffline(true);
    expect((await rival.call('POST', '/sales/gala/join', { body: {} })).status).toBe(201);
    await letMinutesPass(stage, 5);
    await rival.call('GET', '/sales/gala/place');
    await first.call('POST', '/sales/gala/leave', { body: {} });
    const served = async () => (await rival.call('GET', '/sales/gala/place')).body.state;
    await until(async () => (await served()) === 'admitted', { what: 'the fan behind' });

    await visitor.setOffline(false);
    await page.reload();
    await placeIs(page, '2');
    const [newcomer] = await addFans(world, 1);
    await newcomer?.call('POST', '/sales/gala/join', { body: {} });
    await rival.call('POST', '/sales/gala/leave', { body: {} });
    await page.getByRole('heading', { name: yourTurn }).waitFor();
    const late = await newcomer?.call('GET', '/sales/gala/place');
    expect(late?.body).toMatchObject({ state: 'waiting' });
  }),
  stageMs,
);

async function placeIs(page: Page, told: string): Promise<void> {
  const place = page.locator('dl div').filter({ hasText: 'Your place' }).getByRole('definition');
  await place.waitFor();
  expect(await place.textContent()).toBe(told);
}

/** Moves the room's own clock, by which it judges who is there. */
async function letMinutesPass({ world }: Stage, minutes: number): Promise<void> {
  const redis = openRedis(world.stores.redisUrl, 'command', () => undefined);
  await until(() => redis.status === 'ready', { what: 'Redis' });
  const room = redisNames(world.stores.redisPrefix).room('gala');
  await redis.hincrby(room, 'vclock', minutes * 60_000);
  closeRedis(redis);
}
