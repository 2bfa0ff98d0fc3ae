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
  usedScan: string | null;
  /** CANCELLED bookings and refunds say why a ticket is void. */
  bookingState: string | null;
  refunds: number;
};

export type ScanAsk = {
  counter: number;
  gate: string;
  by: string;
  /** The scanner's own name for this scan; a repeat of it is admitted again. */
  scanId?: string | undefined;
  /** When a scanner without network admitted it, milliseconds since 1970. */
  offlineAtMs?: number | undefined;
};

/** `admitted` is true for the one scan that moved the ticket from VALID to USED, and its repeats. */
export type Scan = { admitted: boolean; ticket: ScannedTicket } | undefined;

/**
 * Admits a ticket once: VALID → USED under the show's head, with time and gate. A later scan gets
 * the first one's. Undefined when there is no such ticket; a code older than the ticket's counter
 * admits nobody.
 */
export async function admitTicket(change: ShowChange, ref: TicketRef, ask: ScanAsk): Promise<Scan> {
  const { tx, head, nowMs } = change;
  const ticket = await lockTicket(change, ref);
  if (!ticket) return undefined;
  const repeats = ask.scanId !== undefined && ticket.usedScan === ask.scanId;
  if (ticket.state === 'USED' && repeats) return { admitted: true, ticket };
  if (ticket.state !== 'VALID' || ticket.counter !== ask.counter) {
    return { admitted: false, ticket };
  }
  const usedAt = new Date(Math.min(ask.offlineAtMs ?? nowMs, nowMs));
  const { matched } = await tx.change(
    `UPDATE ticket SET state = 'USED', used_at = ?, used_gate = ?, used_scan = ?
     WHERE show_id = ? AND booking_id = ? AND seat_no = ? AND state = 'VALID'`,
    [usedAt, ask.gate, ask.scanId ?? null, head.showId, ref.no, ref.seatNo],
  );
  if (matched !== 1) throw new Error('a locked ticket left VALID');
  const detail = { by: ask.by, gate: ask.gate, seat_no: ref.seatNo };
  const offline = ask.offlineAtMs === undefined ? {} : { offline: true };
  change.log({ kind: 'USED', subjectId: ref.no, detail: { ...detail, ...offline } });
  return { admitted: true, ticket: { ...ticket, state: 'USED', usedAt, usedGate: ask.gate } };
}

/**
 * Gives the admission of a used ticket to a scan without network that was earlier, by the clock of
 * its scanner. @throws Error when it was no earlier than what the locked ticket says.
 */
export async function admitEarlier(
  { tx, head }: ShowChange,
  ref: TicketRef,
  ask: { gate: string; scanId: string; offlineAtMs: number },
): Promise<void> {
  const at = new Date(ask.offlineAtMs);
  const { matched } = await tx.change(
    `UPDATE ticket SET used_at = ?, used_gate = ?, used_scan = ?
     WHERE show_id = ? AND booking_id = ? AND seat_no = ? AND state = 'USED' AND used_at > ?`,
    [at, ask.gate, ask.scanId, head.showId, ref.no, ref.seatNo, at],
  );
  if (matched !== 1) throw new Error('a locked ticket was used earlier');
}

async function lockTicket(
  { tx, head }: ShowChange,
  ref: TicketRef,
): Promise<ScannedTicket | undefined> {
  const [ticket] = await tx.rows<ScannedTicket>(
    `SELECT s.seat, s.zone, t.counter, t.state, t.used_at AS usedAt, t.used_gate AS usedGate,
       t.used_scan AS usedScan, b.state AS bookingState,
       (SELECT COUNT(*) FROM refund r WHERE r.show_id = t.show_id
        AND r.reservation_id = t.booking_id AND r.state <> 'FAILED') AS refunds
     FROM ticket t JOIN show_seat s ON s.show_id = t.show_id AND s.seat_no = t.seat_no
     LEFT JOIN booking b ON b.show_id = t.show_id AND b.booking_id = t.booking_id
     WHERE t.show_id = ? AND t.booking_id = ? AND t.seat_no = ? FOR UPDATE`,
    [head.showId, ref.no, ref.seatNo],
  );
  return ticket;
}
