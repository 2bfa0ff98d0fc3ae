import type { ShowId } from '../../domain/ids.js';
import { type Entry, lapsesMax, type Want } from '../../domain/waitlist.js';
import type { Queryable, SqlValue, Tx } from '../database.js';
import type { Head, ShowChange } from './show-change.js';

export type WaitlistState = 'WAITING' | 'OFFERED' | 'SERVED' | 'LEFT';

/** A fan's row in the line: `quantity` seats are still waited for, `offered` are out in offers. */
export type WaitlistEntry = Entry & { state: WaitlistState; offered: number; lapses: number };

type Row = {
  fan_id: string;
  place: number;
  state: WaitlistState;
  quantity: number;
  offered: number;
  lapses: number;
  zone: string | null;
  step_free: number;
  accept_fewer: number;
  joined_at: Date;
};

const columns = `fan_id, place, state, quantity, offered, lapses, zone, step_free, accept_fewer,
  joined_at`;

export async function readEntry(
  shard: Pick<Queryable, 'rows'>,
  showId: ShowId,
  fanId: string,
): Promise<WaitlistEntry | undefined> {
  const [row] = await shard.rows<Row>(
    `SELECT ${columns} FROM waitlist WHERE show_id = ? AND fan_id = ?`,
    [showId, fanId],
  );
  return row && fromRow(row);
}

/** The line of a show for staff: those who wait by place, then those with an offer. */
export async function listLine(
  shard: Pick<Queryable, 'rows'>,
  showId: ShowId,
  rowsMax: number,
): Promise<WaitlistEntry[]> {
  const rows = await shard.rows<Row>(
    `SELECT ${columns} FROM waitlist WHERE show_id = ? AND state IN ('WAITING', 'OFFERED')
     ORDER BY state DESC, place LIMIT ?`,
    [showId, rowsMax],
  );
  return rows.map(fromRow);
}

/** Locks a fan's entry, last of all locks; undefined when the fan was never in this line. */
export async function lockEntry(
  { tx, head }: Pick<ShowChange, 'tx' | 'head'>,
  fanId: string,
): Promise<WaitlistEntry | undefined> {
  const [row] = await tx.rows<Row>(
    `SELECT ${columns} FROM waitlist WHERE show_id = ? AND fan_id = ? FOR UPDATE`,
    [head.showId, fanId],
  );
  return row && fromRow(row);
}

/** Locks the next waiting entries after a place that so many free seats could serve. */
export async function lockWaiting(
  tx: Tx,
  showId: ShowId,
  { afterPlace, free, rowsMax }: { afterPlace: number; free: number; rowsMax: number },
): Promise<Entry[]> {
  const rows = await tx.rows<Row>(
    `SELECT ${columns} FROM waitlist
     WHERE show_id = ? AND state = 'WAITING' AND place > ? AND (quantity <= ? OR accept_fewer = 1)
     ORDER BY place LIMIT ? FOR UPDATE`,
    [showId, afterPlace, free, rowsMax],
  );
  return rows.map(fromRow);
}

export type Joiner = { head: Head; fanId: string; want: Want };

/**
 * Puts fans at the end of their shows' lines, in this order, whatever the number of shows with
 * three statements. Returns each one's position, counted from 1; null for a fan who is in line
 * already and keeps the place and the wish of the first time.
 */
export async function joinLines(tx: Tx, joiners: Joiner[], now: Date): Promise<(number | null)[]> {
  const known = await tx.rows<{ showId: number; fanId: string }>(
    `SELECT w.show_id AS showId, w.fan_id AS fanId
     FROM JSON_TABLE(?, '$[*]' COLUMNS (
       show_id INT UNSIGNED PATH '$[0]', fan_id CHAR(12) CHARACTER SET ascii PATH '$[1]'
     )) AS k
     STRAIGHT_JOIN (
       SELECT show_id, fan_id FROM waitlist FORCE INDEX (PRIMARY)
       WHERE state IN ('WAITING', 'OFFERED') FOR UPDATE
     ) AS w ON w.show_id = k.show_id AND w.fan_id = k.fan_id`,
    [JSON.stringify(joiners.map(({ head, fanId }) => [head.showId, fanId]))],
  );
  const inLine = new Set(known.map(({ showId, fanId }) => `${showId}|${fanId}`));
  const rows: SqlValue[][] = [];
  const positions = joiners.map(({ head, fanId, want }) => {
    const key = `${head.showId}|${fanId}`;
    if (inLine.has(key)) return null;
    inLine.add(key);
    head.lineEnd += 1;
    head.waiting += 1;
    const { quantity, zone, accessible, acceptFewer } = want;
    const wanted = [quantity, zone, accessible ? 1 : 0, acceptFewer ? 1 : 0];
    rows.push([head.showId, fanId, head.lineEnd, 'WAITING', ...wanted, now]);
    return head.waiting;
  });
  if (rows.length === 0) return positions;
  await tx.change(
    `INSERT INTO waitlist
       (show_id, fan_id, place, state, quantity, zone, step_free, accept_fewer, joined_at) VALUES ?
     ON DUPLICATE KEY UPDATE place = VALUES(place), state = VALUES(state),
       quantity = VALUES(quantity), lapses = 0, zone = VALUES(zone),
       step_free = VALUES(step_free), accept_fewer = VALUES(accept_fewer),
       joined_at = VALUES(joined_at)`,
    [rows],
  );
  await saveLines(tx, [...new Set(joiners.map(({ head }) => head))]);
  return positions;
}

/** Writes how many wait and where each line ends. */
export async function saveLines(tx: Tx, heads: Head[]): Promise<void> {
  await tx.change(
    `UPDATE JSON_TABLE(?, '$[*]' COLUMNS (
       show_id INT UNSIGNED PATH '$[0]', waiting INT UNSIGNED PATH '$[1]',
       line_end BIGINT UNSIGNED PATH '$[2]'
     )) AS k
     STRAIGHT_JOIN show_head h FORCE INDEX (PRIMARY) ON h.show_id = k.show_id
     SET h.waiting = k.waiting, h.line_end = k.line_end`,
    [JSON.stringify(heads.map((head) => [head.showId, head.waiting, head.lineEnd]))],
  );
}

type EntryMove = Pick<
  WaitlistEntry,
  'state' | 'place' | 'quantity' | 'offered' | 'lapses' | 'acceptFewer'
>;

/** Writes a locked entry as it is now, and keeps the head's count of those who wait. */
export async function moveEntry(
  { tx, head }: Pick<ShowChange, 'tx' | 'head'>,
  entry: WaitlistEntry,
  to: EntryMove,
): Promise<void> {
  const { matched } = await tx.change(
    `UPDATE waitlist SET state = ?, place = ?, quantity = ?, offered = ?, lapses = ?,
       accept_fewer = ?
     WHERE show_id = ? AND fan_id = ? AND state = ? AND place = ? AND offered = ?`,
    [
      ...[to.state, to.place, to.quantity, to.offered, to.lapses, to.acceptFewer ? 1 : 0],
      ...[head.showId, entry.fanId, entry.state, entry.place, entry.offered],
    ],
  );
  if (matched !== 1) throw new Error('a locked entry of the waitlist has changed');
  head.waiting += Number(to.state === 'WAITING') - Number(entry.state === 'WAITING');
  await saveLines(tx, [head]);
  Object.assign(entry, to);
}

/**
 * An offer lapsed or was declined: its fan goes to the end of the line, and leaves it after the
 * last time that is borne. What the change frees is not for this fan.
 */
export async function requeue(change: ShowChange, fanId: string, seats: number): Promise<void> {
  const { head } = change;
  change.passedOver.add(fanId);
  const entry = await lockEntry(change, fanId);
  if (!entry) return;
  const offered = entry.offered - seats;
  if (entry.state === 'SERVED' || entry.state === 'LEFT') {
    return moveEntry(change, entry, { ...entry, offered });
  }
  const lapses = entry.lapses + 1;
  if (lapses >= lapsesMax) {
    return moveEntry(change, entry, { ...entry, state: 'LEFT', quantity: 0, offered, lapses });
  }
  head.lineEnd += 1;
  const quantity = entry.quantity + seats;
  const place = head.lineEnd;
  await moveEntry(change, entry, { ...entry, state: 'WAITING', place, quantity, offered, lapses });
}

/**
 * A fan of the line has bought seats of this show: by an open offer, or in another way (also by
 * money that came after the offer), which counts against what the fan still waits for. So nobody
 * is served twice.
 */
export async function serve(
  change: ShowChange,
  { fanId, seats, byOpenOffer }: { fanId: string; seats: number; byOpenOffer: boolean },
): Promise<void> {
  if (change.head.lineEnd === 0) return;
  const entry = await lockEntry(change, fanId);
  if (!entry) return;
  const offered = byOpenOffer ? entry.offered - seats : entry.offered;
  const quantity = byOpenOffer ? entry.quantity : Math.max(0, entry.quantity - seats);
  const state = entry.state === 'LEFT' ? 'LEFT' : stateOf(quantity, offered);
  // Who waits for fewer by now may fit what is free.
  if (quantity < entry.quantity) change.askLine();
  await moveEntry(change, entry, { ...entry, state, quantity, offered, lapses: 0 });
}

function stateOf(quantity: number, offered: number): WaitlistState {
  if (quantity > 0) return 'WAITING';
  return offered > 0 ? 'OFFERED' : 'SERVED';
}

function fromRow(row: Row): WaitlistEntry {
  return {
    fanId: row.fan_id,
    place: Number(row.place),
    state: row.state,
    quantity: row.quantity,
    offered: row.offered,
    lapses: row.lapses,
    zone: row.zone,
    accessible: row.step_free === 1,
    acceptFewer: row.accept_fewer === 1,
    joinedAtMs: row.joined_at.getTime(),
  };
}
