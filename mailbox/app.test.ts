import { spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { openMailer } from '../core/notify/mailer.js';
import { type Mailbox, startMailbox } from './app.js';

describe('the mailbox', () => {
  let folder = '';
  let mailbox: Mailbox;
  const start = async (): Promise<void> => {
    mailbox = await startMailbox({ smtpPort: 0, httpPort: 0, dataPath: folder });
  };
  const get = (path: string): Promise<Response> =>
    fetch(`http://127.0.0.1:${mailbox.httpPort}${path}`);
  const send = async (to: string, html: string): Promise<void> => {
    const mailer = openMailer({
      urls: [`smtp://127.0.0.1:${mailbox.smtpPort}`],
      from: 'Usher <tickets@usher.example>',
    });
    const attachments = [
      { filename: 'a.png', contentType: 'image/png', content: Buffer.from([1]), cid: 'a@b' },
      { filename: 'a.html', contentType: 'text/html', content: Buffer.from('<script>') },
    ];
    const mail = { subject: `for ${to}`, text: 'text', html, attachments, to, key: to };
    expect(await mailer.send(mail)).toMatchObject({ kind: 'sent' });
    mailer.close();
  };

  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'usher-mailbox-'));
    await start();
  });
  afterEach(async () => {
    await mailbox.close();
    rmSync(folder, { recursive: true, force: true });
  });

  it('keeps mails over a restart, newest first, each as a file', async () => {
    await send('one@example.com', '<p>1</p>');
    await send('two@example.com', '<p>2</p>');
    await mailbox.close();
    await start();
    await send('three@example.com', '<p>3</p>');
    expect(mailbox.store.list({ limit: 10 }).map((mail) => mail.to[0])).toEqual([
      'three@example.com',
      'two@example.com',
      'one@example.com',
    ]);
    expect(readdirSync(folder).filter((name) => name.endsWith('.eml'))).toHaveLength(3);
    const page = await (await get('/')).text();
    expect(page.indexOf('for three@')).toBeLessThan(page.indexOf('for one@'));
  });

  it('shows a mail with its pictures, and lets nothing in it run', async () => {
    await send('a@example.com', '<img src="cid:a@b"><script>alert(1)</script>');
    const [mail] = mailbox.store.list({ limit: 1 });
    const base = `/mails/${mail?.id ?? ''}`;
    expect(await (await get(base)).text()).toContain('sandbox="allow-popups"');
    const html = await get(`${base}/html`);
    expect(html.headers.get('content-security-policy')).toContain("default-src 'none'");
    const image = /src="([^"]+)"/.exec(await html.text())?.[1] ?? '';
    expect((await get(image)).headers.get('content-type')).toBe('image/png');
    const files = (mail?.attachments ?? []).filter((one) => one.filename === 'a.html');
    const file = await get(`${base}/parts/${files[0]?.part ?? 99}`);
    expect(file.headers.get('content-type')).toBe('application/octet-stream');
    expect(file.headers.get('content-disposition')).toContain('attachment');
    expect(await (await get(`${base}/raw`)).text()).toContain('Delivered-To: a@example.com');
  });

  it('answers what is not there with 404, also outside its folder', async () => {
    for (const path of ['/x', '/mails/none', '/mails/..%2f..%2fetc%2fpasswd/raw']) {
      expect((await get(path)).status).toBe(404);
    }
  });

  it('ends cleanly on SIGTERM as a program of its own', async () => {
    const main = join(import.meta.dirname, '../dist/mailbox/main.js');
    const child = spawn(process.execPath, [main], {
      env: {
        MAILBOX_SMTP_PORT: '0',
        MAILBOX_HTTP_PORT: '0',
        MAILBOX_DATA: folder,
      },
    });
    const line = await new Promise<string>((resolve, reject) => {
      child.stdout.once('data', (chunk: Buffer) => resolve(chunk.toString()));
      child.once('exit', () => reject(new Error('the mailbox ended; was the project built?')));
    });
    expect(JSON.parse(line)).toMatchObject({ msg: 'listening' });
    const ended = new Promise((resolve) => child.once('exit', resolve));
    child.kill('SIGTERM');
    expect(await ended).toBe(0);
  });
});
