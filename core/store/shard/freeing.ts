import type { Reservation } from './reservations.js';
import { moveReservationSeats, returnQuota } from './seats.js';
import type { ShowChange } from './show-change.js';

export type FreedSeat = { seatNo: number; seat: string };

/**
 * Frees seats of one reservation and gives their quota back: the way in which every seat that had
 * an owner becomes free outside a batch. All of them or those named. @throws Error when one wasn't
 * in the state `from` and the reservation's, so that nothing is half freed.
 */
export async function freeSeats(
  change: ShowChange,
  reservation: Pick<Reservation, 'reservationId' | 'fanId' | 'seats'>,
  { from, seatNos }: { from: 'HELD' | 'BOOKED'; seatNos?: number[] },
): Promise<FreedSeat[]> {
  const expected = seatNos?.length ?? reservation.seats.length;
  const move = { from, to: 'FREE', ...(seatNos ? { seatNos } : {}) } as const;
  const freed = await moveReservationSeats(change, reservation.reservationId, move);
  if (freed.length !== expected) {
    throw new Error(`${freed.length} of ${expected} seats were ${from}`);
  }
  await returnQuota(change, reservation.fanId, freed.length);
  return freed;
}
