import type { ShowId } from '../../domain/ids.js';
import type { ReservationState } from '../../domain/states.js';
import type { Queryable } from '../database.js';
import { freeSeats } from './freeing.js';
import type { ReservedSeat } from './seats.js';
import type { ShowChange } from './show-change.js';
import { requeue } from './waitlist.js';

export type Reservation = {
  showId: ShowId;
  reservationId: number;
  fanId: string;
  passId: string;
  state: ReservationState;
  seats: ReservedSeat[];
  adjacent: boolean;
  amount: number;
  /** The part of the amount that is booking fee. */
  fee: number;
  /** What a code took off the prices, and its name. */
  discount: number;
  discountCode: string | null;
  /** The tax in the amount, hundredths of a percent. */
  taxRateBp: number;
  currency: string;
  createdAtMs: number;
  expiresAtMs: number;
  limitAtMs: number;
  dueAtMs: number | null;
  /** It was made for a fan of the waitlist. */
  offered: boolean;
  /** When the hold got the one extension for a payment provider that failed. */
  graceAtMs: number | null;
};

type Row = {
  reservation_id: number;
  fan_id: string;
  pass_id: string;
  state: ReservationState;
  seats: string;
  adjacent: number;
  amount: number;
  fee: number;
  discount: number;
  discount_code: string | null;
  tax_rate_bp: number;
  currency: string;
  created_at: Date;
  expires_at: Date;
  limit_at: Date;
  due_at: Date | null;
  offered: number;
  grace_at: Date | null;
};

const columns = `reservation_id, fan_id, pass_id, state, seats, adjacent, amount, fee, discount,
  discount_code, tax_rate_bp, currency, created_at, expires_at, limit_at, due_at, offered, grace_at`;

export async function readReservation(
  shard: Pick<Queryable, 'rows'>,
  showId: ShowId,
  reservationId: number,
): Promise<Reservation | undefined> {
  const [row] = await shard.rows<Row>(
    `SELECT ${columns} FROM reservation WHERE show_id = ? AND reservation_id = ?`,
    [showId, reservationId],
  );
  return row && fromRow(showId, row);
}

/** Which of these reservations still wait to be paid, and whose they are. */
export async function listPayable(
  shard: Pick<Queryable, 'rows'>,
  showId: ShowId,
  reservationIds: number[],
): Promise<{ reservationId: number; fanId: string }[]> {
  if (reservationIds.length === 0) return [];
  return shard.rows(
    `SELECT reservation_id AS reservationId, fan_id AS fanId FROM reservation
     WHERE show_id = ? AND reservation_id IN (?) AND state IN ('HELD', 'PAYING')`,
    [showId, reservationIds],
  );
}

/** Locks one reservation after its head; undefined when there is none. */
export async function lockReservation(
  { tx, head }: ShowChange,
  reservationId: number,
): Promise<Reservation | undefined> {
  const [row] = await tx.rows<Row>(
    `SELECT ${columns} FROM reservation WHERE show_id = ? AND reservation_id = ? FOR UPDATE`,
    [head.showId, reservationId],
  );
  return row && fromRow(head.showId, row);
}

/**
 * Ends a hold that has no open payment attempt: its seats are free and its quota is returned in
 * the same transaction. False when it was no longer in one of the `from` states.
 */
export async function endHold(
  change: ShowChange,
  reservation: Reservation,
  from: 'HELD' | 'ENDING',
  to: 'EXPIRED' | 'RELEASED',
): Promise<boolean> {
  const { tx, head, nowMs } = change;
  const { matched } = await tx.change(
    `UPDATE reservation SET state = ?, due_at = NULL, ended_at = ?
     WHERE show_id = ? AND reservation_id = ? AND state = ?`,
    [to, new Date(nowMs), head.showId, reservation.reservationId, from],
  );
  if (matched === 0) return false;
  const freed = await freeSeats(change, reservation, { from: 'HELD' });
  if (reservation.offered) await requeue(change, reservation.fanId, reservation.seats.length);
  change.log({
    kind: to,
    subjectId: reservation.reservationId,
    detail: { seats: freed.map((row) => row.seatNo) },
  });
  return true;
}

/** Gives a locked hold time beyond its limit, which moves along. */
export async function lengthenHold(
  { tx, head }: ShowChange,
  reservationId: number,
  expiresAtMs: number,
): Promise<void> {
  const until = new Date(expiresAtMs);
  const { matched } = await tx.change(
    `UPDATE reservation SET expires_at = ?, due_at = ?, limit_at = GREATEST(limit_at, ?)
     WHERE show_id = ? AND reservation_id = ? AND state = 'HELD'`,
    [until, until, until, head.showId, reservationId],
  );
  if (matched !== 1) throw new Error('a locked hold has changed');
}

function fromRow(showId: ShowId, row: Row): Reservation {
  return {
    showId,
    reservationId: row.reservation_id,
    fanId: row.fan_id,
    passId: row.pass_id,
    state: row.state,
    seats: JSON.parse(row.seats) as ReservedSeat[],
    adjacent: row.adjacent === 1,
    amount: row.amount,
    fee: row.fee,
    discount: row.discount,
    discountCode: row.discount_code,
    taxRateBp: row.tax_rate_bp,
    currency: row.currency,
    createdAtMs: row.created_at.getTime(),
    expiresAtMs: row.expires_at.getTime(),
    limitAtMs: row.limit_at.getTime(),
    dueAtMs: row.due_at?.getTime() ?? null,
    offered: row.offered === 1,
    graceAtMs: row.grace_at?.getTime() ?? null,
  };
}
