import type { ShowId } from '../../domain/ids.js';
import type { Database } from '../database.js';

/** Takes a cancelled show off every list. Repeating it does no harm. */
export async function endCatalogShow(catalog: Database, showId: ShowId): Promise<void> {
  await catalog.transaction((tx) =>
    tx.change(
      `UPDATE shows SET state = 'CANCELLED', version = version + 1
       WHERE show_id = ? AND state <> 'CANCELLED'`,
      [showId],
    ),
  );
}
