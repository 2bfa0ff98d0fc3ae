import { randomUUID } from 'node:crypto';
import { expect, it } from '@jest/globals';
import type { Page } from 'playwright-core';
import { onStage, seatOn, stageMs } from './support.js';

const tabsMax = 40;

it(
  'sells to a fan who has only a keyboard, from the home page to the ticket',
  onStage({ rowSeats: 8 }, async (stage) => {
    const page = await (await stage.visit()).newPage();
    await page.goto('/');
    await page.getByRole('link', { name: 'Join the line' }).waitFor();
    await press(page, 'link', 'Join the line');

    await page.getByRole('heading', { name: 'The sale is open' }).waitFor();
    await press(page, 'button', 'New here? Create an account');
    await walkTo(page, 'textbox', 'Mail address', 'Shift+Tab');
    await page.keyboard.type(`${randomUUID()}@example.org`);
    await walkTo(page, 'textbox', 'Password');
    await page.keyboard.type('a seat in the third row');
    await page.keyboard.press('Enter');
    await page.getByRole('button', { name: 'Join the line' }).waitFor();
    await press(page, 'button', 'Join the line');

    await page.getByRole('heading', { name: 'It is your turn. Choose your seats' }).waitFor();
    await walkTo(page, 'gridcell', 'Row P, seat 1,');
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('End');
    await page.keyboard.press('Enter');
    await page.keyboard.press('ArrowLeft');
    await page.keyboard.press('Space');
    await seatOn(page, 'Q-8', 'chosen').waitFor();
    await seatOn(page, 'Q-7', 'chosen').waitFor();
    await press(page, 'button', 'Hold 2 seats');

    await page.getByRole('heading', { name: 'These seats are yours for now' }).waitFor();
    await walkTo(page, 'radio', 'Visa Accepted at once');
    await press(page, 'button', 'Pay €24');
    await page.waitForURL('**/bookings/bkg_*');
    await page.getByRole('img', { name: 'QR code of the ticket for row Q, seat 8' }).waitFor();
    await walkTo(page, 'button', 'Tickets as PDF');
  }),
  stageMs,
);

async function press(page: Page, role: Role, name: string): Promise<void> {
  await walkTo(page, role, name);
  await page.keyboard.press('Enter');
}

type Role = 'link' | 'button' | 'textbox' | 'gridcell' | 'radio';

/** Tabs until the focus is on what has this role and name, which must then be seen to have it. */
async function walkTo(page: Page, role: Role, name: string, key = 'Tab'): Promise<void> {
  const wanted = page.getByRole(role, { name }).first();
  const seen: string[] = [];
  for (let tabs = 0; tabs < tabsMax; tabs += 1) {
    if (await wanted.evaluate((element) => element === document.activeElement)) {
      expect([name, await showsFocus(page)]).toEqual([name, true]);
      return;
    }
    await page.keyboard.press(key);
    seen.push(await page.evaluate(() => document.activeElement?.textContent?.slice(0, 30) ?? ''));
  }
  throw new Error(`${name} can't be reached; the focus went over ${seen.join(' | ')}`);
}

/** Whether the focused element, or the label that stands for it, has an outline and lies in the window. */
function showsFocus(page: Page): Promise<boolean> {
  return page.evaluate(() => {
    const focused = document.activeElement;
    if (focused === null) return false;
    const box = focused.getBoundingClientRect();
    const outlined = [focused, focused.nextElementSibling].some(
      (element) => element !== null && getComputedStyle(element).outlineStyle !== 'none',
    );
    return outlined && box.bottom > 0 && box.top < window.innerHeight;
  });
}
