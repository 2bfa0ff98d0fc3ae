import type { Queryable } from '../database.js';

/**
 * Sales whose rooms nobody needs any more: all shows were over so many days ago, and the roster is
 * whole in SQL. One whose roster was lost goes later. Those of the last hour are told once more,
 * since a process with old settings may have built a room meanwhile.
 */
export async function listFinishedRooms(
  db: Queryable,
  bounds: { daysKept: number; daysKeptUnproven: number; rosterPage: number; salesMax: number },
): Promise<string[]> {
  const { daysKept, daysKeptUnproven, rosterPage, salesMax } = bounds;
  const rows = await db.rows<{ saleId: string }>(
    `SELECT sale_id AS saleId FROM sales s
     WHERE standing = 0 AND opens_at < NOW(3) - INTERVAL ? DAY
       AND (room_pruned_at IS NULL OR room_pruned_at > NOW(3) - INTERVAL 1 HOUR)
       AND (state = 'CLOSED' OR EXISTS (SELECT 1 FROM shows w WHERE w.sale_id = s.sale_id))
       AND NOT EXISTS (SELECT 1 FROM shows w WHERE w.sale_id = s.sale_id
                       AND w.starts_at > NOW(3) - INTERVAL ? DAY)
       AND (opens_at < NOW(3) - INTERVAL ? DAY OR roster_digest IS NOT NULL
            AND (SELECT COUNT(*) FROM sale_roster r WHERE r.sale_id = s.sale_id)
              >= CEIL(roster_count / ?))
     ORDER BY room_pruned_at, sale_id LIMIT ?`,
    [daysKept, daysKept, daysKeptUnproven, rosterPage, salesMax],
  );
  return rows.map((row) => row.saleId);
}

/** Notes that a room is thrown away, before it is. */
export async function markPruned(db: Queryable, saleId: string): Promise<void> {
  await db.change(
    'UPDATE sales SET room_pruned_at = NOW(3) WHERE sale_id = ? AND room_pruned_at IS NULL',
    [saleId],
  );
}

/** A sale that goes on gets a room again, which receipts put in its old order. */
export async function unmarkPruned(db: Queryable, saleId: string): Promise<void> {
  await db.change('UPDATE sales SET room_pruned_at = NULL WHERE sale_id = ?', [saleId]);
}
