import { readFileSync } from 'node:fs';
import { expect, it } from '@jest/globals';
import type { Page } from 'playwright-core';
import { addFans } from '../support/journey.js';
import { addSale, codesOf, onStage, scanned, seatOn, signUpOn, stageMs } from './support.js';

it(
  'takes a fan from the home page through lobby, line, live map and payment to the ticket',
  onStage({ rowSeats: 12 }, async (stage) => {
    const showId = await addSale(stage, {
      ...{ key: 'gala', name: 'Gala night', opens_at: '+1h', booking_fee: 50 },
    });
    const page = await (await stage.visit()).newPage();
    await page.goto('/');
    const card = page.getByRole('listitem').filter({ hasText: 'Gala night' });
    await card.getByText('Opens in').waitFor();
    await card.getByRole('link', { name: 'Enter the lobby' }).click();

    await waitInLobby(page);
    const opensAtMs = Date.now() + 3000;
    await stage.operate('/sales/gala/delay', { to: new Date(opensAtMs).toISOString() });
    await page.getByText(/^0:0\d$/).waitFor();
    await page.getByRole('heading', { name: 'It is your turn. Choose your seats' }).waitFor();
    expect(Date.now()).toBeGreaterThanOrEqual(opensAtMs);

    const [rival] = await addFans(stage.world, 1);
    if (!rival) throw new Error('no rival');
    await seatOn(page, 'A-4', 'free').click();
    await seatOn(page, 'A-5', 'free').click();
    const held = await rival.reserve(
      showId,
      { seats: ['A-5', 'A-6'] },
      { pass: await rival.pass('gala') },
    );
    await seatOn(page, 'A-6', 'held by someone').waitFor();
    await page.getByText('A-5 just went to somebody else').waitFor();
    await rival.confirm(String(held.body.reservation_id));
    await seatOn(page, 'A-6', 'sold').waitFor();
    await seatOn(page, 'A-5', 'sold').waitFor();

    await seatOn(page, 'A-3', 'free').click();
    await page.getByText('The sum has a booking fee of €0.50 for each seat.').waitFor();
    await page.getByText('2 seats€31', { exact: true }).waitFor();
    await page.getByRole('button', { name: 'Hold 2 seats' }).click();
    await payAtTheSecondTry(page);
    await checkTickets(page);
  }),
  stageMs,
);

async function waitInLobby(page: Page): Promise<void> {
  await page.getByText('Opens in').waitFor();
  await signUpOn(page);
  await page.getByRole('button', { name: 'Enter the lobby' }).click();
  await page.getByRole('heading', { name: 'You are in the lobby' }).waitFor();
  await page.getByText('until the sale opens').waitFor();
  await page.getByText(/^(1:00:00|59:\d\d)$/).waitFor();
  const place = page.locator('dl div').filter({ hasText: 'Your place' });
  expect(await place.getByRole('definition').textContent()).toBe('1');
}

async function payAtTheSecondTry(page: Page): Promise<void> {
  await page.getByRole('heading', { name: 'These seats are yours for now' }).waitFor();
  await page.getByText(/^(5:00|4:\d\d)$/).waitFor();
  const pay = page.getByRole('button', { name: 'Pay €31' });
  await page.getByRole('radio', { name: /without funds/ }).check();
  await pay.click();
  await page.getByText('The card was declined').waitFor();
  await page.getByRole('radio', { name: /^Visa Accepted/ }).check();
  await pay.click();
}

async function checkTickets(page: Page): Promise<void> {
  await page.waitForURL('**/bookings/bkg_*');
  await page.getByText('Enjoy the film').waitFor();
  const codes = await codesOf(page);
  const pictures = page.getByRole('img', { name: /^QR code of the ticket/ });
  await pictures.nth(1).waitFor();
  expect([await scanned(pictures.nth(0)), await scanned(pictures.nth(1))]).toEqual(codes);

  expect(await saved(page, 'Tickets as PDF')).toMatch(/^%PDF-/);
  expect(await saved(page, 'Add to the calendar')).toContain('SUMMARY:Metropolis');

  await page.getByRole('navigation').getByRole('link', { name: 'My tickets' }).click();
  await page.getByRole('link', { name: /Metropolis.*Seats A-3 and A-4.*€31/ }).click();
  await page.getByText('Ticket 2 of 2').waitFor();
  await page.getByRole('link', { name: 'Now showing' }).click();
  await page.getByRole('heading', { name: 'Premieres' }).waitFor();
  expect(await page.getByRole('complementary').count()).toBe(0);
}

/** The text of the file that the button of this name saves. */
async function saved(page: Page, name: string): Promise<string> {
  const [file] = await Promise.all([
    page.waitForEvent('download'),
    page.getByRole('button', { name }).click(),
  ]);
  return readFileSync(await file.path(), 'latin1');
}

it(
  'gives more time, takes seats back, sells to the same fan again by a code, and takes that back',
  onStage({ rowSeats: 8 }, async (stage) => {
    const visitor = await stage.visit();
    const page = await visitor.newPage();
    await page.goto('/login');
    await signUpOn(page);
    await page.getByRole('button', { name: 'Log out' }).waitFor();
    await page.goto(`/shows/${stage.world.showIds[0]}`);
    const hold = async (how: () => Promise<void>) => {
      await how();
      await page.getByRole('heading', { name: 'These seats are yours for now' }).waitFor();
    };
    await hold(() => page.getByRole('button', { name: 'Find 2 seats together' }).click());
    const before = await heldUntil(page);
    await page.getByRole('button', { name: 'I need more time' }).click();
    await page.waitForFunction(
      (then) => !window.localStorage.getItem('usher.purchases')?.includes(then),
      before,
    );
    expect((await heldUntil(page)) > before).toBe(true);
    await page.getByRole('button', { name: 'Release the seats' }).click();
    await page.getByRole('button', { name: 'Release the seats' }).click();

    await hold(async () => {
      await seatOn(page, 'B-1', 'free').click();
      await page.getByRole('button', { name: 'Hold this seat' }).click();
    });
    await page.getByRole('button', { name: 'Pay €12' }).click();
    await page.waitForURL('**/bookings/bkg_*');
    await page.goBack();
    await seatOn(page, 'B-1', 'sold').waitFor();
    await stage.operate('/discounts', { code: 'HALF2026', percent: 50, uses_max: 1 });
    const holdBy = async (code: string) => {
      await seatOn(page, 'B-2', 'free').click();
      await page.getByLabel('Discount code').fill(code);
      await page.getByRole('button', { name: 'Hold this seat' }).click();
    };
    await holdBy('HALF2062');
    await page.getByText('We do not know this discount code').waitFor();
    await hold(() => holdBy('half 2026'));
    await page.getByText('Discount HALF2026').waitFor();
    await page.getByText('-€6').waitFor();
    await page.getByRole('button', { name: 'Pay €6' }).click();
    await page.waitForURL('**/bookings/bkg_*');
    await page.getByText('Discount HALF2026').waitFor();

    await page.getByText('All but 10 % of the price goes back').waitFor();
    await page.getByRole('button', { name: 'Give tickets back' }).click();
    await page.getByRole('checkbox', { name: 'row B, seat 2' }).waitFor();
    await page.getByRole('button', { name: 'Give one ticket back' }).click();
    await page.getByText('This booking was cancelled').waitFor();
    await page.getByText(/^Refund, (on its way back|paid back)$/).waitFor();
    await page.getByText('€5.40', { exact: true }).waitFor();
    expect(await page.getByRole('button', { name: 'Give tickets back' }).count()).toBe(0);
  }),
  stageMs,
);

/** Until when the page knows its seats to be held. */
function heldUntil(page: Page): Promise<string> {
  return page.evaluate(() => {
    const all = JSON.parse(window.localStorage.getItem('usher.purchases') ?? '{}');
    const [first] = Object.values(all) as { reservation: { expires_at: string } }[];
    return first?.reservation.expires_at ?? '';
  });
}
