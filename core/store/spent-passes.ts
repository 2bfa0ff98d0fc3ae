import type { ShowId } from '../domain/ids.js';
import { readClaims } from './catalog/pass-claims.js';
import type { Queryable } from './database.js';
import type { Shards } from './shards.js';

type Reader = Pick<Queryable, 'rows'>;

/**
 * Whether a pass has won seats, by the shard that decides it: the catalog hears of a grant a moment
 * later. In a sale of several shows the pass's claim names the one that it may have won.
 */
export async function hasWonSeats(
  catalog: Reader,
  shards: Pick<Shards, 'forShow'>,
  { saleId, passId }: { saleId: string; passId: string },
): Promise<boolean> {
  const [claim] = await readClaims(catalog, [passId]);
  const showId = claim?.showId ?? (await onlyShow(catalog, saleId));
  if (showId === undefined) return false;
  const shard = await shards.forShow(showId);
  const won = await shard.rows('SELECT 1 FROM reservation WHERE show_id = ? AND pass_id = ?', [
    showId,
    passId,
  ]);
  return won.length > 0;
}

async function onlyShow(catalog: Reader, saleId: string): Promise<ShowId | undefined> {
  const shows = await catalog.rows<{ showId: ShowId }>(
    'SELECT show_id AS showId FROM shows WHERE sale_id = ? LIMIT 2',
    [saleId],
  );
  return shows.length === 1 ? shows[0]?.showId : undefined;
}
