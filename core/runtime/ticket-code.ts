import { type KeyObject, sign, verify } from 'node:crypto';
import type { ShowId } from '../domain/ids.js';

/**
 * The code in a ticket's QR: `U1.<kid>.<payload>.<signature>`, both base64url. The payload is the
 * compact JSON `[show_id, ticket_id, counter]`; Ed25519 signs the text before the last dot, so a
 * scanner at the door needs public keys only and no network.
 */
export type TicketCodeParts = {
  showId: ShowId;
  /** The public id, such as `tkt_3f_1k9_c`. */
  ticketId: string;
  /** Grows whenever the ticket is issued anew, so that an older print can be told apart. */
  counter: number;
};

export type TicketCodeReading =
  | ({ ok: true; kid: string } & TicketCodeParts)
  | { ok: false; reason: 'forged' | 'malformed' | 'unknown_key' };

const textLengthMax = 300;
const shape = /^U1\.([a-z0-9]{1,8})\.([A-Za-z0-9_-]{1,160})\.([A-Za-z0-9_-]{86})$/;

/**
 * Signs a ticket's code. Throws when the parts make a code that no scanner would accept, which is
 * a fault of the caller.
 */
export function signTicketCode(
  key: { kid: string; privateKey: KeyObject },
  parts: TicketCodeParts,
): string {
  const payload = Buffer.from(JSON.stringify([parts.showId, parts.ticketId, parts.counter]));
  const signed = `U1.${key.kid}.${payload.toString('base64url')}`;
  const code = `${signed}.${sign(null, Buffer.from(signed), key.privateKey).toString('base64url')}`;
  if (!shape.test(code) || readPayload(payload.toString('base64url')) === undefined) {
    throw new Error(`ticket ${parts.ticketId} can't be written as a code`);
  }
  return code;
}

/** Reads a scanned text; it trusts nothing in it before the signature has been checked. */
export function readTicketCode(
  publicKeys: ReadonlyMap<string, KeyObject>,
  text: string,
): TicketCodeReading {
  const match = text.length > textLengthMax ? null : shape.exec(text);
  const [, kid, payload, signature] = match ?? [];
  if (kid === undefined || payload === undefined || signature === undefined) {
    return { ok: false, reason: 'malformed' };
  }
  const bytes = Buffer.from(signature, 'base64url');
  // Base64url has spare bits at its end: only one spelling of a signature counts.
  if (bytes.toString('base64url') !== signature) return { ok: false, reason: 'malformed' };
  const key = publicKeys.get(kid);
  if (key === undefined) return { ok: false, reason: 'unknown_key' };
  const signed = Buffer.from(`U1.${kid}.${payload}`);
  if (!verify(null, signed, key, bytes)) return { ok: false, reason: 'forged' };
  const parts = readPayload(payload);
  return parts === undefined ? { ok: false, reason: 'malformed' } : { ok: true, kid, ...parts };
}

function readPayload(payload: string): TicketCodeParts | undefined {
  let value: unknown;
  try {
    value = JSON.parse(Buffer.from(payload, 'base64url').toString('utf8'));
  } catch {
    return undefined;
  }
  if (!Array.isArray(value) || value.length !== 3) return undefined;
  const [showId, ticketId, counter] = value as unknown[];
  if (!isCount(showId) || !isCount(counter)) return undefined;
  if (typeof ticketId !== 'string' || !/^[a-z0-9_]{1,40}$/.test(ticketId)) return undefined;
  return { showId, ticketId, counter };
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}
