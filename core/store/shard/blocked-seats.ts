import { UsherError } from '../../domain/errors.js';
import type { ShowId } from '../../domain/ids.js';
import type { Seat } from '../../domain/seat-map.js';
import type { SeatState } from '../../domain/states.js';
import type { Queryable } from '../database.js';
import type { ShowChange } from './show-change.js';

/** Seats that one log entry names, so that its text fits the column. */
const seatsPerEntry = 120;

export type BlockedSeat = { seatNo: number; seat: string };

/** Why seats are kept from sale, and by whom; a hold may end by itself. */
export type Keeping = {
  /** A block waits to be released with a tranche; a hold is for staff to end, or ends in time. */
  kind: 'block' | 'hold';
  reason: string;
  by: string;
  /** Milliseconds since 1970; null: until staff unblock them. */
  untilMs: number | null;
};

export type KeptSeat = {
  seat: string;
  zone: string;
  kind: Keeping['kind'] | null;
  reason: string | null;
  author: string | null;
  keptAt: Date | null;
  untilAt: Date | null;
};

/**
 * Puts blocked seats on sale, in seat order: those of a zone, or any, at most `seatsMax`. Seats on
 * hold stay. Their rows are locked after the head; who did it stands in the log. With a
 * `releaseId` it is done once, however often it is asked.
 */
export async function releaseBlockedSeats(
  change: ShowChange,
  {
    zone,
    seatsMax,
    by,
    releaseId,
  }: { zone?: string | undefined; seatsMax: number; by: string; releaseId?: number | undefined },
): Promise<{ seats: BlockedSeat[]; before: number }> {
  const { tx, head, nowMs } = change;
  const before = releaseId === undefined ? undefined : await releasedBefore(change, releaseId);
  if (before !== undefined) return { seats: [], before };
  const seats = await tx.rows<BlockedSeat>(
    `SELECT s.seat_no AS seatNo, s.seat AS seat FROM show_seat s
     LEFT JOIN kept_seat k ON k.show_id = s.show_id AND k.seat_no = s.seat_no AND k.kind = 'hold'
     WHERE s.show_id = ? AND s.state = 'BLOCKED' AND k.seat_no IS NULL
       AND (? IS NULL OR s.zone = ?)
     ORDER BY s.seat_no LIMIT ? FOR UPDATE`,
    [head.showId, zone ?? null, zone ?? null, seatsMax],
  );
  await freeBlocked(change, seats, by);
  if (releaseId !== undefined) {
    await tx.change(
      'INSERT INTO tranche (show_id, release_id, seats, released_at) VALUES (?, ?, ?, ?)',
      [head.showId, releaseId, seats.length, new Date(nowMs)],
    );
  }
  return { seats, before: 0 };
}

async function releasedBefore(
  { tx, head }: ShowChange,
  releaseId: number,
): Promise<number | undefined> {
  const [row] = await tx.rows<{ seats: number }>(
    'SELECT seats FROM tranche WHERE show_id = ? AND release_id = ? FOR UPDATE',
    [head.showId, releaseId],
  );
  return row?.seats;
}

/**
 * Keeps free seats from sale, or changes why and until when they are kept.
 * @throws UsherError `unknown_seat`, or `conflict` with the seats that somebody has.
 */
export async function blockSeats(
  change: ShowChange,
  names: string[],
  { kind, reason, by, untilMs }: Keeping,
): Promise<BlockedSeat[]> {
  const { tx, head, nowMs } = change;
  const seats = await lockSeats(change, names, ['FREE', 'BLOCKED']);
  const free = seats.filter((seat) => seat.state === 'FREE');
  if (free.length > 0) {
    const { matched } = await tx.change(
      `UPDATE show_seat SET state = 'BLOCKED'
       WHERE show_id = ? AND seat_no IN (?) AND state = 'FREE'`,
      [head.showId, free.map((seat) => seat.seatNo)],
    );
    if (matched !== free.length) throw new Error('a locked seat left FREE');
    change.seats(free.map(({ seatNo, seat }) => ({ seatNo, seat, state: 'BLOCKED' })));
    logSeats(change, 'BLOCKED', free, { by });
  }
  const until = untilMs === null ? null : new Date(untilMs);
  await tx.change(
    `INSERT INTO kept_seat (show_id, seat_no, kind, reason, author, kept_at, until_at) VALUES ?
     ON DUPLICATE KEY UPDATE kind = VALUES(kind), reason = VALUES(reason),
       author = VALUES(author), kept_at = VALUES(kept_at), until_at = VALUES(until_at)`,
    [seats.map(({ seatNo }) => [head.showId, seatNo, kind, reason, by, new Date(nowMs), until])],
  );
  return seats;
}

/** Puts kept seats on sale, or before those who wait. @throws UsherError as `blockSeats`. */
export async function unblockSeats(
  change: ShowChange,
  names: string[],
  by: string,
): Promise<BlockedSeat[]> {
  const seats = await lockSeats(change, names, ['BLOCKED']);
  await freeBlocked(change, seats, by);
  return seats;
}

/** Ends the holds on seats whose time is over. */
export async function endSeatHolds(change: ShowChange): Promise<BlockedSeat[]> {
  const { tx, head, nowMs } = change;
  const seats = await tx.rows<BlockedSeat>(
    `SELECT s.seat_no AS seatNo, s.seat AS seat FROM kept_seat k
     JOIN show_seat s ON s.show_id = k.show_id AND s.seat_no = k.seat_no
     WHERE k.show_id = ? AND k.until_at <= ? AND s.state = 'BLOCKED'
     ORDER BY s.seat_no FOR UPDATE`,
    [head.showId, new Date(nowMs)],
  );
  await freeBlocked(change, seats, 'its end');
  await tx.change('DELETE FROM kept_seat WHERE show_id = ? AND until_at <= ?', [
    head.showId,
    new Date(nowMs),
  ]);
  return seats;
}

/**
 * Shows that have kept seats whose time is over. Whole-shard statement of the processor: it names
 * no show because it looks for shows.
 */
export async function findEndedSeatHolds(
  shard: Pick<Queryable, 'rows'>,
  showsMax: number,
): Promise<ShowId[]> {
  const rows = await shard.rows<{ showId: ShowId }>(
    'SELECT DISTINCT show_id AS showId FROM kept_seat WHERE until_at <= NOW(3) LIMIT ?',
    [showsMax],
  );
  return rows.map((row) => row.showId);
}

/** Seats that are kept from sale, with who keeps them and why, as far as that was said. */
export async function listKeptSeats(
  shard: Pick<Queryable, 'rows'>,
  showId: ShowId,
): Promise<KeptSeat[]> {
  return shard.rows(
    `SELECT s.seat AS seat, s.zone AS zone, k.kind AS kind, k.reason AS reason,
       k.author AS author, k.kept_at AS keptAt, k.until_at AS untilAt
     FROM show_seat s
     LEFT JOIN kept_seat k ON k.show_id = s.show_id AND k.seat_no = s.seat_no
     WHERE s.show_id = ? AND s.state = 'BLOCKED' ORDER BY s.seat_no`,
    [showId],
  );
}

/** Locks seats by their names. @throws UsherError for unknown ones and for those in other states. */
export async function lockSeats(
  { tx, head }: ShowChange,
  names: string[],
  states: SeatState[],
): Promise<Seat[]> {
  const seats = await tx.rows<Seat>(
    `SELECT seat_no AS seatNo, seat, row_no AS rowNo, x, zone, kind, price, state FROM show_seat
     WHERE show_id = ? AND seat IN (?) ORDER BY seat_no FOR UPDATE`,
    [head.showId, names],
  );
  const known = new Set(seats.map((seat) => seat.seat));
  const unknown = names.filter((name) => !known.has(name));
  if (unknown.length > 0) {
    throw new UsherError('unknown_seat', `This show has no seat ${unknown.join(', ')}.`, {
      extra: { seats: unknown },
    });
  }
  const others = seats.filter((seat) => !states.includes(seat.state));
  if (others.length > 0) {
    const told = others.map((seat) => `${seat.seat} is ${seat.state.toLowerCase()}`).join(', ');
    throw new UsherError('conflict', `Nothing was changed: ${told}.`, {
      extra: { seats: others.map((seat) => seat.seat) },
    });
  }
  return seats;
}

/** Frees locked blocked seats and forgets why they were kept. */
export async function freeBlocked(
  change: ShowChange,
  seats: BlockedSeat[],
  by: string,
): Promise<void> {
  if (seats.length === 0) return;
  const { tx, head } = change;
  const numbers = seats.map((seat) => seat.seatNo);
  const { matched } = await tx.change(
    "UPDATE show_seat SET state = 'FREE' WHERE show_id = ? AND seat_no IN (?) AND state = 'BLOCKED'",
    [head.showId, numbers],
  );
  if (matched !== seats.length) throw new Error('a locked seat left BLOCKED');
  await tx.change('DELETE FROM kept_seat WHERE show_id = ? AND seat_no IN (?)', [
    head.showId,
    numbers,
  ]);
  change.seats(seats.map(({ seatNo, seat }) => ({ seatNo, seat, state: 'FREE' })));
  logSeats(change, 'UNBLOCKED', seats, { by });
}

function logSeats(
  change: ShowChange,
  kind: string,
  seats: BlockedSeat[],
  detail: Record<string, unknown>,
): void {
  for (let from = 0; from < seats.length; from += seatsPerEntry) {
    const part = seats.slice(from, from + seatsPerEntry).map((seat) => seat.seatNo);
    change.log({ kind, subjectId: 0, detail: { ...detail, seats: part } });
  }
}
