import { randomBytes } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import { UsherError } from '../domain/errors.js';
import { openTokens } from './tokens.js';

const key = (kid: string) => ({ kid, key: randomBytes(32) });
const secrets = { session: [key('s1')], pass: [key('p1')], receipt: [key('r1')] };
const tokens = openTokens(secrets);
const hourAhead = () => Date.now() + 3_600_000;

function codeOf(read: () => unknown): string {
  try {
    read();
    return 'read';
  } catch (error) {
    if (error instanceof UsherError) return error.code;
    throw error;
  }
}

describe('tokens', () => {
  it('reads back what it signed', () => {
    const expiresAtMs = Math.floor(hourAhead() / 1000) * 1000;
    const pass = { passId: 'p', fanId: 'fan', saleId: 'premiere', expiresAtMs };
    expect(tokens.readPass(tokens.signPass(pass))).toEqual(pass);
    const receipt = { fanId: 'fan', saleId: 'premiere', epoch: 2, score: 2 ** 52 + 7 };
    expect(tokens.readReceipt(tokens.signReceipt(receipt))).toEqual(receipt);
    const session = { fanId: 'staff', epoch: 1, role: 'ops' as const, expiresAtMs };
    expect(tokens.readSession(tokens.signSession(session))).toEqual(session);
  });

  it('refuses a token of another type, even under the same key', () => {
    const shared = [key('k1')];
    const same = openTokens({ session: shared, pass: shared, receipt: shared });
    const session = same.signSession({ fanId: 'fan', epoch: 1, expiresAtMs: hourAhead() });
    expect(codeOf(() => same.readPass(session))).toBe('pass_invalid');
  });

  it('refuses a changed byte, another algorithm, an unknown key and plain rubbish', () => {
    const token = tokens.signSession({ fanId: 'fan', epoch: 1, expiresAtMs: hourAhead() });
    const [head = '', body = '', mark = ''] = token.split('.');
    const edited = Buffer.from(
      Buffer.from(body, 'base64url').toString().replace('fan', 'foe'),
    ).toString('base64url');
    const none = Buffer.from('{"alg":"none","typ":"usher-session","kid":"s1"}').toString(
      'base64url',
    );
    const other = openTokens({
      session: [key('s2')],
      pass: secrets.pass,
      receipt: secrets.receipt,
    });
    for (const bad of [`${head}.${edited}.${mark}`, `${none}.${body}.`, 'x', '', '..']) {
      expect(codeOf(() => tokens.readSession(bad))).toBe('token_invalid');
    }
    expect(codeOf(() => other.readSession(token))).toBe('token_invalid');
  });

  it('tells an expired token from a forged one, after the leeway', () => {
    const old = tokens.signPass({
      passId: 'p',
      fanId: 'f',
      saleId: 's',
      expiresAtMs: Date.now() - 9_000,
    });
    expect(codeOf(() => tokens.readPass(old))).toBe('pass_expired');
    const within = tokens.signPass({
      passId: 'p',
      fanId: 'f',
      saleId: 's',
      expiresAtMs: Date.now() - 2_000,
    });
    expect(codeOf(() => tokens.readPass(within))).toBe('read');
  });

  it('verifies with the older key of a list while the newer one signs', () => {
    const next = key('s9');
    const rotated = openTokens({ ...secrets, session: [next, ...secrets.session] });
    const before = tokens.signSession({ fanId: 'fan', epoch: 1, expiresAtMs: hourAhead() });
    expect(rotated.readSession(before).fanId).toBe('fan');
  });
});
