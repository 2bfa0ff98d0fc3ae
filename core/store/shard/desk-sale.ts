import { hash } from 'node:crypto';
import { UsherError } from '../../domain/errors.js';
import { pricedSeats } from '../../domain/price-rules.js';
import { areAdjacent, buildSeatMap, type Seat } from '../../domain/seat-map.js';
import { randomId } from '../../runtime/random-id.js';
import { freeBlocked, lockSeats } from './blocked-seats.js';
import { bookReservation } from './bookings.js';
import { holdSeats, insertReservations, lockQuotas, readSeats } from './decisions.js';
import { startPaying } from './paying.js';
import { lockReservation, type Reservation } from './reservations.js';
import { tellClaims } from './seats.js';
import type { ShowChange } from './show-change.js';

/** How a sale at the desk is paid; no payment provider is asked. */
export type DeskMethod = 'cash' | 'card';

export type DeskSale = {
  fanId: string;
  seats: string[];
  method: DeskMethod;
  /** Who sells, for the log and the till. */
  by: string;
  /** The same key sells once. */
  idemKey: string;
  /** Seats that are kept from sale may be sold too. */
  alsoKept: boolean;
};

/** Journal rows of sales at the desk name this instead of an api process. */
const deskNode = 'the-desk';

/**
 * Sells seats at the desk: request, reservation, payment, booking and tickets in one change, under
 * the same head and keys as every other sale. A repeated key finds the first sale.
 * @throws UsherError when a seat is taken, the fan's cap is reached, or the show isn't sold.
 */
export async function sellAtDesk(
  change: ShowChange,
  sale: DeskSale,
): Promise<{ reservation: Reservation; isNew: boolean }> {
  const { tx, head, nowMs } = change;
  // With a space, which no fan can send.
  const idemKey = `desk ${hash('sha256', sale.idemKey, 'base64url')}`;
  const known = await findSale(change, sale, idemKey);
  if (known !== undefined) {
    return { reservation: await reserved(change, known), isNew: false };
  }
  await assertSells(change);
  const pairs = [{ showId: head.showId, fanId: sale.fanId }];
  const taken = (await lockQuotas(tx, pairs))[0]?.quota.taken ?? 0;
  if (taken + sale.seats.length > head.seatCap) {
    throw new UsherError('cap_reached', `One fan may have ${head.seatCap} seats of this show.`);
  }
  const found = await lockSeats(change, sale.seats, sale.alsoKept ? ['FREE', 'BLOCKED'] : ['FREE']);
  const seats = await pricedNow(change, found);
  const kept = found.filter((seat) => seat.state === 'BLOCKED');
  await freeBlocked(change, kept, sale.by);
  const passId = `desk-${randomId(11)}`;
  const requestId = await insertRequest(change, { ...sale, idemKey, passId });
  const fee = head.bookingFee * seats.length;
  const grant = {
    request: { requestId, fanId: sale.fanId, passId },
    seats,
    adjacent: areAdjacent(seats),
    amount: seats.reduce((sum, seat) => sum + seat.price, fee),
    fee,
    expiresAtMs: nowMs,
    limitAtMs: nowMs,
  };
  const claims = seats.map(({ seatNo }) => ({
    ...{ showId: head.showId, seatNo, reservationId: requestId },
  }));
  if ((await holdSeats(tx, claims)) !== seats.length) throw new Error('a locked seat was taken');
  await insertReservations(tx, [{ head, grant }], new Date(nowMs));
  await tx.change(
    `INSERT INTO quota (show_id, fan_id, taken) VALUES (?, ?, ?)
     ON DUPLICATE KEY UPDATE taken = taken + ?`,
    [head.showId, sale.fanId, seats.length, seats.length],
  );
  const numbers = seats.map((seat) => seat.seatNo);
  change.log({ kind: 'GRANTED', subjectId: requestId, detail: { seats: numbers, by: sale.by } });
  // The desk may go past a cap of the sale, and what it sells counts from then on.
  tellClaims(change, requestId, { regained: true });
  const reservation = await reserved(change, requestId);
  await startPaying(change, reservation, nowMs);
  const attempt = grant.amount === 0 ? 0 : 1;
  if (attempt > 0) await insertPaid(change, reservation, sale);
  await bookReservation(change, reservation, attempt);
  const { amount, currency } = reservation;
  change.book({
    ...{ reservationId: requestId, amount, currency },
    debit: 'till',
    credit: 'sales',
  });
  return { reservation, isNew: true };
}

/** Prices of this moment: the desk asks what the page asks. */
async function pricedNow({ tx, head, nowMs }: ShowChange, seats: Seat[]): Promise<Seat[]> {
  if (!head.priceRules) return seats;
  const map = buildSeatMap(await readSeats(tx, head.showId));
  return pricedSeats(seats, map, head.priceRules, head.startsAtMs - nowMs);
}

async function findSale(
  { tx, head }: ShowChange,
  { fanId, seats }: DeskSale,
  idemKey: string,
): Promise<number | undefined> {
  const [row] = await tx.rows<{ no: number; wish: string }>(
    'SELECT request_id AS no, wish FROM request WHERE show_id = ? AND fan_id = ? AND idem_key = ?',
    [head.showId, fanId, idemKey],
  );
  if (row && row.wish !== JSON.stringify({ seats })) {
    throw new UsherError('key_reused', 'This Idempotency-Key sold other seats. Use a new key.');
  }
  return row?.no;
}

async function assertSells({ tx, head, nowMs }: ShowChange): Promise<void> {
  if (nowMs >= head.startsAtMs) throw new UsherError('show_begun', 'The show has begun.');
  const [gate] = await tx.rows<{ state: string }>('SELECT state FROM show_gate WHERE show_id = ?', [
    head.showId,
  ]);
  if (gate?.state === 'CANCELLED') throw new UsherError('sale_closed', 'The show is cancelled.');
}

async function insertRequest(
  { tx, head, nowMs }: ShowChange,
  { fanId, idemKey, passId, seats }: DeskSale & { passId: string },
): Promise<number> {
  const now = new Date(nowMs);
  const { insertId } = await tx.change(
    `INSERT INTO request (show_id, fan_id, idem_key, body_hash, pass_id, node, wish, accepted_at,
       state, decided_at) VALUES (?, ?, ?, '', ?, ?, ?, ?, 'GRANTED', ?)`,
    [head.showId, fanId, idemKey, passId, deskNode, JSON.stringify({ seats }), now, now],
  );
  return insertId;
}

async function insertPaid(
  { tx, head, nowMs }: ShowChange,
  { reservationId, amount, currency }: Reservation,
  { method, by, idemKey }: DeskSale,
): Promise<void> {
  const now = new Date(nowMs);
  await tx.change(
    `INSERT INTO payment (show_id, reservation_id, attempt, idem_key, payment_token, state, amount,
       currency, created_at, updated_at, method, taken_by)
     VALUES (?, ?, 1, ?, 'desk', 'SUCCEEDED', ?, ?, ?, ?, ?, ?)`,
    [head.showId, reservationId, idemKey, amount, currency, now, now, method, by.slice(0, 80)],
  );
}

async function reserved(change: ShowChange, no: number): Promise<Reservation> {
  const reservation = await lockReservation(change, no);
  if (!reservation) throw new Error('a sale at the desk has no reservation');
  return reservation;
}
