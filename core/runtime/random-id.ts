import { randomInt } from 'node:crypto';

const letters = '0123456789abcdefghijklmnopqrstuvwxyz';

/** Unguessable text of small letters and digits; 12 of them hold 62 bits. */
export function randomId(chars: number): string {
  return Array.from({ length: chars }, () => letters[randomInt(letters.length)]).join('');
}
