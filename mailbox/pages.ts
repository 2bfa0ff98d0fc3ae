import type { MailSummary } from './store.js';

/** The list of mails, newest first. */
export function listPage(mails: MailSummary[]): string {
  const rows = mails
    .map(
      (mail) => `<li><a href="/mails/${encodeURIComponent(mail.id)}">
        <strong>${escapeHtml(mail.subject || '(no subject)')}</strong>
        <span>${escapeHtml(mail.to.join(', '))}</span>
        <time datetime="${mail.received_at}">${mail.received_at.slice(0, 19).replace('T', ' ')} UTC</time>
      </a></li>`,
    )
    .join('\n');
  const empty = '<p class="quiet">No mail yet. Book a seat, and the tickets arrive here.</p>';
  return shell(
    'Mailbox',
    `<h1>Mailbox</h1>${rows === '' ? empty : `<ul class="mails">${rows}</ul>`}`,
  );
}

/** One mail: its HTML in a frame that can run nothing, its text, its attachments. */
export function mailPage(mail: MailSummary): string {
  const base = `/mails/${encodeURIComponent(mail.id)}`;
  const files = mail.attachments
    .map(
      (file) =>
        `<li><a href="${base}/parts/${file.part}">${escapeHtml(file.filename)}</a> <span>${Math.ceil(file.bytes / 1024)} kB</span></li>`,
    )
    .join('');
  const html =
    mail.html === ''
      ? ''
      : `<iframe sandbox="allow-popups" src="${base}/html" title="The mail as its reader sees it"></iframe>`;
  return shell(
    mail.subject,
    `<p><a href="/">All mails</a></p>
    <h1>${escapeHtml(mail.subject)}</h1>
    <p class="quiet">From ${escapeHtml(mail.from)} to ${escapeHtml(mail.to.join(', '))} · ${mail.received_at}</p>
    ${files === '' ? '' : `<ul class="files">${files}</ul>`}
    ${html}
    <details${mail.html === '' ? ' open' : ''}><summary>Text</summary><pre>${escapeHtml(mail.text)}</pre></details>
    <p><a href="${base}/raw">Source (.eml)</a></p>`,
  );
}

function shell(title: string, body: string): string {
  return `<!doctype html>
<html lang="en">
<head>
  <meta charset="utf-8">
  <meta name="viewport" content="width=device-width, initial-scale=1">
  <title>${escapeHtml(title)}</title>
  <style>${style}</style>
</head>
<body><main>${body}</main></body>
</html>`;
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
  body { margin: 0; background: #efece6; color: #1c1830; }
  main { max-width: 46rem; margin: 0 auto; padding: 2rem 1rem 4rem; }
  h1 { font-size: 1.6rem; margin: .2rem 0 1rem; overflow-wrap: anywhere; }
  a { color: #a3213a; } .quiet, span, time { color: #6a647c; font-size: .9rem; }
  .mails { list-style: none; padding: 0; margin: 0; display: grid; gap: .5rem; }
  .mails a { display: grid; gap: .1rem; padding: .8rem 1rem; background: #fffdf8; border-radius: 10px;
    color: inherit; text-decoration: none; overflow-wrap: anywhere; }
  .mails a:hover, .mails a:focus-visible { outline: 2px solid #c8324a; }
  .files { padding-left: 1.1rem; } pre { white-space: pre-wrap; overflow-wrap: anywhere; }
  iframe { width: 100%; height: 75vh; border: 0; border-radius: 10px; background: #fff; }
  @media (prefers-color-scheme: dark) {
    body { background: #14111f; color: #ece8f5; } .mails a { background: #1f1a2e; }
    a { color: #f08a9b; } .quiet, span, time { color: #a39cb8; }
  }`;
