import { expect, it } from '@jest/globals';
import type { Page } from 'playwright-core';
import {
  approveAtBank,
  codesOf,
  onStage,
  phone,
  scanned,
  seatOn,
  signUpOn,
  stageMs,
} from './support.js';

it(
  'sells by city, film, cinema and time on a phone, where nothing is wider than the screen',
  onStage({ rowSeats: 24 }, async (stage) => {
    const visitor = await stage.visit(phone);
    const page = await visitor.newPage();
    const settled = async (step: string) => expect([step, await sideways(page)]).toEqual([step, 0]);

    await page.goto('/');
    await page.getByLabel('City').selectOption('Berlin');
    await settled('home');
    await page.getByRole('link', { name: /Metropolis/ }).tap();
    const cinema = page.getByRole('listitem').filter({ hasText: 'Ufa' });
    const time = cinema.locator(`a[href="/shows/${stage.world.showIds[0]}"]`);
    await time.waitFor();
    await settled('film');
    await time.tap();
    await chooseByTapping(page);
    await settled('map');
    await page.getByRole('radio', { name: 'List' }).check();
    await page.getByRole('checkbox', { name: /^Row B, seat 8,/ }).check();
    await settled('list');

    await page.getByRole('button', { name: 'Hold 2 seats' }).tap();
    await settled('login');
    await signUpOn(page);
    await page.getByRole('button', { name: 'Hold 2 seats' }).tap();
    await page.getByRole('button', { name: 'Pay €24' }).waitFor();
    await settled('payment');
    await page.getByRole('radio', { name: /3-D Secure/ }).check();
    await page.getByRole('button', { name: 'Pay €24' }).tap();
    await page.getByRole('link', { name: 'Confirm with the bank' }).waitFor();
    await settled('bank');
    const back = await approveAtBank(page);

    for (const tab of [page, back]) {
      await tab.waitForURL('**/bookings/bkg_*');
      await tab.getByText('Ticket 2 of 2').waitFor();
    }
    await settled('ticket');
    const code = page.getByRole('img', { name: 'QR code of the ticket for row B, seat 8' });
    await code.scrollIntoViewIfNeeded();
    expect(await codesOf(page)).toContain(await scanned(code));
    await page.goto('/bookings');
    await page.getByRole('link', { name: /Seats B-7 and B-8/ }).waitFor();
    await settled('bookings');
  }),
  stageMs,
);

/** The hall fits the screen, so the first tap only comes closer and the second one chooses. */
async function chooseByTapping(page: Page): Promise<void> {
  const seat = seatOn(page, 'B-7', 'free');
  const small = await seat.boundingBox();
  expect(small?.width).toBeLessThan(18);
  await seat.tap();
  await expectWider(page, small?.width ?? 0);
  await seat.tap();
  await seatOn(page, 'B-7', 'chosen').waitFor();
}

async function expectWider(page: Page, width: number): Promise<void> {
  await page.waitForFunction((before) => {
    const seat = document.querySelector('[data-seat="B-7"]');
    return (seat?.getBoundingClientRect().width ?? 0) > before * 1.5;
  }, width);
}

/** How many pixels the page can be pushed to the side. */
function sideways(page: Page): Promise<number> {
  return page.evaluate(() => {
    const { scrollWidth, clientWidth } = document.documentElement;
    return scrollWidth - clientWidth;
  });
}
