import type { ShowId } from '../../domain/ids.js';
import type { ReservationState } from '../../domain/states.js';
import type { Queryable } from '../database.js';
import type { ReservedSeat } from './seats.js';

export type FanReservation = {
  showId: ShowId;
  reservationId: number;
  state: ReservationState;
  seats: ReservedSeat[];
  amount: number;
  currency: string;
  createdAt: Date;
};

/** What a fan reserved in some shows: one key look-up for each, then the shows that were found. */
export async function listFanReservations(
  shard: Pick<Queryable, 'rows'>,
  fanId: string,
  showIds: ShowId[],
): Promise<FanReservation[]> {
  if (showIds.length === 0) return [];
  const known = await shard.rows<{ showId: ShowId }>(
    'SELECT show_id AS showId FROM quota WHERE show_id IN (?) AND fan_id = ?',
    [showIds, fanId],
  );
  if (known.length === 0) return [];
  const rows = await shard.rows<Omit<FanReservation, 'seats'> & { seats: string }>(
    `SELECT show_id AS showId, reservation_id AS reservationId, state, seats, amount, currency,
       created_at AS createdAt
     FROM reservation WHERE show_id IN (?) AND fan_id = ? ORDER BY created_at DESC`,
    [known.map((row) => row.showId), fanId],
  );
  return rows.map((row) => ({ ...row, seats: JSON.parse(row.seats) as ReservedSeat[] }));
}

/** By which clock a fan's tickets of a show may be given back. */
export async function readCancelMoment(
  shard: Pick<Queryable, 'rows'>,
  showId: ShowId,
): Promise<{ nowMs: number; startsAtMs: number; freeUntilMs: number | null } | undefined> {
  const [row] = await shard.rows<{ now: Date; startsAt: Date; freeUntil: Date | null }>(
    `SELECT NOW(3) AS now, starts_at AS startsAt, free_refund_until AS freeUntil
     FROM show_head WHERE show_id = ?`,
    [showId],
  );
  return (
    row && {
      nowMs: row.now.getTime(),
      startsAtMs: row.startsAt.getTime(),
      freeUntilMs: row.freeUntil?.getTime() ?? null,
    }
  );
}
