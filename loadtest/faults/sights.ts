// The *sometimes* gates of a whole run: what must have been seen at least once, or the run proves
// little, however well every cell held.
import type { Connection, RowDataPacket } from 'mysql2/promise';
import type { CallEntry } from '../crowd/client-log.js';
import type { Cell, FaultRun } from './cell.js';

export const sights = {
  deadlock: 'a deadlock with a victim, whose transaction was repeated',
  unknown: 'an answer of the database that was lost after its statement took effect',
  takeover: 'requests decided while one of the processors slept',
  repeated: 'an event of the provider that came again',
  expiry: 'a hold that the sweep ended',
  offer: 'an offer to somebody on the waitlist',
  together: 'two faults of one plan that met fans at the same time',
} as const;
export type Sight = keyof typeof sights;

/** What this cell let us see; the rows are those of its own sale. */
export async function look(cell: Cell, run: FaultRun, during: CallEntry[]): Promise<Sight[]> {
  const { notes, saleId, world } = run;
  const granted = during.some((call) => call.op === 'reserve' && call.status === 200);
  const seen: Sight[] = [];
  if (/deaf.*mysql|mysql.*deaf/.test(cell.name) && notes.get('touched')) seen.push('unknown');
  if (cell.name === 'processor-paused' && notes.get('paused') && granted) seen.push('takeover');
  if ((notes.get('taken') ?? 0) > 1) seen.push('repeated');
  if ((notes.get('bit') ?? 0) > 1) seen.push('together');
  for (const shard of world.usher.shards) {
    if (await deadlocks(shard)) seen.push('deadlock');
    if (await some(shard, expiries, saleId)) seen.push('expiry');
    if (await some(shard, offers, saleId)) seen.push('offer');
  }
  return [...new Set(seen)];
}

type RunKind = {
  /** Cells that were asked for by name. */
  names: string[];
  long: boolean;
  randomPlans: number;
};

/**
 * What a run had to see and none of its results has seen. Cells asked for by name show what they
 * show; a run of plans must have had faults together; any other run must have met all the rest.
 */
export function unseen(results: { saw: Sight[] }[], kind: RunKind): Sight[] {
  const seen = new Set(results.flatMap((result) => result.saw));
  const isWhole = kind.names.length === 0 && (kind.long || kind.randomPlans === 0);
  return (Object.keys(sights) as Sight[]).filter((sight) => {
    const wanted = sight === 'together' ? kind.randomPlans > 0 : isWhole;
    return wanted && !seen.has(sight);
  });
}

const expiries = `SELECT 1 FROM show_log l JOIN show_gate g ON g.show_id = l.show_id
  WHERE g.sale_id = ? AND l.kind = 'EXPIRED' LIMIT 1`;
const offers = `SELECT 1 FROM reservation r JOIN show_gate g ON g.show_id = r.show_id
  WHERE g.sale_id = ? AND r.offered = 1 LIMIT 1`;

async function some(shard: Connection, sql: string, saleId: string): Promise<boolean> {
  const [rows] = await shard.query<RowDataPacket[]>(sql, [saleId]);
  return rows.length > 0;
}

/** MariaDB counts them in its status, MySQL in a table. */
async function deadlocks(shard: Connection): Promise<boolean> {
  const [[status]] = await shard.query<RowDataPacket[]>(
    "SHOW GLOBAL STATUS LIKE 'Innodb_deadlocks'",
  );
  if (status) return Number(status.Value) > 0;
  const [[metric]] = await shard.query<RowDataPacket[]>(
    "SELECT COUNT FROM information_schema.INNODB_METRICS WHERE NAME = 'lock_deadlocks'",
  );
  return Number(metric?.COUNT ?? 0) > 0;
}
