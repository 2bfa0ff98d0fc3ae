import type { Quota } from '../../domain/decide.js';
import type { ShowId } from '../../domain/ids.js';
import { buildSeatMap, freeSeats, type SeatMap } from '../../domain/seat-map.js';
import { decideOffers, isLineOpen, type Offer, type OfferRules } from '../../domain/waitlist.js';
import { randomId } from '../../runtime/random-id.js';
import type { Tx } from '../database.js';
import {
  holdSeats,
  insertReservations,
  lockFreeSeats,
  lockQuotas,
  readSeats,
} from './decisions.js';
import { tellClaims } from './seats.js';
import type { Head, ShowChange } from './show-change.js';
import { lockWaiting, saveLines } from './waitlist.js';

/** Entries looked at with one statement, and how often: bounds the change that frees a seat. */
const entriesPerLook = 200;
const looksMax = 25;

/** Journal rows of offers name this instead of an api process. */
export const offerNode = 'waitlist';
/** No pass of a fan has a dash, so none is ever taken for that of an offer. */
const passPrefix = 'offer-';

/** The rules by which a show's freed seats are offered. */
export function offerRulesOf(head: Head): OfferRules {
  return {
    seatCap: head.seatCap,
    bookingFee: head.bookingFee,
    prices: head.priceRules,
    offerMs: head.offerSeconds * 1000,
    stopMs: head.offersStopSeconds * 1000,
    startsAtMs: head.startsAtMs,
  };
}

/**
 * Offers the free seats of a show to those who wait, in the transaction that has freed them: each
 * offer is a reservation made for its fan, with the request that stands for having joined. Costs
 * nothing where nobody waits. `map` is the caller's and true for the rows; without it the seats
 * are read. Quotas that offers raise are in `quotas`.
 */
export async function offerFreedSeats(
  change: ShowChange,
  map?: SeatMap,
  quotas = new Map<string, Quota>(),
): Promise<Offer[]> {
  const { tx, head, nowMs } = change;
  const rules = offerRulesOf(head);
  if (head.waiting === 0 || !isLineOpen(rules, nowMs)) return [];
  if (!(await sells(tx, head.showId))) return [];
  const seats = map ?? buildSeatMap(await readSeats(tx, head.showId));
  const made: Offer[] = [];
  let afterPlace = 0;
  for (let look = 0; look < looksMax && freeSeats(seats) > 0; look += 1) {
    const asked = { afterPlace, free: freeSeats(seats), rowsMax: entriesPerLook };
    const entries = await lockWaiting(tx, head.showId, asked);
    const line = entries.filter((entry) => !change.passedOver.has(entry.fanId));
    await readQuotas(tx, head.showId, line, quotas);
    const offers = decideOffers(line, seats, quotas, rules, nowMs);
    await writeOffers(change, offers);
    made.push(...offers);
    afterPlace = entries.at(-1)?.place ?? 0;
    if (entries.length < entriesPerLook) break;
  }
  return made;
}

/** A closed or cancelled show sells nothing, not even to those who wait. */
async function sells(tx: Tx, showId: ShowId): Promise<boolean> {
  const [gate] = await tx.rows<{ state: string }>('SELECT state FROM show_gate WHERE show_id = ?', [
    showId,
  ]);
  return gate?.state === 'OPEN' || gate?.state === 'PAUSED';
}

async function readQuotas(
  tx: Tx,
  showId: ShowId,
  line: { fanId: string }[],
  quotas: Map<string, Quota>,
): Promise<void> {
  const pairs = line.map(({ fanId }) => ({ showId, fanId }));
  if (pairs.length === 0) return;
  for (const { fanId, quota } of await lockQuotas(tx, pairs)) quotas.set(fanId, quota);
}

async function writeOffers(change: ShowChange, offers: Offer[]): Promise<void> {
  if (offers.length === 0) return;
  const { tx, head, nowMs } = change;
  const now = new Date(nowMs);
  const made: { offer: Offer; reservationId: number; passId: string }[] = [];
  for (const offer of offers) {
    const passId = `${passPrefix}${randomId(10)}`;
    made.push({ offer, passId, reservationId: await insertRequest(change, offer, passId) });
  }
  const claims = made.flatMap(({ offer, reservationId }) =>
    offer.seats.map((seat) => ({ showId: head.showId, seatNo: seat.seatNo, reservationId })),
  );
  const free = await lockFreeSeats(tx, claims);
  const held = await holdSeats(tx, claims);
  if (free !== claims.length || held !== claims.length) {
    throw new Error(`${held} of ${claims.length} offered seats were free`);
  }
  const reservations = made.map(({ offer, reservationId: requestId, passId }) => {
    const request = { requestId, fanId: offer.entry.fanId, passId };
    // An offer has its own clock, which nothing extends.
    return { head, grant: { ...offer, request, limitAtMs: offer.expiresAtMs }, offered: true };
  });
  await insertReservations(tx, reservations, now);
  await tx.change(
    `INSERT INTO quota (show_id, fan_id, taken) VALUES ?
     ON DUPLICATE KEY UPDATE taken = taken + VALUES(taken)`,
    [offers.map(({ entry, seats }) => [head.showId, entry.fanId, seats.length])],
  );
  for (const one of offers) await takeFromEntry(change, one);
  await saveLines(tx, [head]);
  for (const { offer, reservationId } of made) {
    const seats = offer.seats.map((seat) => seat.seatNo);
    change.log({ kind: 'GRANTED', subjectId: reservationId, detail: { seats, offer: true } });
    change.outbox({ kind: 'offer', subjectId: reservationId, payload: {} });
    tellClaims(change, reservationId, { regained: true });
    change.seats(offer.seats.map(({ seatNo, seat }) => ({ seatNo, seat, state: 'HELD' })));
  }
}

/** An offer is decided when it is made, and was accepted when its fan joined the line. */
async function insertRequest(
  { tx, head, nowMs }: ShowChange,
  { entry, seats }: Offer,
  passId: string,
): Promise<number> {
  const { zone, accessible } = entry;
  const wish = {
    quantity: seats.length,
    ...(zone === null ? {} : { zone }),
    ...(accessible ? { accessible } : {}),
  };
  const { insertId } = await tx.change(
    `INSERT INTO request (show_id, fan_id, idem_key, body_hash, pass_id, node, wish, accepted_at,
       state, decided_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, 'GRANTED', ?)`,
    [
      head.showId,
      entry.fanId,
      // With a space, which no fan can send.
      `offer ${passId}`,
      '',
      passId,
      offerNode,
      JSON.stringify(wish),
      new Date(entry.joinedAtMs),
      new Date(nowMs),
    ],
  );
  return insertId;
}

/** What is offered is no longer waited for; the rest keeps its place. */
async function takeFromEntry({ tx, head }: ShowChange, { entry, seats }: Offer): Promise<void> {
  const rest = entry.quantity - seats.length;
  const { matched } = await tx.change(
    `UPDATE waitlist SET state = ?, quantity = ?, offered = offered + ?
     WHERE show_id = ? AND fan_id = ? AND state = 'WAITING' AND quantity = ?`,
    [
      ...[rest > 0 ? 'WAITING' : 'OFFERED', rest, seats.length],
      ...[head.showId, entry.fanId, entry.quantity],
    ],
  );
  if (matched !== 1) throw new Error('a locked entry of the waitlist has changed');
  if (rest === 0) head.waiting -= 1;
}
