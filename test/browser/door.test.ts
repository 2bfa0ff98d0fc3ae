import { randomBytes } from 'node:crypto';
import { expect, it } from '@jest/globals';
import type { Page } from 'playwright-core';
import { addFans } from '../support/journey.js';
import { addSale, onStage, type Stage, signUpOn, stageMs } from './support.js';

it(
  'does the work and takes a code at the door, then tells of the turn and checks the place',
  onStage({ rowSeats: 8 }, async (stage) => {
    await addSale(stage, { key: 'gala', name: 'Gala night', opens_at: '-1s', pass_cap: 1 });
    const [first] = await addFans(stage.world, 1);
    await first?.pass('gala');
    const visitor = await stage.visit();
    await visitor.addInitScript(pretendPushService, randomBytes(65).toString('base64url'));
    const page = await visitor.newPage();
    await page.goto('/sales/gala');
    await signUpOn(page);
    await guardDoor(stage);

    await page.getByRole('button', { name: 'Join the line' }).waitFor();
    expect(await joins(page)).toEqual(['challenge_required', 'code_required']);
    await page.getByLabel('Your code').fill('WRONG-CODE');
    expect(await joins(page)).toEqual(['challenge_required', 'code_refused']);
    await page.getByLabel('Your code').fill('FRIENDS-ONLY');
    expect(await joins(page)).toEqual(['challenge_required', 'waiting']);
    const place = page.locator('dl div').filter({ hasText: 'Your place' });
    await place.getByText('2', { exact: true }).waitFor();

    await tellOfTheTurn(page);
    await page.getByRole('button', { name: 'Check my place' }).click();
    await page.getByText('Your place is as it should be').waitFor();
    await page.getByText('You came after the opening').waitFor();
  }),
  stageMs,
);

/** Work for newcomers, and a presale for holders of a code. */
async function guardDoor({ world, operate }: Stage): Promise<void> {
  await operate('/sales/gala/codes', { kind: 'presale', code: 'FRIENDS-ONLY' });
  await world.stores.catalog.change(
    `UPDATE sales SET pow_difficulty = 2000, presale_until = NOW(3) + INTERVAL 1 HOUR,
       version = version + 1 WHERE sale_id = 'gala'`,
  );
  // The api goes by settings that are a second old at most; an unguarded join would leave no trace.
  const [probe] = await addFans(world, 1);
  for (let tries = 0; tries < 100; tries += 1) {
    const asked = await probe?.call('GET', '/sales/gala/challenge');
    if (asked?.body.challenge) return;
  }
  throw new Error('the api does not ask for work');
}

/** Presses the button; what the page's two calls were answered. */
async function joins(page: Page): Promise<unknown[]> {
  const told: unknown[] = [];
  const both = page.waitForResponse(async (response) => {
    if (!response.url().endsWith('/sales/gala/join')) return false;
    const body = (await response.json()) as { error?: string; state?: string };
    told.push(body.error ?? body.state);
    return told.length === 2;
  });
  await page.getByRole('button', { name: 'Join the line' }).click();
  await both;
  return told;
}

/** By mail alone while the browser may not, and in the browser when it may. */
async function tellOfTheTurn(page: Page): Promise<void> {
  const ask = page.getByRole('button', { name: 'Tell me when it is nearly my turn' });
  await ask.click();
  await page.getByText('We tell you by mail a few minutes before your turn').waitFor();
  await page.getByRole('button', { name: 'Don’t tell me' }).click();
  await page.context().grantPermissions(['notifications']);
  const asked = page.waitForRequest((request) => request.url().endsWith('/sales/gala/notify'));
  await ask.click();
  const body = (await asked).postDataJSON() as { push?: { endpoint: string } };
  expect(body.push?.endpoint).toBe('https://push.example.invalid/one');
  await page.getByText('We tell you by mail and in this browser').waitFor();
}

/** A browser of a test has no push service of a vendor behind it. */
function pretendPushService(p256dh: string): void {
  const made = {
    endpoint: 'https://push.example.invalid/one',
    keys: { p256dh, auth: 'a'.repeat(22) },
  };
  window.PushManager.prototype.subscribe = () =>
    Promise.resolve({ ...made, toJSON: () => made } as unknown as PushSubscription);
}
