import { type MovedBooking, moveToHall, type NewHall } from './hall-move.js';
import type { ShowChange } from './show-change.js';

export type ShowMove = {
  startsAt: Date;
  /** The hall's name until now, for the fans. */
  hallBefore: string;
  /** Where the show takes place from now on; undefined: in the same hall. */
  hall?: NewHall | undefined;
  freeRefundUntil: Date;
  by: string;
};

export type Announced = { changed: boolean; told: number; moved: MovedBooking[] };

/**
 * How long the messages wait: they tell the new time and hall from the catalog, which the caller
 * changes right after this.
 */
const tellAfterMs = 5_000;

/**
 * Gives a show another time or hall under its head and its gate: seats, the end of sales, the free
 * refund and one message to the fan of every booking, in one change. Does nothing, and tells
 * nobody, when the show is so already, so that a call that was cut short may be repeated.
 */
export async function moveShow(change: ShowChange, move: ShowMove): Promise<Announced> {
  const { tx, head, nowMs } = change;
  const { startsAt, hall, by, freeRefundUntil } = move;
  const otherTime = startsAt.getTime() !== head.startsAtMs;
  const otherHall = hall !== undefined && (await differs(change, hall));
  if (!otherTime && !otherHall) return { changed: false, told: 0, moved: [] };
  await tx.rows('SELECT state FROM show_gate WHERE show_id = ? FOR UPDATE', [head.showId]);
  await tx.change('UPDATE show_gate SET closes_at = ? WHERE show_id = ?', [startsAt, head.showId]);
  const moved = otherHall ? await moveToHall(change, hall) : [];
  await tx.change('UPDATE show_head SET starts_at = ?, free_refund_until = ? WHERE show_id = ?', [
    startsAt,
    freeRefundUntil,
    head.showId,
  ]);
  const before = { starts_at: new Date(head.startsAtMs).toISOString(), hall: move.hallBefore };
  const bookings = await tx.rows<{ no: number }>(
    "SELECT booking_id AS no FROM booking WHERE show_id = ? AND state = 'CONFIRMED'",
    [head.showId],
  );
  const payload = { before, free_refund_until: freeRefundUntil.toISOString() };
  for (const { no } of bookings) {
    const notBeforeMs = nowMs + tellAfterMs;
    change.outbox({ kind: 'show_changed', subjectId: no, payload, notBeforeMs });
  }
  change.log({ kind: 'CHANGED', subjectId: 0, detail: { by, before, starts_at: startsAt } });
  head.startsAtMs = startsAt.getTime();
  return { changed: true, told: bookings.length, moved };
}

async function differs({ tx, head }: ShowChange, { seats }: NewHall): Promise<boolean> {
  const rows = await tx.rows<{ seat: string; rowNo: number; x: number; zone: string }>(
    'SELECT seat, row_no AS rowNo, x, zone FROM show_seat WHERE show_id = ?',
    [head.showId],
  );
  const text = (all: string[]) => all.sort().join('|');
  const now = rows.map((row) => [row.seat, row.rowNo, row.x].join());
  return text(now) !== text(seats.map((seat) => [seat.seat, seat.row_no, seat.x].join()));
}
