import { expect, it } from '@jest/globals';
import { standInForStripe, stripeFields } from './stripe-fields.js';
import { onStage, seatOn, signUpOn, stageMs } from './support.js';

const authenticated = '4000002760003184';

it(
  "sells by Stripe's fields: to a card that asks the bank, after two that were refused",
  onStage(
    { rowSeats: 8, programs: ['sandbox', 'mailbox', 'admission', 'processor'] },
    async (stage) => {
      const { world } = stage;
      await world.start('api', { STRIPE_PUBLISHABLE_KEY: 'pk_test_standin' });
      const visitor = await stage.visit();
      await standInForStripe(visitor, world.sandboxUrl);
      // As Stripe answers when it gives no address for the bank's question.
      await visitor.route('**/api/v1/confirm', async (route) => {
        const response = await route.fetch();
        const { next_action_url: _none, ...json } = (await response.json()) as {
          [key: string]: string;
        };
        await route.fulfill({ response, json });
      });
      const heard: string[] = [];
      visitor.on('request', (request) => {
        if (request.url().startsWith(stage.base))
          heard.push(`${request.url()} ${request.postData()}`);
      });
      const page = await visitor.newPage();
      await page.goto('/login');
      await signUpOn(page);
      await page.getByRole('button', { name: 'Log out' }).waitFor();
      await page.goto(`/shows/${world.showIds[0]}`);
      await seatOn(page, 'B-1', 'free').click();
      await page.getByRole('button', { name: 'Hold this seat' }).click();

      const number = stripeFields(page).getByLabel('Card number');
      const pay = page.getByRole('button', { name: 'Pay €12' });
      await number.fill('4242');
      await pay.click();
      await page.getByText('Your card number is incomplete.').waitFor();
      await number.fill('4000000000000002');
      await pay.click();
      await page.getByText('The card was declined').waitFor();
      await number.fill(authenticated);
      await pay.click();
      await page.getByRole('button', { name: 'Confirm with the bank' }).click();
      await page.waitForURL('**/bookings/bkg_*');
      await page.getByText('Ticket 1 of 1').waitFor();
      expect(heard.some((one) => one.includes('/confirm'))).toBe(true);
      expect(heard.filter((one) => /\d{16}/.test(one))).toEqual([]);
      expect(await page.evaluate(() => JSON.stringify(window.localStorage))).not.toContain(
        authenticated,
      );
    },
  ),
  stageMs,
);
