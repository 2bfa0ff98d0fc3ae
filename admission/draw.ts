import { createHmac } from 'node:crypto';
import { unseal } from '../core/runtime/sealing.js';
import type { Secrets } from '../core/runtime/secrets.js';
import type { Sale } from '../core/store/catalog/sales.js';

/**
 * The score of a lobby member in a drawn sale: the first 52 bits of HMAC-SHA256(seed, fan id).
 * Anyone who has the seed can compute it again.
 */
export function drawScore(seed: Buffer, fanId: string): number {
  return Number(createHmac('sha256', seed).update(fanId).digest().readBigUInt64BE() >> 12n);
}

const opened = new WeakMap<Buffer, Buffer>();

/** The seed of a sale, which lies sealed in the catalog; opened once for each reading of a sale. */
export function openSeed(
  secrets: Pick<Secrets, 'data'>,
  sale: Pick<Sale, 'saleId' | 'seedSealed'>,
): Buffer {
  const known = opened.get(sale.seedSealed);
  if (known) return known;
  const seed = unseal(secrets.data, sale.seedSealed, `sales|seed|${sale.saleId}`);
  opened.set(sale.seedSealed, seed);
  return seed;
}
