import type { ShowId } from '../../domain/ids.js';
import type { GateState } from '../../domain/states.js';
import type { Database } from '../database.js';

/**
 * Brings the gates of shows to a state and an opening. Contract: the gates are locked FOR UPDATE
 * in ascending order, so this waits for every accept that is in flight and no later one reads the
 * old gate; when it returns, the change holds. Gates of moving and cancelled shows stay as they
 * are. Returns the number of gates brought in line.
 */
export async function changeGates(
  shard: Database,
  showIds: ShowId[],
  to: { state: GateState; opensAt: Date },
): Promise<number> {
  if (showIds.length === 0) return 0;
  return shard.transaction(async (tx) => {
    await tx.rows(
      'SELECT show_id FROM show_gate WHERE show_id IN (?) ORDER BY show_id FOR UPDATE',
      [showIds],
    );
    const { matched } = await tx.change(
      `UPDATE show_gate SET state = ?, opens_at = ?
       WHERE show_id IN (?) AND state IN ('OPEN', 'PAUSED', 'CLOSED')`,
      [to.state, to.opensAt, showIds],
    );
    return matched;
  });
}

/** Reads the gate of a show; undefined for a show that isn't on this shard. */
export async function readGate(
  shard: Pick<Database, 'rows'>,
  showId: ShowId,
): Promise<
  | { saleId: string; state: GateState; opensAtMs: number; closesAtMs: number; nowMs: number }
  | undefined
> {
  const [row] = await shard.rows<{
    sale_id: string;
    state: GateState;
    opens_at: Date;
    closes_at: Date;
    now: Date;
  }>('SELECT sale_id, state, opens_at, closes_at, NOW(3) AS now FROM show_gate WHERE show_id = ?', [
    showId,
  ]);
  return (
    row && {
      saleId: row.sale_id,
      state: row.state,
      opensAtMs: row.opens_at.getTime(),
      closesAtMs: row.closes_at.getTime(),
      nowMs: row.now.getTime(),
    }
  );
}

/** The sales of shows; shows that aren't on this shard are left out. */
export async function readSaleIds(
  shard: Pick<Database, 'rows'>,
  showIds: ShowId[],
): Promise<Map<ShowId, string>> {
  const rows = await shard.rows<{ showId: ShowId; saleId: string }>(
    'SELECT show_id AS showId, sale_id AS saleId FROM show_gate WHERE show_id IN (?)',
    [showIds],
  );
  return new Map(rows.map(({ showId, saleId }) => [showId, saleId]));
}
