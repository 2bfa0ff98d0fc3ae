import type { ShowId } from '../../domain/ids.js';
import { type PriceRules, percentNow } from '../../domain/price-rules.js';
import type { Queryable, Tx } from '../database.js';
import type { ShowNews } from './show-change.js';

/** Notes what prices have become, for those of the shows whose rules have moved them. */
export async function movePrices(tx: Tx, shows: ShowNews[]): Promise<void> {
  const moved = shows.filter((show) => show.pricePercent !== undefined);
  if (moved.length === 0) return;
  await tx.change(
    `UPDATE JSON_TABLE(?, '$[*]' COLUMNS (
       show_id INT UNSIGNED PATH '$[0]', percent SMALLINT UNSIGNED PATH '$[1]',
       version INT UNSIGNED PATH '$[2]'
     )) AS k
     STRAIGHT_JOIN show_head h FORCE INDEX (PRIMARY) ON h.show_id = k.show_id
     SET h.price_percent = k.percent, h.price_version = k.version`,
    [JSON.stringify(moved.map((show) => [show.showId, show.pricePercent, show.priceVersion]))],
  );
}

type RuledShow = {
  showId: ShowId;
  priceRules: string;
  pricePercent: number;
  msToStart: number;
  free: number;
  onSale: number;
};

/**
 * Shows whose prices are no longer what their rules make of them: time has passed, or seats came
 * back. Whole-shard statement of the sweeper: it looks for shows.
 */
export async function findMovedPrices(shard: Pick<Queryable, 'rows'>): Promise<ShowId[]> {
  const rows = await shard.rows<RuledShow>(
    `SELECT h.show_id AS showId, h.price_rules AS priceRules,
       h.price_percent AS pricePercent,
       TIMESTAMPDIFF(MICROSECOND, NOW(3), h.starts_at) DIV 1000 AS msToStart,
       (SELECT COUNT(*) FROM show_seat s WHERE s.show_id = h.show_id AND s.state = 'FREE') AS free,
       (SELECT COUNT(*) FROM show_seat s WHERE s.show_id = h.show_id AND s.state <> 'BLOCKED')
         AS onSale
     FROM show_head h WHERE h.price_rules IS NOT NULL AND h.starts_at > NOW(3)`,
  );
  return rows
    .filter(({ priceRules, pricePercent, msToStart, free, onSale }) => {
      const rules = JSON.parse(priceRules) as PriceRules;
      const state = { sold: onSale - free, onSale, msToStart: Number(msToStart) };
      return percentNow(rules, state) !== pricePercent;
    })
    .map(({ showId }) => showId);
}

export type PriceState = {
  version: number;
  currency: string;
  priceRules: string | null;
  pricePercent: number;
  priceVersion: number;
};

/** What holds for all prices of a show; undefined when the shard doesn't have it. */
export async function readPriceState(
  shard: Pick<Queryable, 'rows'>,
  showId: ShowId,
): Promise<PriceState | undefined> {
  const [row] = await shard.rows<PriceState>(
    `SELECT version, currency, price_rules AS priceRules, price_percent AS pricePercent,
       price_version AS priceVersion
     FROM show_head WHERE show_id = ?`,
    [showId],
  );
  return row;
}
