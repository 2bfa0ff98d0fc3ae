import { mkdtempSync, rmSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { SMTPServer } from 'smtp-server';
import { type Mailbox, startMailbox } from '../../mailbox/app.js';
import { type Mailer, openMailer } from './mailer.js';
import { fillTemplate } from './template.js';
import type { TicketBooking } from './ticket.js';
import { renderTicketMail } from './ticket-mail.js';
import { moneyText, showTime } from './wording.js';

const booking: TicketBooking = {
  bookingId: 'bkg_3f_1k9',
  fanName: 'Zoë <b>प्रिया</b> {{amount}}',
  movieTitle: 'Tom & Jerry: अंधेरा',
  cinema: 'Raj Mandir',
  hall: 'Audi 1',
  startsAt: new Date('2026-12-04T20:30:00.000Z'),
  timeZone: 'Asia/Kolkata',
  locale: 'en',
  seats: ['J-12', 'J-13'].map((seat, no) => ({
    seat,
    price: 24_000,
    ticketId: `tkt_3f_1k9_${no}`,
    qrCode: `U1.k1.W10.${'A'.repeat(86)}`,
  })),
  amount: 48_000,
  currency: 'INR',
};
const from = 'Usher <tickets@usher.example>';
const to = 'fan@example.com';

describe('ticket mail', () => {
  let folder = '';
  let mailbox: Mailbox;
  let mailers: Mailer[] = [];
  const open = (urls: string[]): Mailer => {
    const mailer = openMailer({ urls, from, timeoutMs: 2_000 });
    mailers.push(mailer);
    return mailer;
  };

  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'usher-mail-'));
    mailbox = await startMailbox({ smtpPort: 0, httpPort: 0, dataPath: folder });
  });
  afterEach(async () => {
    for (const mailer of mailers) mailer.close();
    mailers = [];
    await mailbox.close();
    rmSync(folder, { recursive: true, force: true });
  });
  const mailboxUrl = (): string => `smtp://127.0.0.1:${mailbox.smtpPort}`;

  it('arrives with text, page, codes and the PDF, whatever the names contain', async () => {
    const content = await renderTicketMail(booking, 'http://localhost:3000/bookings');
    const outcome = await open([mailboxUrl()]).send({ ...content, to, key: 'bkg_3f_1k9-tickets' });
    expect(outcome).toEqual({
      kind: 'sent',
      messageId: '<bkg_3f_1k9-tickets@usher.example>',
      server: 0,
    });
    const answer = await fetch(`http://127.0.0.1:${mailbox.httpPort}/api/mails?to=FAN@example.com`);
    const { results } = (await answer.json()) as { results: ReturnType<Mailbox['store']['list']> };
    expect(results).toHaveLength(1);
    const [mail] = results;
    expect(mail).toMatchObject({
      to: [to],
      from,
      message_id: '<bkg_3f_1k9-tickets@usher.example>',
      subject: 'Your tickets: Tom & Jerry: अंधेरा, Saturday, 5 December 2026, 02:00',
    });
    expect(mail?.text).toContain('Hello Zoë <b>प्रिया</b>');
    expect(mail?.text).toContain('Paid: ₹480.00');
    expect(mail?.html).toContain('Zoë &lt;b&gt;प्रिया&lt;/b&gt;');
    expect(mail?.html).toContain('cid:seat-2@tickets.usher');
    expect(mail?.attachments.map((one) => [one.filename, one.inline])).toEqual(
      expect.arrayContaining([
        ['tickets-bkg_3f_1k9.pdf', false],
        ['seat-1.png', true],
        ['seat-2.png', true],
      ]),
    );
    const parts = await mailbox.store.parts(mail?.id ?? '');
    const pdf = parts.find((part) => part.type === 'application/pdf');
    expect(pdf?.content).toEqual(content.attachments[0]?.content);
  });

  it('goes to the next server when the first is away', async () => {
    const gone = createServer();
    await new Promise<void>((resolve) => gone.listen(0, '127.0.0.1', resolve));
    const { port } = gone.address() as AddressInfo;
    await new Promise((resolve) => gone.close(resolve));
    const content = { subject: 'x', text: 'x', html: '<p>x</p>', attachments: [], to, key: 'k' };
    const outcome = await open([`smtp://127.0.0.1:${port}`, mailboxUrl()]).send(content);
    expect(outcome).toMatchObject({ kind: 'sent', server: 1 });
    const none = await open([`smtp://127.0.0.1:${port}`]).send(content);
    expect(none).toEqual({ kind: 'failed', reason: 'ESOCKET' });
  });

  it('tells an address that is refused for good from a server that is busy', async () => {
    const content = { subject: 'x', text: 'x', html: '<p>x</p>', attachments: [], to, key: 'k' };
    for (const [responseCode, expected] of [
      [550, { kind: 'refused', reason: 'smtp_550' }],
      [451, { kind: 'failed', reason: 'smtp_451' }],
    ] as const) {
      const server = new SMTPServer({
        authOptional: true,
        disabledCommands: ['STARTTLS'],
        onRcptTo: (_address, _session, done) =>
          done(Object.assign(new Error('no'), { responseCode })),
      });
      await new Promise<void>((resolve) => {
        server.listen(0, '127.0.0.1', resolve);
      });
      const { port } = server.server.address() as AddressInfo;
      const outcome = await open([`smtp://127.0.0.1:${port}`]).send(content);
      expect(outcome).toEqual(expected);
      expect(JSON.stringify(outcome)).not.toContain(to);
      for (const mailer of mailers) mailer.close();
      await new Promise<void>((resolve) => server.close(resolve));
    }
  });

  it('never sends a mail with a hole in it', () => {
    expect(() => fillTemplate('en/tickets.txt', { toName: 'x' })).toThrow('has no');
  });

  it('needs at least one server', () => {
    expect(() => openMailer({ urls: [], from })).toThrow('SMTP');
  });
});

describe('wording', () => {
  it("shows a time on the cinema's clock, across the day's border and in summer time", () => {
    expect(showTime(new Date('2026-12-04T20:30:00Z'), 'Asia/Kolkata')).toMatchObject({
      day: 'Saturday, 5 December 2026',
      time: '02:00',
    });
    expect(showTime(new Date('2026-07-01T18:00:00Z'), 'Europe/London').time).toBe('19:00');
  });

  it('shows money by the decimals of its currency', () => {
    expect(moneyText(1_234_500, 'INR')).toBe('₹12,345.00');
    expect(moneyText(1_500, 'JPY')).toBe('JP¥1,500');
    expect(moneyText(0, 'INR')).toBe('₹0.00');
  });
});
