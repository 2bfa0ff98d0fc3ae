import type { Reservation } from './reservations.js';
import type { ShowChange } from './show-change.js';

/**
 * The moves of a reservation while it is being paid. Each is one guarded statement on a row that
 * the change has locked, so a move that matches nothing is a fault of the caller.
 */
type Move = {
  from: Reservation['state'];
  to: Reservation['state'];
  /** The end of the new state in milliseconds since 1970; null for states without one. */
  dueAtMs: number | null;
};

async function moveReservation(
  { tx, head }: ShowChange,
  reservation: Reservation,
  { from, to, dueAtMs }: Move,
): Promise<void> {
  const { matched } = await tx.change(
    `UPDATE reservation SET state = ?, due_at = ?
     WHERE show_id = ? AND reservation_id = ? AND state = ?`,
    [to, dueAtMs === null ? null : new Date(dueAtMs), head.showId, reservation.reservationId, from],
  );
  if (matched !== 1) throw new Error(`reservation is ${reservation.state}, not ${from}`);
  reservation.state = to;
  reservation.dueAtMs = dueAtMs;
}

/** HELD → PAYING, until `dueAtMs`. */
export async function startPaying(
  change: ShowChange,
  reservation: Reservation,
  dueAtMs: number,
): Promise<void> {
  await moveReservation(change, reservation, { from: 'HELD', to: 'PAYING', dueAtMs });
}

/** PAYING → HELD, when an attempt ended without money: the hold goes on as long as it had. */
export async function backToHold(change: ShowChange, reservation: Reservation): Promise<void> {
  const dueAtMs = reservation.expiresAtMs;
  await moveReservation(change, reservation, { from: 'PAYING', to: 'HELD', dueAtMs });
}

/** PAYING → ENDING: from here on no confirm and no extension is taken. */
export async function startEnding(change: ShowChange, reservation: Reservation): Promise<void> {
  await moveReservation(change, reservation, { from: 'PAYING', to: 'ENDING', dueAtMs: null });
}

/** Any state that late or timely money may find → BOOKED. */
export async function endBooked(change: ShowChange, reservation: Reservation): Promise<void> {
  const { tx, head, nowMs } = change;
  const { matched } = await tx.change(
    `UPDATE reservation SET state = 'BOOKED', due_at = NULL, ended_at = ?
     WHERE show_id = ? AND reservation_id = ? AND state = ? AND state <> 'BOOKED'`,
    [new Date(nowMs), head.showId, reservation.reservationId, reservation.state],
  );
  if (matched !== 1) throw new Error('a reservation is booked once');
  reservation.state = 'BOOKED';
  reservation.dueAtMs = null;
}

/** How much time a hold gets, once, when the payment provider could not be asked. */
export const outageGraceMs = 120_000;

/**
 * Gives a HELD reservation its one extension for a provider that failed, at most to the start of
 * the show. Does nothing the second time.
 */
export async function giveGrace(change: ShowChange, reservation: Reservation): Promise<void> {
  const { tx, head, nowMs } = change;
  if (reservation.graceAtMs !== null) return;
  const untilMs = Math.min(
    Math.max(reservation.expiresAtMs, nowMs + outageGraceMs),
    head.startsAtMs,
  );
  if (untilMs <= reservation.expiresAtMs) return;
  const until = new Date(untilMs);
  const { matched } = await tx.change(
    `UPDATE reservation SET expires_at = ?, due_at = ?, grace_at = ?
     WHERE show_id = ? AND reservation_id = ? AND state = 'HELD' AND grace_at IS NULL`,
    [until, until, new Date(nowMs), head.showId, reservation.reservationId],
  );
  if (matched !== 1) throw new Error('a locked hold got its extension elsewhere');
  reservation.expiresAtMs = untilMs;
  reservation.dueAtMs = untilMs;
  reservation.graceAtMs = nowMs;
  const detail = { expires_at_ms: untilMs, reason: 'outage' };
  change.log({ kind: 'EXTENDED', subjectId: reservation.reservationId, detail });
}

/** Gives a hold more time; false when it was no longer HELD. */
export async function extendHold(
  { tx, head }: ShowChange,
  reservationId: number,
  expiresAtMs: number,
): Promise<boolean> {
  const until = new Date(expiresAtMs);
  const { matched } = await tx.change(
    `UPDATE reservation SET expires_at = ?, due_at = ?
     WHERE show_id = ? AND reservation_id = ? AND state = 'HELD' AND expires_at <= ?`,
    [until, until, head.showId, reservationId, until],
  );
  return matched === 1;
}
