import type { UsherError } from '../core/domain/errors.js';
import { RedisAway } from '../core/redis/scripts.js';
import type { Tokens } from '../core/runtime/tokens.js';
import { type PassRow, readLastPass } from '../core/store/catalog/admission.js';
import type { Sale } from '../core/store/catalog/sales.js';
import type { Database } from '../core/store/database.js';
import { away } from './refusals.js';
import { type Place, passPlace, readReceipt } from './telling.js';

type Inside = {
  catalog: Database;
  tokens: Pick<Tokens, 'signPass' | 'signReceipt' | 'readReceipt'>;
};
type Ask = { saleId: string; fanId: string; receipt?: string };

/**
 * While Redis is away nobody is let in, but whoever has a pass by SQL's word gets it.
 * @throws the error itself when Redis isn't the reason, `unavailable` when there is no pass.
 */
export async function passWithoutRedis(
  { catalog }: Inside,
  ask: Ask,
  error: unknown,
): Promise<PassRow> {
  if (!(error instanceof RedisAway)) throw error;
  const pass = await readLastPass(catalog, ask);
  if (pass?.live) return pass;
  throw away();
}

/**
 * A place of a finished sale whose room is thrown away: it is over for everybody who had one.
 * @throws `refusal` for somebody without a pass and without a receipt, `not_acceptable`.
 */
export async function finishedPlace(
  { catalog, tokens }: Inside,
  sale: Sale,
  { ask, refusal }: { ask: Ask; refusal: UsherError },
): Promise<Place> {
  const pass = await readLastPass(catalog, ask);
  if (pass) return passPlace(tokens, ask, pass);
  if (readReceipt(tokens, sale, ask) === null) throw refusal;
  return { sale_id: sale.saleId, state: 'done', place: null, ahead: null, eta_seconds: null };
}
