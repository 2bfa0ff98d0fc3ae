import type { ShowChange } from './show-change.js';

/**
 * Issues the unused tickets of a booking anew: each gets a higher counter, so codes that were
 * printed or copied before admit nobody. Returns the new counter; undefined when none is left.
 */
export async function reissueTickets(
  { tx, head, log, outbox }: ShowChange,
  bookingId: number,
  by: string,
): Promise<number | undefined> {
  const tickets = await tx.rows<{ seat_no: number; counter: number }>(
    `SELECT seat_no, counter FROM ticket
     WHERE show_id = ? AND booking_id = ? AND state = 'VALID' ORDER BY seat_no FOR UPDATE`,
    [head.showId, bookingId],
  );
  if (tickets.length === 0) return undefined;
  const counter = 1 + Math.max(...tickets.map((ticket) => ticket.counter));
  await tx.change(
    `UPDATE ticket SET counter = ? WHERE show_id = ? AND booking_id = ? AND state = 'VALID'`,
    [counter, head.showId, bookingId],
  );
  log({ kind: 'REISSUED', subjectId: bookingId, detail: { by, counter } });
  outbox({ kind: 'ticket_mail', subjectId: bookingId, payload: { counter } });
  return counter;
}
