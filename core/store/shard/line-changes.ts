import { UsherError } from '../../domain/errors.js';
import { buildSeatMap, type SeatMap } from '../../domain/seat-map.js';
import { isLineOpen, seatsFor, type Want } from '../../domain/waitlist.js';
import { readSeats } from './decisions.js';
import { readOpenOffers } from './line-views.js';
import { offerRulesOf } from './offers.js';
import { endHold, lockReservation } from './reservations.js';
import type { Head, ShowChange } from './show-change.js';
import { joinLines, lockEntry, moveEntry, type WaitlistEntry } from './waitlist.js';

/**
 * Puts a fan into the line of a full show, or changes what the fan waits for: asking for no more
 * than before keeps the place, anything else goes to the end. True for a new entry.
 * @throws UsherError when there is no line, or a seat is free for even a part of the wish: a line
 *   that needs no pass must be no way past those who wait for their turn to reserve.
 */
export async function joinLine(change: ShowChange, fanId: string, want: Want): Promise<boolean> {
  const { tx, head, nowMs } = change;
  assertLine(head, want, nowMs);
  assertFull(buildSeatMap(await readSeats(tx, head.showId)), want);
  const entry = await lockEntry(change, fanId);
  if (entry?.state === 'OFFERED') {
    throw new UsherError('conflict', 'You have an offer. Pay for it or decline it first.');
  }
  if (entry?.state === 'WAITING') {
    await changeWant(change, entry, want);
    return false;
  }
  await joinLines(tx, [{ head, fanId, want }], new Date(nowMs));
  return true;
}

function assertLine(head: Head, want: Want, nowMs: number): void {
  if (head.offerSeconds === 0) {
    throw new UsherError('conflict', 'This sale has no waitlist.');
  }
  if (nowMs >= head.startsAtMs) throw new UsherError('show_begun', 'The show has begun.');
  if (!isLineOpen(offerRulesOf(head), nowMs)) {
    throw new UsherError('conflict', 'So short before the start no seats are offered any more.');
  }
  if (want.quantity > head.seatCap) {
    throw new UsherError('cap_reached', `One fan may have ${head.seatCap} seats of this show.`);
  }
}

function assertFull(map: SeatMap, want: Want): void {
  if (want.zone !== null && !map.seats.some((seat) => seat.zone === want.zone)) {
    throw new UsherError('not_acceptable', 'This show has no such zone. Leave it out.');
  }
  if (seatsFor({ ...want, acceptFewer: true }, map, want.quantity)) {
    throw new UsherError(
      'conflict',
      'Seats are free. Reserve: a group that they are too few for is put in line by that.',
    );
  }
}

async function changeWant(change: ShowChange, entry: WaitlistEntry, want: Want): Promise<void> {
  const { head, tx } = change;
  const sameSeats = entry.zone === want.zone && entry.accessible === want.accessible;
  const keepsPlace = sameSeats && want.quantity <= entry.quantity;
  if (!keepsPlace) head.lineEnd += 1;
  const place = keepsPlace ? entry.place : head.lineEnd;
  const { quantity, acceptFewer } = want;
  await moveEntry(change, entry, { ...entry, place, quantity, acceptFewer });
  if (sameSeats) return;
  await tx.change('UPDATE waitlist SET zone = ?, step_free = ? WHERE show_id = ? AND fan_id = ?', [
    want.zone,
    want.accessible ? 1 : 0,
    head.showId,
    entry.fanId,
  ]);
}

/**
 * Takes a fan out of the line, with the offers that nobody is paying for: their seats go to the
 * next. Does nothing for a fan who isn't in it. Returns the reservations that ended.
 */
export async function leaveLine(change: ShowChange, fanId: string): Promise<number[]> {
  const { tx, head } = change;
  const open = await readOpenOffers(tx, head.showId, fanId);
  const offers = [];
  for (const { reservationId } of open) {
    const offer = await lockReservation(change, reservationId);
    if (offer?.state === 'HELD') offers.push(offer);
  }
  const entry = await lockEntry(change, fanId);
  if (entry?.state === 'WAITING' || entry?.state === 'OFFERED') {
    await moveEntry(change, entry, { ...entry, state: 'LEFT', quantity: 0 });
  }
  for (const offer of offers) await endHold(change, offer, 'HELD', 'RELEASED');
  return offers.map((offer) => offer.reservationId);
}
