import { expect, it } from '@jest/globals';
import type { Page } from 'playwright-core';
import { addFans } from '../support/journey.js';
import {
  addSale,
  approveAtBank,
  onStage,
  type Stage,
  seatOn,
  signUpOn,
  stageMs,
} from './support.js';

const yourTurn = 'It is your turn. Choose your seats';

it(
  'goes on where it was after a reload at every step, in every tab',
  onStage({ rowSeats: 8 }, async (stage) => {
    await addSale(stage, { key: 'gala', name: 'Gala night', opens_at: '-1s', pass_cap: 1 });
    const [first] = await addFans(stage.world, 1);
    if (!first) throw new Error('no fan before');
    await first.pass('gala');
    const visitor = await stage.visit();
    const page = await visitor.newPage();
    await joinOn(page, '/sales/gala');

    const place = page.locator('dl div').filter({ hasText: 'Your place' }).getByRole('definition');
    for (const step of ['waiting', 'waiting, reloaded']) {
      await place.waitFor();
      expect([step, await place.textContent()]).toEqual([step, '2']);
      await page.reload();
    }
    await place.waitFor();
    await first.call('POST', '/sales/gala/leave', { body: {} });
    await page.getByRole('heading', { name: yourTurn }).waitFor();
    await page.reload();
    await page.getByRole('heading', { name: yourTurn }).waitFor();
    await seatOn(page, 'A-2', 'free').click();
    await page.getByRole('button', { name: 'Hold this seat' }).click();

    await held(page);
    await page.reload();
    await held(page);
    const other = await visitor.newPage();
    await other.goto('/sales/gala');
    await held(other);
    await page.getByRole('radio', { name: /3-D Secure/ }).check();
    await page.getByRole('button', { name: 'Pay €15' }).click();
    await page.getByText('Confirm within').waitFor();
    await page.reload();
    await page.getByText('Confirm within').waitFor();
    const bank = await approveAtBank(page);
    for (const tab of [page, other, bank]) {
      await tab.waitForURL('**/bookings/bkg_*');
      await tab.getByText('Ticket 1 of 1').waitFor();
    }
  }),
  stageMs,
);

it(
  'sells without a single socket, by asking',
  onStage({ rowSeats: 8 }, async (stage) => {
    const visitor = await stage.visit();
    await visitor.route('**/socket.io/**', (route) => route.abort());
    const page = await visitor.newPage();
    await joinOn(page, '/sales/rush');
    await page.getByRole('heading', { name: yourTurn }).waitFor();
    await page.getByText('Live updates are interrupted').waitFor();
    await takeSeats(stage, ['P-1', 'P-2']);
    await seatOn(page, 'P-2', 'held by someone').waitFor();
    await seatOn(page, 'P-3', 'free').click();
    await page.getByRole('button', { name: 'Hold this seat' }).click();
    // The bank's question is left open, and the fan takes another card.
    await page.getByRole('radio', { name: /3-D Secure/ }).check();
    await page.getByRole('button', { name: 'Pay €12' }).click();
    await page.getByRole('button', { name: 'Pay with another card' }).click();
    await page.getByRole('radio', { name: /Accepted at once/ }).check();
    await page.getByRole('button', { name: 'Pay €12' }).click();
    await page.waitForURL('**/bookings/bkg_*');
  }),
  stageMs,
);

it(
  'finds its way back when the api dies under it, with what it chose',
  onStage({ rowSeats: 8 }, async (stage) => {
    const page = await (await stage.visit()).newPage();
    await joinOn(page, '/sales/rush');
    await page.getByRole('heading', { name: yourTurn }).waitFor();
    await seatOn(page, 'Q-4', 'free').click();
    await stage.world.program('api').kill('SIGKILL');
    await page.getByText('Live updates are interrupted').waitFor();
    await page.getByRole('button', { name: 'Hold this seat' }).click();
    await page.getByText('We repeat the same request until it comes').waitFor();
    await stage.world.start('api');
    await held(page);
    await page.getByText('Live updates are interrupted').waitFor({ state: 'detached' });
    await page.getByRole('button', { name: 'Pay €12' }).click();
    await page.waitForURL('**/bookings/bkg_*');
    const { clean, violations } = await stage.world.settles();
    expect({ clean, violations }).toEqual({ clean: true, violations: [] });
  }),
  stageMs,
);

async function joinOn(page: Page, path: string): Promise<void> {
  await page.goto(path);
  await signUpOn(page);
  await page.getByRole('button', { name: 'Join the line' }).click();
}

async function held(page: Page): Promise<void> {
  await page.getByRole('heading', { name: 'These seats are yours for now' }).waitFor();
  await page.getByText(/^(5:00|4:\d\d)$/).waitFor();
}

async function takeSeats({ world }: Stage, seats: string[]): Promise<void> {
  const [rival] = await addFans(world, 1);
  if (!rival) throw new Error('no rival');
  await rival.reserve(world.rushId, { seats }, { pass: await rival.pass('rush') });
}
