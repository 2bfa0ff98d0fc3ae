import { hash, verify } from '@node-rs/argon2';
import { randomId } from './random-id.js';

/** Argon2id with 19 MiB and two passes: about 20 ms of one core. */
const cost = { memoryCost: 19_456, timeCost: 2, parallelism: 1 };

export const passwordCharsMin = 8;
export const passwordCharsMax = 200;

/** A salted hash that names its own parameters. */
export function hashPassword(password: string): Promise<string> {
  return hash(password, cost);
}

// Made once at the start: the first unknown name must not take longer than the next.
const nobodysHash = hashPassword(randomId(24));

/**
 * Whether the password belongs to the hash. Without a hash it takes as long and says no, so that
 * nobody learns from the time whether there is such an account.
 */
export async function checkPassword(
  storedHash: string | null | undefined,
  password: string,
): Promise<boolean> {
  const matches = await verify(storedHash ?? (await nobodysHash), password);
  return matches && typeof storedHash === 'string';
}
