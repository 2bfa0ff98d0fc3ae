import { describe, expect, it } from '@jest/globals';
import { decodeWords, headerOf, parseMail, textOf } from './mime.js';

const lines = (...rows: string[]): Buffer => Buffer.from(rows.join('\r\n'), 'utf8');

describe('the reader of mails', () => {
  it('reads nested parts, encodings and names', () => {
    const mail = parseMail(
      lines(
        'Subject: =?utf-8?B?4KSF4KSC4KSn4KWH4KSw4KS+?= =?utf-8?Q?_A=26B?=',
        'Content-Type: multipart/mixed;',
        ' boundary="a;b"',
        '',
        'preamble',
        '--a;b',
        'Content-Type: multipart/alternative; boundary=inner',
        '',
        '--inner',
        'Content-Type: text/plain; charset=utf-8',
        'Content-Transfer-Encoding: quoted-printable',
        '',
        'Zo=C3=AB wro=',
        'te',
        '--inner',
        'Content-Type: text/html; charset=iso-8859-1',
        'Content-Transfer-Encoding: base64',
        '',
        Buffer.from('<p>Zoë</p>', 'latin1').toString('base64'),
        '--inner--',
        '--a;b',
        'Content-Type: image/png',
        "Content-Disposition: attachment; filename*0*=utf-8''S%C3%A9at; filename*1*=%201.png",
        'Content-ID: <x@y>',
        'Content-Transfer-Encoding: base64',
        '',
        'AAEC/w==',
        '--a;b--',
        'after',
      ),
    );
    expect(headerOf(mail.headers, 'subject')).toBe('अंधेरा A&B');
    expect(textOf(mail, 'text/plain')).toBe('Zoë wrote');
    expect(textOf(mail, 'text/html')).toBe('<p>Zoë</p>');
    expect(mail.parts[2]).toMatchObject({ filename: 'Séat 1.png', cid: 'x@y', attached: true });
    expect(mail.parts[2]?.content).toEqual(Buffer.from([0, 1, 2, 255]));
  });

  it('reads a mail without parts, and one in raw UTF-8', () => {
    const mail = parseMail(lines('Subject: Zoë', '', 'Zoë'));
    expect(headerOf(mail.headers, 'subject')).toBe('Zoë');
    expect(textOf(mail, 'text/plain')).toBe('Zoë');
  });

  it.each([
    ['nothing', ''],
    ['no body', 'Subject: x'],
    ['no headers', '\r\nbody'],
    ['an open boundary', 'Content-Type: multipart/mixed; boundary=x\r\n\r\n--x\r\n\r\na'],
    ['an unknown charset', 'Content-Type: text/plain; charset=klingon\r\n\r\na'],
    [
      'a part in itself',
      `Content-Type: multipart/mixed; boundary=x\r\n\r\n${'--x\r\n'.repeat(999)}`,
    ],
  ])('survives %s', (_what, raw) => {
    expect(() => parseMail(Buffer.from(raw))).not.toThrow();
  });

  it('leaves words alone that are not encoded', () => {
    expect(decodeWords('a =?b c')).toBe('a =?b c');
  });
});
