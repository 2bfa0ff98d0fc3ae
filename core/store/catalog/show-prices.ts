import type { ShowId } from '../../domain/ids.js';
import type { Database, Queryable } from '../database.js';
import { writeAudit } from './audit.js';

/** Integer minor units by zone. */
export type ZonePrices = Record<string, number>;

/** The prices of a show as staff set them; undefined when there is no such show. */
export async function readPrices(
  catalog: Pick<Queryable, 'rows'>,
  showId: ShowId,
  lock: '' | 'FOR UPDATE' = '',
): Promise<ZonePrices | undefined> {
  const [row] = await catalog.rows<{ prices: string }>(
    `SELECT prices FROM shows WHERE show_id = ? AND state <> 'PLANNED' ${lock}`,
    [showId],
  );
  return row && (JSON.parse(row.prices) as ZonePrices);
}

/** Sets prices of zones and writes who did it; the show is then carried to its shard. */
export async function changePrices(
  catalog: Database,
  { showId, prices, actor }: { showId: ShowId; prices: ZonePrices; actor: string },
): Promise<void> {
  await catalog.transaction(async (tx) => {
    const before = (await readPrices(tx, showId, 'FOR UPDATE')) ?? {};
    const after = { ...before, ...prices };
    await tx.change(
      `UPDATE shows SET prices = ?, price_from = ?, version = version + 1 WHERE show_id = ?`,
      [JSON.stringify(after), Math.min(...Object.values(after)), showId],
    );
    await writeAudit(tx, {
      ...{ actor, action: 'show.price', subject: String(showId) },
      ...{ before: { prices: before }, after: { prices: after } },
    });
  });
}
