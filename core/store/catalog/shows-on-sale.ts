import type { ShowId } from '../../domain/ids.js';
import type { Queryable } from '../database.js';

/** Where a show stands and to whom it belongs, for the accept path. */
export type ShowOnSale = {
  saleId: string;
  movieId: string;
  hallId: string;
  shardId: number;
  /** Other shows of the same sale. */
  sisters: number;
  saleCap: number | null;
  currency: string;
};

/** The sale of a show and how many of its seats one card may pay for. */
export async function readCardCap(
  catalog: Pick<Queryable, 'rows'>,
  showId: ShowId,
): Promise<{ saleId: string; cardCap: number | null } | undefined> {
  const [row] = await catalog.rows<{ saleId: string; cardCap: number | null }>(
    `SELECT a.sale_id AS saleId, a.card_cap AS cardCap
     FROM shows s JOIN sales a ON a.sale_id = s.sale_id WHERE s.show_id = ?`,
    [showId],
  );
  return row;
}

/** A show that fans may know of; one that is still being made is none. */
export async function readShowOnSale(
  catalog: Pick<Queryable, 'rows'>,
  showId: ShowId,
): Promise<ShowOnSale | undefined> {
  const [row] = await catalog.rows<ShowOnSale>(
    `SELECT s.sale_id AS saleId, s.movie_id AS movieId, s.hall_id AS hallId, s.shard_id AS shardId,
       (SELECT COUNT(*) FROM shows o WHERE o.sale_id = s.sale_id AND o.show_id <> s.show_id)
         AS sisters,
       a.sale_cap AS saleCap, s.currency AS currency
     FROM shows s JOIN sales a ON a.sale_id = s.sale_id
     WHERE s.show_id = ? AND s.state <> 'PLANNED'`,
    [showId],
  );
  return row;
}
