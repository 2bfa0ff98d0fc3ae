import type { BrowserContext, FrameLocator, Page } from 'playwright-core';

/** Stripe's own test cards, and what the sandbox calls them. */
const cards: Record<string, string> = {
  '4242424242424242': 'pm_card_visa',
  '4000000000000002': 'pm_card_chargeDeclined',
  '4000002760003184': 'pm_card_authenticationRequired',
};

/** Its frame: the number stays here, and only the name of the payment method leaves. */
const fields = `<!doctype html><title>Secure payment input frame</title>
<label>Card number <input id="number" inputmode="numeric" autocomplete="cc-number"></label>
<script>
  const cards = ${JSON.stringify(cards)};
  addEventListener('message', ({ data, ports: [port] }) => {
    const number = document.getElementById('number').value.replace(/ /g, '');
    if (data === 'submit') port.postMessage(number.length === 16);
    if (data === 'create') port.postMessage(cards[number]);
  });
</script>`;

/** The bank's question in a frame of its own, which its fan answers at once. */
const challenge = `<!doctype html><title>3-D Secure</title>
<script>
  addEventListener('message', async ({ data, ports: [port] }) => {
    const answer = await fetch('/v3/answer', { method: 'POST', body: data });
    port.postMessage(answer.ok);
  });
</script>`;

/** The calls of Stripe.js that the page makes, with the mistakes that Stripe.js does not forgive. */
const script = `
const ask = (frame, what) => new Promise((resolve) => {
  const { port1, port2 } = new MessageChannel();
  port1.onmessage = ({ data }) => resolve(data);
  frame.contentWindow.postMessage(what, 'https://js.stripe.com', [port2]);
});
const frameOf = (name, place) => new Promise((resolve) => {
  const frame = document.createElement('iframe');
  frame.src = 'https://js.stripe.com/v3/' + name + '.html';
  frame.title = name;
  frame.onload = () => resolve(frame);
  place.append(frame);
});
const mistake = (text) => { throw new Error('IntegrationError: ' + text); };
window.Stripe = (key) => {
  if (!/^pk_(test|live)_/.test(key)) mistake('no publishable key');
  return {
    elements: ({ mode, amount, currency, paymentMethodCreation, paymentMethodTypes }) => {
      if (mode !== 'payment' || !Number.isInteger(amount) || amount < 1) mistake('mode, amount');
      if (!/^[a-z]{3}$/.test(currency)) mistake('currency');
      if (paymentMethodCreation !== 'manual') mistake('paymentMethodCreation');
      if (!paymentMethodTypes.includes('card')) mistake('paymentMethodTypes');
      const own = { frame: undefined, submitted: false };
      return {
        own,
        create: (kind) => {
          if (kind !== 'payment') mistake(kind);
          return {
            mount: (place) => { own.frame = frameOf('fields', place); },
            destroy: () => own.frame.then((frame) => frame.remove()),
          };
        },
        submit: async () => {
          own.submitted = await ask(await own.frame, 'submit');
          return own.submitted ? {} : { error: { message: 'Your card number is incomplete.' } };
        },
      };
    },
    createPaymentMethod: async ({ elements: { own } }) => {
      if (!own.submitted) mistake('elements.submit() comes first');
      const id = await ask(await own.frame, 'create');
      return id ? { paymentMethod: { id } } : { error: { message: 'Your card is not supported.' } };
    },
    handleNextAction: async ({ clientSecret }) => {
      const frame = await frameOf('challenge', document.body);
      const isDone = await ask(frame, clientSecret);
      frame.remove();
      return isDone ? {} : { error: { message: 'The bank did not answer.' } };
    },
  };
};`;

const files: Record<string, [contentType: string, body: string]> = {
  '/v3/': ['text/javascript', script],
  '/v3/fields.html': ['text/html', fields],
  '/v3/challenge.html': ['text/html', challenge],
};

/**
 * Stands in for js.stripe.com, which no test can reach: a script of our own that takes the calls
 * as Stripe documents them, with its fields in a frame of that site and the sandbox as the bank.
 */
export async function standInForStripe(context: BrowserContext, bank: string): Promise<void> {
  await context.route('https://js.stripe.com/**', async (route) => {
    const { pathname } = new URL(route.request().url());
    if (pathname === '/v3/answer') {
      const status = await answerBank(bank, route.request().postData() ?? '');
      return route.fulfill({ status });
    }
    const [contentType, body] = files[pathname] ?? [];
    if (contentType === undefined || body === undefined) return route.abort();
    await route.fulfill({ contentType, body });
  });
}

async function answerBank(bank: string, clientSecret: string): Promise<number> {
  const [intent] = clientSecret.split('_secret_');
  const answer = await fetch(`${bank}/3ds/${intent}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ client_secret: clientSecret, verdict: 'complete' }),
  });
  return answer.status;
}

/** What the fan types into. */
export function stripeFields(page: Page): FrameLocator {
  return page.frameLocator('iframe[title="fields"]');
}
