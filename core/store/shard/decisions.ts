import type { Decision, Quota } from '../../domain/decide.js';
import type { ShowId } from '../../domain/ids.js';
import type { Seat } from '../../domain/seat-map.js';
import type { Queryable, SqlValue, Tx } from '../database.js';
import type { Head } from './show-change.js';

/** All seats of a show with their states: read under the head's lock when the lane's copy is old. */
export async function readSeats(db: Pick<Queryable, 'rows'>, showId: ShowId): Promise<Seat[]> {
  return db.rows(
    `SELECT seat_no AS seatNo, seat, row_no AS rowNo, x, zone, kind, price, state
     FROM show_seat WHERE show_id = ? ORDER BY seat_no`,
    [showId],
  );
}

/** Locks the quota rows of fans in shows, after heads and reservations and before seats. */
export async function lockQuotas(
  tx: Tx,
  pairs: { showId: ShowId; fanId: string }[],
): Promise<{ showId: ShowId; fanId: string; quota: Quota }[]> {
  const sorted = [...pairs].sort((a, b) => a.showId - b.showId || (a.fanId < b.fanId ? -1 : 1));
  const rows = await tx.rows<{
    showId: number;
    fanId: string;
    taken: number;
    spentPass: string | null;
  }>(
    `SELECT q.show_id AS showId, q.fan_id AS fanId, q.taken AS taken, q.spent_pass AS spentPass
     FROM JSON_TABLE(?, '$[*]' COLUMNS (
       show_id INT UNSIGNED PATH '$[0]', fan_id CHAR(12) CHARACTER SET ascii PATH '$[1]'
     )) AS k
     STRAIGHT_JOIN (
       SELECT show_id, fan_id, taken, spent_pass FROM quota FORCE INDEX (PRIMARY) FOR UPDATE
     ) AS q ON q.show_id = k.show_id AND q.fan_id = k.fan_id`,
    [JSON.stringify(sorted.map(({ showId, fanId }) => [showId, fanId]))],
  );
  return rows.map(({ showId, fanId, taken, spentPass }) => ({
    showId,
    fanId,
    quota: { taken, spentPass },
  }));
}

export type SeatClaim = { showId: ShowId; seatNo: number; reservationId: number };

/**
 * Locks the seats that are about to be held, in ascending order, and counts those that are free.
 * Contract: SELECT … FOR UPDATE by primary key under the head's lock; fewer than asked means that
 * the lane's copy of the map was wrong, and the whole batch is decided again from the rows.
 */
export async function lockFreeSeats(tx: Tx, claims: SeatClaim[]): Promise<number> {
  const sorted = [...claims].sort((a, b) => a.showId - b.showId || a.seatNo - b.seatNo);
  const rows = await tx.rows<{ state: string }>(
    `SELECT s.state AS state
     FROM JSON_TABLE(?, '$[*]' COLUMNS (
       show_id INT UNSIGNED PATH '$[0]', seat_no SMALLINT UNSIGNED PATH '$[1]'
     )) AS k
     STRAIGHT_JOIN (
       SELECT show_id, seat_no, state FROM show_seat FORCE INDEX (PRIMARY) FOR UPDATE
     ) AS s ON s.show_id = k.show_id AND s.seat_no = k.seat_no`,
    [JSON.stringify(sorted.map(({ showId, seatNo }) => [showId, seatNo]))],
  );
  return rows.filter((row) => row.state === 'FREE').length;
}

/** Holds locked seats for their reservations. Returns how many were still free: all, or stop. */
export async function holdSeats(tx: Tx, claims: SeatClaim[]): Promise<number> {
  const { matched } = await tx.change(
    `UPDATE JSON_TABLE(?, '$[*]' COLUMNS (
       show_id INT UNSIGNED PATH '$[0]', seat_no SMALLINT UNSIGNED PATH '$[1]',
       reservation_id BIGINT UNSIGNED PATH '$[2]'
     )) AS k
     STRAIGHT_JOIN show_seat s FORCE INDEX (PRIMARY)
       ON s.show_id = k.show_id AND s.seat_no = k.seat_no
     SET s.state = 'HELD', s.reservation_id = k.reservation_id
     WHERE s.state = 'FREE'`,
    [JSON.stringify(claims.map((claim) => [claim.showId, claim.seatNo, claim.reservationId]))],
  );
  return matched;
}

type Granted = Extract<Decision, { kind: 'GRANTED' }>;
export type ShowGrant = { head: Head; grant: Granted };

/** What a reservation keeps of the grant, offer or sale at the desk that made it. */
export type NewReservation = {
  head: Head;
  grant: Omit<Granted, 'kind' | 'request'> & {
    request: Pick<Granted['request'], 'requestId' | 'fanId' | 'passId'>;
  };
  /** It is made for a fan of the waitlist. */
  offered?: boolean;
};

export async function insertReservations(tx: Tx, made: NewReservation[], now: Date): Promise<void> {
  const rows: SqlValue[][] = made.map(({ head, grant, offered }) => [
    head.showId,
    grant.request.requestId,
    grant.request.fanId,
    grant.request.passId,
    'HELD',
    JSON.stringify(grant.seats.map((seat) => [seat.seatNo, seat.seat, seat.price])),
    grant.adjacent ? 1 : 0,
    grant.amount,
    grant.fee,
    grant.discount?.amount ?? 0,
    grant.discount?.code ?? null,
    head.taxRateBp,
    head.currency,
    now,
    new Date(grant.expiresAtMs),
    new Date(grant.limitAtMs),
    new Date(grant.expiresAtMs),
    offered ? 1 : 0,
  ]);
  await tx.change(
    `INSERT INTO reservation (show_id, reservation_id, fan_id, pass_id, state, seats, adjacent,
       amount, fee, discount, discount_code, tax_rate_bp, currency, created_at, expires_at, limit_at, due_at, offered)
     VALUES ?`,
    [rows],
  );
}

/** Adds to the fans' quotas; their rows are locked, or new under the head's lock. */
export async function addQuotas(tx: Tx, grants: ShowGrant[]): Promise<void> {
  await tx.change(
    `INSERT INTO quota (show_id, fan_id, taken, spent_pass) VALUES ?
     ON DUPLICATE KEY UPDATE taken = taken + VALUES(taken), spent_pass = VALUES(spent_pass)`,
    [
      grants.map(({ head, grant }) => [
        head.showId,
        grant.request.fanId,
        grant.seats.length,
        grant.request.passId,
      ]),
    ],
  );
}

export type Verdict = {
  showId: ShowId;
  requestId: number;
  state: 'GRANTED' | 'REFUSED' | 'LAPSED';
  reason: string | null;
  alternatives: string[][];
};

/**
 * Writes the decisions into the journal. Returns the number of requests that were undecided until
 * now: any other number than given means that somebody else decided one, and the batch must stop.
 */
export async function recordVerdicts(tx: Tx, verdicts: Verdict[], now: Date): Promise<number> {
  const { matched } = await tx.change(
    `UPDATE JSON_TABLE(?, '$[*]' COLUMNS (
       show_id INT UNSIGNED PATH '$[0]', request_id BIGINT UNSIGNED PATH '$[1]',
       state VARCHAR(9) PATH '$[2]', reason VARCHAR(24) PATH '$[3]', detail VARCHAR(1000) PATH '$[4]'
     )) AS k
     STRAIGHT_JOIN request r FORCE INDEX (PRIMARY)
       ON r.show_id = k.show_id AND r.request_id = k.request_id
     SET r.state = k.state, r.reason = k.reason, r.detail = k.detail, r.decided_at = ?
     WHERE r.state = 'ACCEPTED'`,
    [
      JSON.stringify(
        verdicts.map(({ showId, requestId, state, reason, alternatives }) => [
          showId,
          requestId,
          state,
          reason,
          alternatives.length > 0 ? JSON.stringify(alternatives) : null,
        ]),
      ),
      now,
    ],
  );
  return matched;
}

/** Moves heads to their new version, log end and floor: one statement for all shows of a batch. */
export async function moveHeads(
  tx: Tx,
  heads: Pick<Head, 'showId' | 'version' | 'lsn' | 'chain' | 'floorId'>[],
): Promise<void> {
  await tx.change(
    `UPDATE JSON_TABLE(?, '$[*]' COLUMNS (
       show_id INT UNSIGNED PATH '$[0]', version INT UNSIGNED PATH '$[1]',
       lsn BIGINT UNSIGNED PATH '$[2]', floor_id BIGINT UNSIGNED PATH '$[3]',
       chain CHAR(43) CHARACTER SET ascii PATH '$[4]'
     )) AS k
     STRAIGHT_JOIN show_head h FORCE INDEX (PRIMARY) ON h.show_id = k.show_id
     SET h.version = k.version, h.lsn = k.lsn, h.floor_id = k.floor_id, h.chain = k.chain`,
    [
      JSON.stringify(
        heads.map((head) => [head.showId, head.version, head.lsn, head.floorId, head.chain]),
      ),
    ],
  );
}
