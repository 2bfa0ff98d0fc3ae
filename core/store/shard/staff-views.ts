import type { ShowId } from '../../domain/ids.js';
import type { RequestState, ReservationState, SeatState } from '../../domain/states.js';
import type { Queryable } from '../database.js';
import type { ReservedSeat } from './seats.js';

// What staff look at. All are plain reads: they wait for nobody and hold nobody up.

type Reader = Pick<Queryable, 'rows'>;

export async function countSeatStates(
  shard: Reader,
  showIds: ShowId[],
): Promise<{ showId: ShowId; state: SeatState; seats: number }[]> {
  if (showIds.length === 0) return [];
  return shard.rows(
    `SELECT show_id AS showId, state, COUNT(*) AS seats FROM show_seat
     WHERE show_id IN (?) GROUP BY show_id, state`,
    [showIds],
  );
}

export async function countOutcomes(
  shard: Reader,
  showIds: ShowId[],
): Promise<{ state: RequestState; reason: string | null; requests: number }[]> {
  if (showIds.length === 0) return [];
  return shard.rows(
    `SELECT state, reason, COUNT(*) AS requests FROM request
     WHERE show_id IN (?) GROUP BY state, reason ORDER BY state, reason`,
    [showIds],
  );
}

/** How many requests were decided how many whole milliseconds after they were accepted. */
export async function decisionTimes(
  shard: Reader,
  showIds: ShowId[],
): Promise<{ ms: number; requests: number }[]> {
  if (showIds.length === 0) return [];
  const rows = await shard.rows<{ ms: number | string; requests: number }>(
    `SELECT FLOOR(TIMESTAMPDIFF(MICROSECOND, accepted_at, decided_at) / 1000) AS ms,
       COUNT(*) AS requests
     FROM request WHERE show_id IN (?) AND state IN ('GRANTED', 'REFUSED')
     GROUP BY ms ORDER BY ms`,
    [showIds],
  );
  return rows.map(({ ms, requests }) => ({ ms: Math.max(0, Number(ms)), requests }));
}

/** Confirmed bookings of these shows: one number, in a list as `sumOver` adds them up. */
export async function countBookings(shard: Reader, showIds: ShowId[]): Promise<number[]> {
  if (showIds.length === 0) return [];
  const rows = await shard.rows<{ bookings: number }>(
    "SELECT COUNT(*) AS bookings FROM booking WHERE show_id IN (?) AND state = 'CONFIRMED'",
    [showIds],
  );
  return rows.map((row) => row.bookings);
}

/** Shows with the state of their gates, for checks before an opening. */
export async function readGates(
  shard: Reader,
  showIds: ShowId[],
): Promise<{ showId: ShowId; state: string; opensAt: Date }[]> {
  if (showIds.length === 0) return [];
  return shard.rows(
    `SELECT show_id AS showId, state, opens_at AS opensAt FROM show_gate
     WHERE show_id IN (?) ORDER BY show_id`,
    [showIds],
  );
}

/** Shows that have a seat without a price. */
export async function showsWithoutPrices(shard: Reader, showIds: ShowId[]): Promise<ShowId[]> {
  if (showIds.length === 0) return [];
  const rows = await shard.rows<{ showId: ShowId }>(
    'SELECT DISTINCT show_id AS showId FROM show_seat WHERE show_id IN (?) AND price = 0',
    [showIds],
  );
  return rows.map((row) => row.showId);
}

export type HoldRow = {
  reservationId: number;
  fanId: string;
  state: ReservationState;
  seats: ReservedSeat[];
  amount: number;
  currency: string;
  createdAt: Date;
  expiresAt: Date;
};

/** Reservations of a show that hold seats now, those that end first on top. */
export async function listActiveHolds(
  shard: Reader,
  showId: ShowId,
  rowsMax: number,
): Promise<HoldRow[]> {
  const rows = await shard.rows<Omit<HoldRow, 'seats'> & { seats: string }>(
    `SELECT reservation_id AS reservationId, fan_id AS fanId, state, seats, amount, currency,
       created_at AS createdAt, expires_at AS expiresAt
     FROM reservation WHERE show_id = ? AND state IN ('HELD', 'PAYING', 'ENDING')
     ORDER BY expires_at, reservation_id LIMIT ?`,
    [showId, rowsMax],
  );
  return rows.map((row) => ({ ...row, seats: JSON.parse(row.seats) as ReservedSeat[] }));
}

export type LogLine = { lsn: number; at: Date; kind: string; detail: unknown };

/** Everything that the log of a show says of one request and what became of it. */
export async function readLogOf(
  shard: Reader,
  showId: ShowId,
  subjectId: number,
  rowsMax: number,
): Promise<LogLine[]> {
  const rows = await shard.rows<Omit<LogLine, 'detail'> & { detail: string }>(
    `SELECT lsn, at, kind, detail FROM show_log
     WHERE show_id = ? AND subject_id = ? ORDER BY lsn LIMIT ?`,
    [showId, subjectId, rowsMax],
  );
  return rows.map((row) => ({ ...row, detail: JSON.parse(row.detail) as unknown }));
}
