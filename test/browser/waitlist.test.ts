import { expect, it } from '@jest/globals';
import type { Page } from 'playwright-core';
import { addFans, type Fan } from '../support/journey.js';
import { until } from '../support/until.js';
import type { World } from '../support/world.js';
import { addSale, onStage, seatOn, signUpOn, stageMs } from './support.js';

it(
  'puts a fan in line at a full show, and offers what comes back: declined, lapsed, taken',
  onStage({ rowSeats: 1 }, async (stage) => {
    const { world } = stage;
    const sale = { key: 'full', name: 'Full house', opens_at: '-1m', standing: true };
    const showId = await addSale(stage, { ...sale, waitlist: { offer_seconds: 600 } });
    const rivals = await addFans(world, 3);
    const take = async (rival: Fan) =>
      rival.reserve(showId, { quantity: 2 }, { pass: await rival.pass('full') });
    const page = await (await stage.visit()).newPage();
    const inLine = () => page.getByText('You wait for 2 seats, number 1').waitFor();
    const offered = () => page.getByText('Seats have come back for you: A-1 and B-1').waitFor();
    const giveBack = async (rival: Fan, held = take(rival)) => {
      const { status, body } = await held;
      expect(status).toBe(200);
      await rival.release(String(body.reservation_id));
      await offered();
    };
    const [first, second, third] = rivals as [Fan, Fan, Fan];

    const { held } = await loseTo(page, { world, showId, rival: () => take(first) });
    await inLine();
    await page.getByText(/^How long it takes depends on seats that others give back/).waitFor();
    await giveBack(first, held);
    await page.getByText(/^(10:00|9:\d\d)$/).waitFor();
    await page.getByRole('button', { name: 'Decline' }).click();
    await inLine();
    await expectEstimate(page);

    await giveBack(second);
    const shard = await world.stores.shards.forShow(showId);
    await shard.change(
      `UPDATE reservation SET expires_at = NOW(3) + INTERVAL 4 SECOND, due_at = expires_at
       WHERE show_id = ? AND offered = 1 AND state = 'HELD'`,
      [showId],
    );
    await page.reload();
    await offered();
    // Its time runs out while the page is looked at.
    await inLine();

    await giveBack(third);
    await page.getByRole('button', { name: 'Take them and pay' }).click();
    await page.getByRole('button', { name: 'Pay €30' }).click();
    await page.waitForURL('**/bookings/bkg_*');
    await page.getByText('Ticket 2 of 2').waitFor();
  }),
  stageMs,
);

/** What came back counts in the estimate once the kept pace is a few seconds old. */
async function expectEstimate(page: Page): Promise<void> {
  const estimate = page.getByText(/^About .* at the present pace/);
  await until(
    async () => {
      await page.reload();
      await page.getByText('You wait for 2 seats, number 1').waitFor();
      return (await estimate.count()) > 0;
    },
    { what: 'an estimate in the line' },
  );
}

type Race = { world: World; showId: number; rival: () => ReturnType<Fan['reserve']> };

/** Chooses seats on the page and asks for them just after somebody else, in one batch with them. */
async function loseTo(page: Page, { world, showId, rival }: Race) {
  await page.goto(`/shows/${showId}`);
  for (const seat of ['A-1', 'B-1']) await seatOn(page, seat, 'free').click();
  const hold = page.getByRole('button', { name: 'Hold 2 seats' });
  await hold.click();
  await signUpOn(page);
  await hold.waitFor();
  const shard = await world.stores.shards.forShow(showId);
  const asked = (count: number) =>
    until(
      async () => {
        const rows = await shard.rows('SELECT 1 FROM request WHERE show_id = ?', [showId]);
        return rows.length === count;
      },
      { what: `${count} requests` },
    );
  world.program('processor').pause();
  const held = rival();
  await asked(1);
  await hold.click();
  await asked(2);
  world.program('processor').resume();
  return { held };
}
