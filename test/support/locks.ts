import type { Database } from '../../core/store/database.js';
import { until } from './until.js';

/** Looks in a row that must find the statement: it is not just passing, it waits for a lock. */
const looksMin = 3;

/**
 * Waits until a statement of this database that contains a text is held up. The list of
 * transactions would say so directly, but engines don't refresh it for those who ask often.
 */
export async function untilHeldUp(
  database: Pick<Database, 'rows'>,
  text: string,
  isOver: () => boolean = () => false,
): Promise<void> {
  let looks = 0;
  await until(
    async () => {
      const rows = await database.rows(
        `SELECT id FROM information_schema.processlist
         WHERE db = DATABASE() AND command = 'Query' AND info LIKE ? AND id <> CONNECTION_ID()`,
        [`%${text}%`],
      );
      looks = rows.length > 0 ? looks + 1 : 0;
      return looks >= looksMin || isOver();
    },
    { what: `a statement with ${text} to be held up` },
  );
}
