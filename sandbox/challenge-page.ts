import type { Intent } from './objects.js';

/** The bank's page: shows what is being paid, and asks the fan to approve or refuse it. */
export function challengePage(intent: Intent, returnUrl: string): string {
  const open = intent.status === 'requires_action';
  const form = `<form method="post">
      <input type="hidden" name="client_secret" value="${escapeHtml(intent.client_secret)}">
      <input type="hidden" name="return_url" value="${escapeHtml(returnUrl)}">
      <button name="verdict" value="complete" class="yes">Approve the payment</button>
      <button name="verdict" value="fail">Refuse</button>
    </form>`;
  return `<!doctype html>
<html lang="en">
<head>
  <meta charset="utf-8">
  <meta name="viewport" content="width=device-width, initial-scale=1">
  <title>Approve your payment</title>
  <style>${style}</style>
</head>
<body>
  <main>
    <p class="bank">Sandbox Bank · 3-D Secure</p>
    <h1>${escapeHtml(moneyText(intent))}</h1>
    <p>${open ? 'Your bank asks whether this payment is yours.' : statusText(intent)}</p>
    ${open ? form : ''}
    <p class="note">A practice bank for trying Usher. No card is charged.</p>
  </main>
  ${open ? '' : tellScript(intent)}
</body>
</html>`;
}

/** Where the fan goes afterwards, with Stripe's own query names; undefined when there is nowhere. */
export function returnTarget(intent: Intent, returnUrl: string): string | undefined {
  if (!/^https?:\/\//.test(returnUrl) || !URL.canParse(returnUrl)) return undefined;
  const target = new URL(returnUrl);
  target.searchParams.set('payment_intent', intent.id);
  target.searchParams.set('payment_intent_client_secret', intent.client_secret);
  target.searchParams.set(
    'redirect_status',
    intent.status === 'succeeded' ? 'succeeded' : 'failed',
  );
  return target.toString();
}

function statusText(intent: Intent): string {
  if (intent.status === 'succeeded') return 'Approved. You can close this page.';
  if (intent.status === 'canceled') return 'This payment was cancelled. You can close this page.';
  return 'The payment was not approved. You can close this page and try again.';
}

function moneyText(intent: Intent): string {
  const format = new Intl.NumberFormat('en-IN', {
    style: 'currency',
    currency: intent.currency.toUpperCase(),
  });
  const digits = format.resolvedOptions().maximumFractionDigits ?? 2;
  return format.format(intent.amount / 10 ** digits);
}

// The page that opened this one, as a frame or a tab, learns that it may look again.
function tellScript(intent: Intent): string {
  const message = JSON.stringify({
    source: '3ds',
    payment_intent: intent.id,
    status: intent.status,
  });
  return `<script>
    const listener = window.opener || (window.parent === window ? null : window.parent);
    if (listener) listener.postMessage(${message.replaceAll('<', '\\u003c')}, '*');
  </script>`;
}

function escapeHtml(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;');
}

const style = `
  :root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif; }
  body { margin: 0; min-height: 100vh; display: grid; place-items: center; background: #eef0f4; color: #1a2233; }
  main { background: #fff; padding: 2rem;
    border-radius: 14px; width: min(24rem, 92vw); box-sizing: border-box;
    box-shadow: 0 12px 40px rgb(20 30 60 / .14); }
  h1 { margin: .2rem 0 .6rem; font-size: 2.2rem; letter-spacing: -.02em; }
  .bank { margin: 0; font-size: .85rem; color: #5b6579; }
  .note { margin: 1.4rem 0 0; font-size: .8rem; color: #5b6579; }
  form { display: grid; gap: .6rem; margin-top: 1.2rem; }
  button { font: inherit; padding: .75rem; border-radius: 9px; border: 1px solid #b9c1d0; background: none;
    color: inherit; cursor: pointer; }
  .yes { background: #1f4fd8; border-color: #1f4fd8; color: #fff; font-weight: 600; }
  button:focus-visible { outline: 3px solid #f0a500; outline-offset: 2px; }
  @media (prefers-color-scheme: dark) {
    body { background: #10141d; color: #e8ecf4; } main { background: #1a2130; }
    .bank, .note { color: #9aa6bd; }
  }`;
