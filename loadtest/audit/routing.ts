// I5, and I2 for the counters of the catalog: each show is where the directory says, and open or
// closed as its sale is.
import type { Snapshot } from './connect.js';
import type { Findings } from './findings.js';
import type { GateRow, HeadRow } from './rows.js';

export type ShardOfShow = { shardId: number; where: string; heads: HeadRow[]; gates: GateRow[] };

type ShowRow = {
  show_id: number;
  sale_id: string;
  shard_id: number;
  state: string;
  seats_total: number;
  seats_free: number;
  sale_state: string;
};

const gateStates: Record<string, string> = { ACTIVE: 'OPEN', PAUSED: 'PAUSED', CLOSED: 'CLOSED' };

export async function readDirectory(
  catalog: Snapshot,
  saleId: string | undefined,
): Promise<ShowRow[]> {
  return catalog.rows<ShowRow>(
    `SELECT s.show_id, s.sale_id, s.shard_id, s.state, s.seats_total, s.seats_free,
       a.state AS sale_state
     FROM shows s JOIN sales a ON a.sale_id = s.sale_id
     WHERE (? IS NULL OR s.sale_id = ?) ORDER BY s.show_id`,
    [saleId ?? null, saleId ?? null],
  );
}

export function checkRouting(
  directory: ShowRow[],
  shards: ShardOfShow[],
  { settled, complete, moving }: { settled: boolean; complete: boolean; moving: Set<number> },
  findings: Findings,
): void {
  const add = (text: string, rows: string[], cause: string) =>
    findings.add({ rule: 'I5', where: 'the directory', text, rows, cause });
  const found = new Map<number, number[]>();
  const gates = new Map<number, GateRow>();
  for (const shard of shards) {
    for (const head of shard.heads) {
      found.set(head.show_id, [...(found.get(head.show_id) ?? []), shard.shardId]);
    }
    for (const gate of shard.gates) gates.set(gate.show_id, gate);
  }
  findings.checked('I5', directory.length);
  for (const show of directory) {
    const places = found.get(show.show_id) ?? [];
    found.delete(show.show_id);
    // A show that is planned has no rows until its shard has made them.
    if (show.state === 'PLANNED' && places.length <= 1) continue;
    // Its shards were looked at while it was between them.
    if (moving.has(show.show_id) && places.length === 0) continue;
    if (places.length !== 1 || places[0] !== show.shard_id) {
      add(
        `show ${show.show_id} belongs on shard ${show.shard_id} and is on ${places.join(' and ') || 'none'}`,
        [`shows(${show.show_id})`],
        'a move stopped halfway, or a shard address was exchanged',
      );
    }
    const gate = gates.get(show.show_id);
    const wanted = gateStates[show.sale_state];
    const foreign = gate && (gate.sale_id !== show.sale_id || (settled && gate.state !== wanted));
    if (foreign && !['MOVING', 'CANCELLED'].includes(gate.state)) {
      add(
        `the gate of show ${show.show_id} is ${gate.state} for ${gate.sale_id}, its sale ${show.sale_id} is ${show.sale_state}`,
        [`show_gate(${show.show_id})`],
        'a change of the sale stopped before it reached every gate; repeat the command',
      );
    }
  }
  if (!complete) return;
  for (const [showId, places] of found) {
    add(
      `shard ${places.join(' and ')} holds show ${showId}, which the directory does not know`,
      [`show_head(${showId})`],
      'the catalog was restored from an older copy than the shards',
    );
  }
}

/** The catalog's counters against counted rows; they follow within a moment, so only when settled. */
export function checkCounters(
  directory: ShowRow[],
  counted: Map<number, { total: number; free: number }>,
  settled: boolean,
  findings: Findings,
): void {
  for (const show of directory) {
    const seats = counted.get(show.show_id);
    if (!seats) continue;
    findings.checked('I2', 1);
    const stale = settled && seats.free !== show.seats_free;
    if (seats.total === show.seats_total && !stale) continue;
    findings.add({
      rule: 'I2',
      where: `show ${show.show_id}`,
      text: `the catalog counts ${show.seats_total} seats and ${show.seats_free} free, the rows are ${seats.total} and ${seats.free}`,
      rows: [`shows(${show.show_id})`],
      cause: 'seats were added or removed by hand, or the count is not carried to the catalog',
    });
  }
}
