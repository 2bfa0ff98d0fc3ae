import { timingSafeEqual } from 'node:crypto';
import { UsherError } from '../domain/errors.js';
import { openMac } from './mac.js';
import type { Secrets, SymmetricKey } from './secrets.js';

/** Seconds of clock difference that a token's times forgive. */
export const tokenLeewaySeconds = 5;

export type SessionClaims = { fanId: string; epoch: number; role?: StaffRole; expiresAtMs: number };
export type StaffRole = 'box_office' | 'ops' | 'admin';
export type PassClaims = { passId: string; fanId: string; saleId: string; expiresAtMs: number };
export type ReceiptClaims = { fanId: string; saleId: string; epoch: number; score: number };

/** Signs and verifies the three HS256 tokens; each type has its own keys, so none stands in for another. */
export type Tokens = {
  signSession(claims: SessionClaims): string;
  readSession(token: string): SessionClaims;
  signPass(claims: PassClaims): string;
  readPass(token: string): PassClaims;
  signReceipt(claims: ReceiptClaims): string;
  readReceipt(token: string): ReceiptClaims;
};

type Verifier = (token: string) => Record<string, unknown>;

/** Reads fail with an UsherError: `token_*` for sessions and receipts, `pass_*` for passes. */
export function openTokens(secrets: Pick<Secrets, 'session' | 'pass' | 'receipt'>): Tokens {
  const session = tokenType(secrets.session, 'usher-session', 'token_invalid', 'token_expired');
  const pass = tokenType(secrets.pass, 'usher-pass', 'pass_invalid', 'pass_expired');
  const receipt = tokenType(secrets.receipt, 'usher-receipt', 'token_invalid', 'token_expired');
  return {
    signSession: (claims) =>
      session.sign({
        sub: claims.fanId,
        ep: claims.epoch,
        ...(claims.role ? { role: claims.role } : {}),
        exp: Math.floor(claims.expiresAtMs / 1000),
      }),
    readSession: (token) => {
      const body = session.read(token);
      return {
        fanId: String(body.sub),
        epoch: Number(body.ep),
        expiresAtMs: Number(body.exp) * 1000,
        ...(body.role ? { role: body.role as StaffRole } : {}),
      };
    },
    signPass: (claims) =>
      pass.sign({
        jti: claims.passId,
        sub: claims.fanId,
        aud: claims.saleId,
        exp: Math.floor(claims.expiresAtMs / 1000),
      }),
    readPass: (token) => {
      const body = pass.read(token);
      return {
        passId: String(body.jti),
        fanId: String(body.sub),
        saleId: String(body.aud),
        expiresAtMs: Number(body.exp) * 1000,
      };
    },
    signReceipt: (claims) =>
      receipt.sign({ sub: claims.fanId, aud: claims.saleId, ep: claims.epoch, sc: claims.score }),
    readReceipt: (token) => {
      const body = receipt.read(token);
      return {
        fanId: String(body.sub),
        saleId: String(body.aud),
        epoch: Number(body.ep),
        score: Number(body.sc),
      };
    },
  };
}

function tokenType(
  keys: SymmetricKey[],
  typ: string,
  invalid: 'token_invalid' | 'pass_invalid',
  expired: 'token_expired' | 'pass_expired',
): { sign: (payload: Record<string, unknown>) => string; read: Verifier } {
  const known = new Map(keys.map((entry) => [headerSegment(typ, entry.kid), openMac(entry.key)]));
  const [current] = known;
  if (!current) throw new Error(`the secrets hold no key for ${typ}`);
  const [head, currentMac] = current;
  const sign = (payload: Record<string, unknown>): string => {
    const signed = `${head}.${Buffer.from(JSON.stringify(payload)).toString('base64url')}`;
    return `${signed}.${currentMac(signed).toString('base64url')}`;
  };
  const read: Verifier = (token) => {
    const bodyAt = token.indexOf('.') + 1;
    const macAt = token.lastIndexOf('.') + 1;
    // The header is one of ours byte for byte, so algorithm and key are never the sender's choice.
    const macOf = known.get(token.slice(0, Math.max(0, bodyAt - 1)));
    if (!macOf || macAt <= bodyAt) {
      throw new UsherError(invalid, 'The token was not made here. Log in or join again.');
    }
    const mac = Buffer.from(token.slice(macAt), 'base64url');
    const expected = macOf(token.slice(0, macAt - 1));
    if (mac.length !== expected.length || !timingSafeEqual(mac, expected)) {
      throw new UsherError(invalid, 'The token was changed or is damaged. Log in or join again.');
    }
    const body = JSON.parse(
      Buffer.from(token.slice(bodyAt, macAt - 1), 'base64url').toString(),
    ) as Record<string, unknown>;
    if (body.exp !== undefined && Date.now() / 1000 > Number(body.exp) + tokenLeewaySeconds) {
      throw new UsherError(expired, 'The token is over. Log in or join again.');
    }
    return body;
  };
  return { sign, read };
}

function headerSegment(typ: string, kid: string): string {
  return Buffer.from(JSON.stringify({ alg: 'HS256', typ, kid })).toString('base64url');
}
