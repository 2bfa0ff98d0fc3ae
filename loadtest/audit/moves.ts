// Shows on their way between two shards: their rows lie twice for a while, and that is no fault as
// long as the catalog explains it.
import type { Snapshot } from './connect.js';
import type { Findings } from './findings.js';

/** Steps that ended this long ago may still show on the shards, whose snapshots are older. */
const recentSeconds = 15;

const tables = ['show_gate', 'show_seat', 'request', 'reservation', 'quota', 'booking', 'ticket'];

export type Motion = {
  /** Shows whose rows may lie on two shards now. */
  shows: Set<number>;
  underWay: { showId: number; state: string }[];
};

export async function readMotion(catalog: Snapshot): Promise<Motion> {
  const rows = await catalog.rows<{ showId: number; state: string }>(
    `SELECT show_id AS showId, state FROM show_moves
     WHERE state <> 'DONE' OR changed_at > NOW(3) - INTERVAL ? SECOND`,
    [recentSeconds],
  );
  const underWay = rows.filter(({ state }) => state !== 'PLANNED' && state !== 'DONE');
  return { shows: new Set(rows.map((row) => row.showId)), underWay };
}

/** Once settled no show is between two shards. */
export function checkMotion({ underWay }: Motion, settled: boolean, findings: Findings): void {
  findings.checked('I5', underWay.length);
  if (!settled) return;
  for (const { showId, state } of underWay) {
    findings.add({
      rule: 'I5',
      where: 'the directory',
      text: `the move of show ${showId} stands at ${state}`,
      rows: [`show_moves(${showId})`],
      cause: 'no processor runs to end it, or one of its shards is away',
    });
  }
}

/** Rows whose show has no head on their shard belong to nobody. */
export async function checkLeftRows(
  shard: Snapshot,
  { where, heads, motion }: { where: string; heads: Set<number>; motion: Motion },
  findings: Findings,
): Promise<void> {
  for (const table of tables) {
    const rows = await shard.rows<{ showId: number }>(
      `SELECT DISTINCT show_id AS showId FROM ${table}`,
    );
    for (const { showId } of rows) {
      if (heads.has(showId) || motion.shows.has(showId)) continue;
      findings.add({
        rule: 'I5',
        where,
        text: `${table} has rows of show ${showId}, which has no head here`,
        rows: [`${table}(${showId})`],
        cause: 'a move stopped halfway and its record is gone',
      });
    }
  }
}
