import type { ShowId } from '../../domain/ids.js';
import type { TicketState } from '../../domain/states.js';
import type { Queryable } from '../database.js';
import type { ShowChange } from './show-change.js';

export type DoorTicket = {
  bookingId: number;
  seatNo: number;
  seat: string;
  zone: string;
  counter: number;
  state: TicketState;
  usedAt: Date | null;
  usedGate: string | null;
};

/** Every ticket of a show in seat order: what a door without network goes by, and the paper list. */
export async function listDoorTickets(
  shard: Pick<Queryable, 'rows'>,
  showId: ShowId,
): Promise<DoorTicket[]> {
  return shard.rows(
    `SELECT t.booking_id AS bookingId, t.seat_no AS seatNo, s.seat, s.zone, t.counter, t.state,
       t.used_at AS usedAt, t.used_gate AS usedGate
     FROM ticket t JOIN show_seat s ON s.show_id = t.show_id AND s.seat_no = t.seat_no
     WHERE t.show_id = ? ORDER BY t.seat_no, t.booking_id`,
    [showId],
  );
}

/** Two people came in by one ticket, or one by a void ticket: found when offline scans were merged. */
export type DoorConflict = {
  scan_id: string;
  seat: string;
  gate: string;
  at: string;
  by: string;
  /** Why the code would have been refused. */
  reason: string;
  first_gate: string | null;
  first_at: string | null;
};

/** Writes a conflict into the show's log, once for each scan. */
export async function logConflict(
  change: ShowChange,
  bookingId: number,
  conflict: DoorConflict,
): Promise<void> {
  const known = await listConflicts(change.tx, change.head.showId);
  if (known.some((one) => one.scan_id === conflict.scan_id)) return;
  change.log({ kind: 'CONFLICT', subjectId: bookingId, detail: conflict });
}

export async function listConflicts(
  shard: Pick<Queryable, 'rows'>,
  showId: ShowId,
): Promise<(DoorConflict & { bookingId: number })[]> {
  const rows = await shard.rows<{ subject_id: number; detail: string }>(
    `SELECT subject_id, detail FROM show_log WHERE show_id = ? AND kind = 'CONFLICT' ORDER BY lsn`,
    [showId],
  );
  return rows.map((row) => ({
    ...(JSON.parse(row.detail) as DoorConflict),
    bookingId: row.subject_id,
  }));
}
