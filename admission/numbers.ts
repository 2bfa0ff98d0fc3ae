import type { Sale } from '../core/store/catalog/sales.js';
import type { RoomFigures, RoomReason, RoomState } from './answers.js';

/** The shared numbers of a room, in the contract's form. */
export type RoomNumbers = {
  sale_id: string;
  state: RoomState;
  /** How many places of the line have been served; it only grows within an epoch. */
  now_serving: number;
  waiting: number;
  /** Measured over the last minute. */
  rate_per_minute: number;
  rate_set_per_minute: number;
  /** Places a minute by which the line moves on: those let in and those who had gone. */
  line_per_minute: number;
  /** Percent of the rate at which fans are let in at present. */
  pace_percent: number;
  /** Why the line is slower than its rate or stands still. */
  reason: RoomReason | null;
  seats_left: number | null;
  /** Seats that are held and not paid yet: some of them come back. */
  seats_held: number | null;
  message: string;
  epoch: number;
  seed_hash: string;
  /** SHA-256 of the roster of those who came before the opening; null until then. */
  roster_digest: string | null;
  /** In hex, from the opening of a drawn sale on. */
  seed: string | null;
  opens_at: string;
  updated_at: string;
};

export function roomNumbers(sale: Sale, figures: RoomFigures, seed: Buffer | null): RoomNumbers {
  return {
    sale_id: sale.saleId,
    state: figures.state,
    now_serving: figures.nowServing,
    waiting: figures.waiting,
    rate_per_minute: figures.measuredPerMinute,
    rate_set_per_minute: figures.setPerMinute,
    line_per_minute: figures.movedPerMinute,
    pace_percent: figures.pacePercent,
    reason: figures.reason,
    seats_left: figures.seatsLeft,
    seats_held: figures.seatsHeld,
    message: figures.message,
    epoch: sale.epoch,
    seed_hash: sale.seedHash,
    roster_digest: sale.rosterDigest,
    seed: figures.latched && sale.lobby === 'draw' && seed ? seed.toString('hex') : null,
    opens_at: sale.opensAt.toISOString(),
    updated_at: new Date().toISOString(),
  };
}

const measuredMsMin = 5_000;

/**
 * When a fan's turn comes, as a range from the measured outflow; null while that is unknown or
 * the line stands still.
 */
export function etaSeconds(
  ahead: number | null,
  room: Pick<RoomFigures, 'state' | 'movedPerMinute' | 'measuredMs'> | undefined,
): { low: number; high: number } | null {
  if (ahead === null || room?.state !== 'open' || room.measuredMs < measuredMsMin) return null;
  if (room.movedPerMinute <= 0) return null;
  const seconds = (ahead / room.movedPerMinute) * 60;
  return { low: Math.floor(seconds * 0.8), high: Math.ceil(seconds * 1.35) + 5 };
}
