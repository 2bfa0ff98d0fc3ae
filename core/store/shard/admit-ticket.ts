import type { TicketRef } from '../../domain/ids.js';
import type { TicketState } from '../../domain/states.js';
import type { ShowChange } from './show-change.js';

export type ScannedTicket = {
  seat: string;
  zone: string;
  counter: number;
  state: TicketState;
  usedAt: Date | null;
  usedGate: string | null;
};

/** `admitted` is true for the one scan that moved the ticket from VALID to USED. */
export type Scan = { admitted: boolean; ticket: ScannedTicket } | undefined;

/**
 * Admits a ticket once: VALID → USED under the show's head, with time and gate. A later scan gets
 * the first one's. Undefined when there is no such ticket; a code older than the ticket's counter
 * admits nobody.
 */
export async function admitTicket(
  change: ShowChange,
  ref: TicketRef,
  { counter, gate, by }: { counter: number; gate: string; by: string },
): Promise<Scan> {
  const { tx, head, nowMs } = change;
  const [ticket] = await tx.rows<ScannedTicket>(
    `SELECT s.seat, s.zone, t.counter, t.state, t.used_at AS usedAt, t.used_gate AS usedGate
     FROM ticket t JOIN show_seat s ON s.show_id = t.show_id AND s.seat_no = t.seat_no
     WHERE t.show_id = ? AND t.booking_id = ? AND t.seat_no = ? FOR UPDATE`,
    [head.showId, ref.no, ref.seatNo],
  );
  if (!ticket) return undefined;
  if (ticket.state !== 'VALID' || ticket.counter !== counter) return { admitted: false, ticket };
  const usedAt = new Date(nowMs);
  const { matched } = await tx.change(
    `UPDATE ticket SET state = 'USED', used_at = ?, used_gate = ?
     WHERE show_id = ? AND booking_id = ? AND seat_no = ? AND state = 'VALID'`,
    [usedAt, gate, head.showId, ref.no, ref.seatNo],
  );
  if (matched !== 1) throw new Error('a locked ticket left VALID');
  change.log({ kind: 'USED', subjectId: ref.no, detail: { by, gate, seat_no: ref.seatNo } });
  return { admitted: true, ticket: { ...ticket, state: 'USED', usedAt, usedGate: gate } };
}
