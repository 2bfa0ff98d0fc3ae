import { hash } from 'node:crypto';

const blockBytes = 64;
const digestBytes = 32;

/**
 * HMAC-SHA-256 (RFC 2104) as two one-shot hashes. Node's own makes an object for every call, and
 * collecting those was a fifteenth of the api's time in a rush; see docs/decisions/0005.
 */
export function openMac(key: Buffer): (text: string) => Buffer {
  const inner = paddedKey(key, 0x36);
  const outer = Buffer.concat([paddedKey(key, 0x5c), Buffer.alloc(digestBytes)]);
  return (text) => {
    const message = Buffer.allocUnsafe(blockBytes + Buffer.byteLength(text));
    inner.copy(message);
    message.write(text, blockBytes);
    hash('sha256', message, 'buffer').copy(outer, blockBytes);
    return hash('sha256', outer, 'buffer');
  };
}

function paddedKey(key: Buffer, pad: number): Buffer {
  const short = key.length > blockBytes ? hash('sha256', key, 'buffer') : key;
  const padded = Buffer.alloc(blockBytes, pad);
  for (const [at, byte] of short.entries()) padded[at] = byte ^ pad;
  return padded;
}
