import { generateKeyPairSync, sign } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import { readTicketCode, signTicketCode } from './ticket-code.js';

const pair = generateKeyPairSync('ed25519');
const other = generateKeyPairSync('ed25519');
const key = { kid: 'k1', privateKey: pair.privateKey };
const keys = new Map([['k1', pair.publicKey]]);
const parts = { showId: 123, ticketId: 'tkt_3f_1k9_c', counter: 1 };

describe('the signed code of a ticket', () => {
  it('comes back as it was signed', () => {
    const code = signTicketCode(key, parts);
    expect(code).toMatch(/^U1\.k1\.[\w-]+\.[\w-]{86}$/);
    expect(readTicketCode(keys, code)).toEqual({ ok: true, kid: 'k1', ...parts });
  });

  it('is forged when signed by someone else or when any part was changed', () => {
    const stranger = signTicketCode({ kid: 'k1', privateKey: other.privateKey }, parts);
    expect(readTicketCode(keys, stranger)).toEqual({ ok: false, reason: 'forged' });
    const [version, kid, , signature] = signTicketCode(key, parts).split('.');
    const payload = Buffer.from('[123,"tkt_3f_1k9_d",1]').toString('base64url');
    const changed = [version, kid, payload, signature].join('.');
    expect(readTicketCode(keys, changed)).toEqual({ ok: false, reason: 'forged' });
  });

  it('needs a key that the scanner knows', () => {
    const code = signTicketCode({ kid: 'k2', privateKey: pair.privateKey }, parts);
    expect(readTicketCode(keys, code)).toEqual({ ok: false, reason: 'unknown_key' });
    const moved = signTicketCode(key, parts).replace('U1.k1.', 'U1.k2.');
    const both = new Map([...keys, ['k2', other.publicKey] as const]);
    expect(readTicketCode(both, moved)).toEqual({ ok: false, reason: 'forged' });
  });

  it.each([
    ['nothing', ''],
    ['another text', 'https://example.com/ticket'],
    ['another version', signTicketCode(key, parts).replace('U1.', 'U2.')],
    ['an oversized text', `U1.k1.${'A'.repeat(100_000)}.${'A'.repeat(86)}`],
    ['something behind it', `${signTicketCode(key, parts)}\n`],
    ['a cut signature', signTicketCode(key, parts).slice(0, -1)],
  ])('is malformed: %s', (_what, text) => {
    expect(readTicketCode(keys, text)).toEqual({ ok: false, reason: 'malformed' });
  });

  it('has one spelling only', () => {
    const code = signTicketCode(key, parts);
    const letters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
    const last = letters.indexOf(code.at(-1) ?? '');
    const twin = code.slice(0, -1) + letters.charAt(last ^ 1);
    expect(readTicketCode(keys, twin)).toEqual({ ok: false, reason: 'malformed' });
  });

  it.each(['[1,"t"]', '{"a":1}', '[1.5,"t",1]', '["1","t",1]', '[1,"T T",1]', 'x'])(
    'is malformed when a true signature covers %s',
    (content) => {
      const signed = `U1.k1.${Buffer.from(content).toString('base64url')}`;
      const signature = sign(null, Buffer.from(signed), pair.privateKey).toString('base64url');
      expect(readTicketCode(keys, `${signed}.${signature}`)).toEqual({
        ok: false,
        reason: 'malformed',
      });
    },
  );

  it('refuses to sign what no scanner would accept', () => {
    expect(() => signTicketCode(key, { ...parts, ticketId: 'x'.repeat(200) })).toThrow("can't");
    expect(() => signTicketCode(key, { ...parts, counter: -1 })).toThrow("can't");
  });
});
