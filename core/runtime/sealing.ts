import { createCipheriv, createDecipheriv, createHmac, randomBytes } from 'node:crypto';
import type { Secrets, SymmetricKey } from './secrets.js';

const nonceBytes = 12;
const tagBytes = 16;

/**
 * AES-256-GCM with a fresh 96-bit nonce; stored as key-id length, key id, nonce, tag, ciphertext.
 * `place` is the associated data (table, column, row), so that a value moved to another row
 * doesn't open there.
 */
export function seal(key: SymmetricKey, plain: Buffer, place: string): Buffer {
  const nonce = randomBytes(nonceBytes);
  const cipher = createCipheriv('aes-256-gcm', key.key, nonce);
  cipher.setAAD(Buffer.from(`${place}|${key.kid}`));
  const body = Buffer.concat([cipher.update(plain), cipher.final()]);
  const id = Buffer.from(key.kid);
  return Buffer.concat([Buffer.from([id.length]), id, nonce, cipher.getAuthTag(), body]);
}

/**
 * Opens what `seal` made.
 * @throws Error when the key is unknown, the place differs or a byte was changed.
 */
export function unseal(keys: SymmetricKey[], sealed: Buffer, place: string): Buffer {
  const idEnd = 1 + (sealed[0] ?? 0);
  const kid = sealed.subarray(1, idEnd).toString();
  const key = keys.find((entry) => entry.kid === kid);
  if (!key) throw new Error(`no key ${JSON.stringify(kid)} to open ${place.split('|')[0]}`);
  const nonce = sealed.subarray(idEnd, idEnd + nonceBytes);
  const tag = sealed.subarray(idEnd + nonceBytes, idEnd + nonceBytes + tagBytes);
  const decipher = createDecipheriv('aes-256-gcm', key.key, nonce, { authTagLength: tagBytes });
  decipher.setAAD(Buffer.from(`${place}|${key.kid}`));
  decipher.setAuthTag(tag);
  return Buffer.concat([
    decipher.update(sealed.subarray(idEnd + nonceBytes + tagBytes)),
    decipher.final(),
  ]);
}

/** The one data key of a person, wrapped by the key-encryption key; destroying it erases them. */
export function newPersonKey(
  secrets: Secrets,
  fanId: string,
): { wrapped: Buffer; key: SymmetricKey } {
  const key = { kid: 'p', key: randomBytes(32) };
  const [wrapping] = secrets.data;
  if (!wrapping) throw new Error('the secrets hold no data key');
  return { wrapped: seal(wrapping, key.key, `fans|data_key|${fanId}`), key };
}

export function openPersonKey(secrets: Secrets, fanId: string, wrapped: Buffer): SymmetricKey {
  return { kid: 'p', key: unseal(secrets.data, wrapped, `fans|data_key|${fanId}`) };
}

/** A keyed hash by which equal values are found without being readable. */
export function blindIndex(secrets: Secrets, column: 'email' | 'phone', value: string): Buffer {
  return createHmac('sha256', secrets.index).update(`${column}|${value}`).digest();
}

/** Mail addresses compare without case and outer space; phones by their digits. */
export function normaliseEmail(email: string): string {
  return email.trim().toLowerCase();
}

export function normalisePhone(phone: string): string {
  return phone.replace(/[^+0-9]/g, '');
}
