import type { ShowId } from '../../domain/ids.js';
import type { PaymentState } from '../../domain/states.js';
import type { Queryable } from '../database.js';

/** A request as its claim names it, since the claim is made before the request has a number. */
export type RequestKey = { showId: ShowId; fanId: string; idemKey: string; bodyHash: string };
export type RequestUnits = RequestKey & {
  requestId: number;
  isDecided: boolean;
  /** Seats that the request holds or has booked by now. */
  seats: number;
  /** The discount code of its reservation. */
  code: string | null;
};

/** The key of the claims of a request: neither fan nor hash has a space. */
export function requestClaimKey({ fanId, idemKey, bodyHash }: Omit<RequestKey, 'showId'>): string {
  return `${fanId} ${idemKey} ${bodyHash}`;
}

const unitColumns = `r.show_id AS showId, r.request_id AS requestId, r.fan_id AS fanId,
  r.idem_key AS idemKey, r.body_hash AS bodyHash, r.state <> 'ACCEPTED' AS isDecided,
  (SELECT COUNT(*) FROM show_seat s
   WHERE s.show_id = r.show_id AND s.reservation_id = r.request_id) AS seats,
  (SELECT v.discount_code FROM reservation v
   WHERE v.show_id = r.show_id AND v.reservation_id = r.request_id) AS code`;

type Row = Omit<RequestUnits, 'isDecided'> & { isDecided: number };

/** What one attempt to pay holds of a card's quota. */
export type CardUnits = {
  reservationId: number;
  attempt: number;
  state: PaymentState;
  seats: number;
};

/** The key of the claim that an attempt to pay makes for its card. */
export function cardClaimKey(attempt: { reservationId: number; attempt: number }): string {
  return `${attempt.reservationId} ${attempt.attempt}`;
}

/** The attempts of reservations, each with the seats that its reservation has by now. */
export async function cardUnits(
  shard: Pick<Queryable, 'rows'>,
  showId: ShowId,
  reservationIds: number[],
): Promise<CardUnits[]> {
  const rows = await shard.rows<CardUnits>(
    `SELECT p.reservation_id AS reservationId, p.attempt AS attempt, p.state AS state,
       (SELECT COUNT(*) FROM show_seat s
        WHERE s.show_id = p.show_id AND s.reservation_id = p.reservation_id) AS seats
     FROM payment p WHERE p.show_id = ? AND p.reservation_id IN (?)`,
    [showId, reservationIds.length > 0 ? reservationIds : [0]],
  );
  return rows.map((row) => ({ ...row, seats: Number(row.seats) }));
}

/** What requests have, found by their keys; one that was never journalled is missing. */
export async function unitsByKey(
  shard: Pick<Queryable, 'rows'>,
  keys: Omit<RequestKey, 'bodyHash'>[],
): Promise<RequestUnits[]> {
  const rows = await shard.rows<Row>(
    `SELECT ${unitColumns}
     FROM JSON_TABLE(?, '$[*]' COLUMNS (
       show_id INT UNSIGNED PATH '$[0]', fan_id CHAR(12) CHARACTER SET ascii PATH '$[1]',
       idem_key VARCHAR(64) CHARACTER SET ascii PATH '$[2]'
     )) AS k
     STRAIGHT_JOIN request r ON r.show_id = k.show_id AND r.fan_id = k.fan_id
       AND r.idem_key = k.idem_key`,
    [JSON.stringify(keys.map(({ showId, fanId, idemKey }) => [showId, fanId, idemKey]))],
  );
  return rows.map(fromRow);
}

/** What requests of one show have, found by their numbers. */
export async function unitsByNumber(
  shard: Pick<Queryable, 'rows'>,
  showId: ShowId,
  requestIds: number[],
): Promise<RequestUnits[]> {
  const rows = await shard.rows<Row>(
    `SELECT ${unitColumns} FROM request r WHERE r.show_id = ? AND r.request_id IN (?)`,
    [showId, requestIds.length > 0 ? requestIds : [0]],
  );
  return rows.map(fromRow);
}

function fromRow(row: Row): RequestUnits {
  return { ...row, isDecided: row.isDecided === 1, seats: Number(row.seats) };
}
