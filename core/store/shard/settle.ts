import type { Money } from '../../domain/money.js';
import type { PaymentState, ReservationState } from '../../domain/states.js';
import { bookReservation } from './bookings.js';
import {
  isLateMoney,
  settleLateMoney,
  settleSecondIntent,
  settleWrongMoney,
} from './late-money.js';
import { backToHold, giveGrace } from './paying.js';
import { isOpenPayment, lockPayments, movePayment, type Payment } from './payments.js';
import { endHold, lockReservation, type Reservation } from './reservations.js';
import { tellClaims } from './seats.js';
import type { ShowChange } from './show-change.js';

/** What is known for certain of one attempt, in our words. */
export type PaymentFact =
  | {
      kind: 'succeeded';
      intentId: string;
      received: Money;
      /** Test money where real money was asked for, or the other way round. */
      wrongMode?: boolean | undefined;
    }
  | { kind: 'action'; intentId: string; clientSecret: string; nextActionUrl?: string | undefined }
  | { kind: 'processing'; intentId: string }
  | { kind: 'declined'; code: string; intentId?: string | undefined }
  | { kind: 'cancelled'; intentId?: string | undefined }
  /**
   * The provider took nothing in, so the fan's key is free for another attempt. `certain` is false
   * when a call went out whose effect was looked for and not found. An `outage` is the provider's
   * fault, so the hold gets its one extension.
   */
  | { kind: 'not_sent'; reason: string; certain: boolean; outage?: boolean };

export type Settled = {
  effect:
    | 'booked'
    | 'retaken'
    | 'refund_due'
    | 'failed'
    | 'noted'
    | 'nothing'
    /** Money of another amount, currency, mode or intent than the attempt's: it goes back. */
    | 'wrong_money'
    /** A fact about another intent than the attempt's: a person must look. */
    | 'mismatch'
    | 'unknown_attempt';
  fanId?: string;
  reservation?: ReservationState;
  expiresAtMs?: number;
  payment?: PaymentState;
};

/** How often an unsettled payment is looked at: soon at first, then ever more patiently. */
const checkMsMin = 1_000;
const checkMsMax = 60_000;
const checkShareOfAge = 4;

/** When a call without an answer is looked for a last time, in case it was only very slow. */
const lastLookMs = 15 * 60_000;

/**
 * The one way in which money changes a reservation: confirm, webhook and reconciler bring it what
 * they learned, in any order and as often as they like. It locks reservation and payments, moves
 * forward only, and does nothing with a fact that it already knows.
 */
export async function settlePayment(
  change: ShowChange,
  reservationId: number,
  attempt: number,
  fact: PaymentFact,
): Promise<Settled> {
  const reservation = await lockReservation(change, reservationId);
  const payments = reservation ? await lockPayments(change, reservationId) : [];
  const payment = payments.find((entry) => entry.attempt === attempt);
  if (!reservation || !payment) return { effect: 'unknown_attempt' };
  const effect = await settleLocked(change, reservation, payment, fact);
  return {
    effect,
    fanId: reservation.fanId,
    reservation: reservation.state,
    expiresAtMs: reservation.expiresAtMs,
    payment: payment.state,
  };
}

async function settleLocked(
  change: ShowChange,
  reservation: Reservation,
  payment: Payment,
  fact: PaymentFact,
): Promise<Settled['effect']> {
  if ('intentId' in fact && fact.intentId && payment.intentId) {
    if (fact.intentId !== payment.intentId) {
      if (fact.kind !== 'succeeded') return 'mismatch';
      return (await settleSecondIntent(change, payment, fact)) ? 'wrong_money' : 'nothing';
    }
  }
  switch (fact.kind) {
    case 'succeeded':
      return settleMoney(change, reservation, payment, fact);
    case 'action':
    case 'processing':
      return notePending(change, reservation, payment, fact);
    case 'declined':
    case 'cancelled':
    case 'not_sent':
      return settleWithoutMoney(change, reservation, payment, fact);
  }
}

async function settleMoney(
  change: ShowChange,
  reservation: Reservation,
  payment: Payment,
  fact: PaymentFact & { kind: 'succeeded' },
): Promise<Settled['effect']> {
  if (!isOpenPayment(payment.state) && !isLateMoney(payment.state)) return 'nothing';
  const { received, intentId } = fact;
  const wasOpen = isOpenPayment(payment.state);
  const fits = received.amount === payment.amount && received.currency === payment.currency;
  if (!fits || fact.wrongMode) {
    await settleWrongMoney(change, payment, fact);
    if (wasOpen) await leavePaying(change, reservation);
    return 'wrong_money';
  }
  const inTime = reservation.state === 'PAYING' || reservation.state === 'ENDING';
  if (!inTime || !wasOpen) return settleLateMoney(change, reservation, payment, fact);
  await movePayment(change, payment, 'SUCCEEDED', { intentId, checkAtMs: null });
  await bookReservation(change, reservation, payment.attempt);
  const { reservationId } = reservation;
  change.book({ reservationId, debit: 'provider', credit: 'sales', ...received });
  return 'booked';
}

/** The hold goes on while it has time, and is over otherwise. */
async function leavePaying(
  change: ShowChange,
  reservation: Reservation,
  outage = false,
): Promise<void> {
  if (reservation.state === 'PAYING') await backToHold(change, reservation);
  if (outage && reservation.state === 'HELD') await giveGrace(change, reservation);
  if (reservation.state === 'ENDING') {
    await endHold(change, reservation, 'ENDING', 'EXPIRED');
    reservation.state = 'EXPIRED';
  } else if (reservation.state === 'HELD' && change.nowMs >= reservation.expiresAtMs) {
    await endHold(change, reservation, 'HELD', 'EXPIRED');
    reservation.state = 'EXPIRED';
  }
}

async function notePending(
  change: ShowChange,
  reservation: Reservation,
  payment: Payment,
  fact: PaymentFact & { kind: 'action' | 'processing' },
): Promise<Settled['effect']> {
  if (!isOpenPayment(payment.state)) return 'nothing';
  const backwards = fact.kind === 'action' && payment.state === 'PROCESSING';
  const to = fact.kind === 'processing' || backwards ? 'PROCESSING' : 'ACTION';
  const checkAtMs = nextCheckMs(change.nowMs, payment, reservation);
  const moves = payment.state !== to;
  await movePayment(change, payment, to, { ...fact, checkAtMs });
  if (moves) {
    change.log({
      kind: to,
      subjectId: reservation.reservationId,
      detail: { attempt: payment.attempt },
    });
  }
  if (moves && to === 'ACTION') askForPayment(change, payment);
  return 'noted';
}

/** An attempt without money ends. */
async function settleWithoutMoney(
  change: ShowChange,
  reservation: Reservation,
  payment: Payment,
  fact: PaymentFact & { kind: 'declined' | 'cancelled' | 'not_sent' },
): Promise<Settled['effect']> {
  if (!isOpenPayment(payment.state)) return 'nothing';
  const to = fact.kind === 'cancelled' ? 'CANCELLED' : 'FAILED';
  const intentId = fact.kind === 'not_sent' ? undefined : fact.intentId;
  const neverSeen = !intentId && !payment.intentId;
  const looksAgain = neverSeen && (fact.kind === 'not_sent' ? !fact.certain : to === 'CANCELLED');
  await movePayment(change, payment, to, {
    intentId,
    checkAtMs: looksAgain ? change.nowMs + lastLookMs : null,
    ...(fact.kind === 'cancelled'
      ? {}
      : { declineCode: fact.kind === 'declined' ? fact.code : fact.reason }),
    ...(fact.kind === 'not_sent' ? { idemKey: freedKey(payment.attempt) } : {}),
  });
  change.log({
    kind: to === 'FAILED' ? 'PAY_FAILED' : 'PAY_CANCEL',
    subjectId: reservation.reservationId,
    detail: { attempt: payment.attempt },
  });
  if (to === 'FAILED' && payment.intentId) {
    // A declined intent can still be paid with another card, so it is closed at the provider too.
    const payload = { attempt: payment.attempt };
    change.outbox({ kind: 'cancel_intent', subjectId: reservation.reservationId, payload });
  }
  if (to === 'FAILED' && reservation.state === 'PAYING') askForPayment(change, payment);
  if (payment.manualCapture) tellClaims(change, reservation.reservationId);
  await leavePaying(change, reservation, fact.kind === 'not_sent' && fact.outage === true);
  return 'failed';
}

/** How long a fan has to pay at once before the message that asks for it goes out. */
const paymentNeededMs = 20_000;

function askForPayment(change: ShowChange, { reservationId, attempt }: Payment): void {
  change.outbox({
    kind: 'payment_needed',
    subjectId: reservationId,
    payload: { attempt },
    notBeforeMs: change.nowMs + paymentNeededMs,
  });
}

const freed = 'unsent ';

/** A key with a space, which no fan can send: it frees the fan's own key for another attempt. */
function freedKey(attempt: number): string {
  return `${freed}${attempt}`;
}

export function isFreedKey(idemKey: string): boolean {
  return idemKey.startsWith(freed);
}

/** When to look again, never later than the end of the reservation's time to pay. */
export function nextCheckMs(
  nowMs: number,
  payment: Pick<Payment, 'createdAtMs'>,
  reservation: Pick<Reservation, 'dueAtMs'>,
): number {
  const age = nowMs - payment.createdAtMs;
  const pause = Math.min(checkMsMax, Math.max(checkMsMin, age / checkShareOfAge));
  const next = nowMs + Math.round(pause);
  const { dueAtMs } = reservation;
  return dueAtMs !== null && dueAtMs > nowMs ? Math.min(next, dueAtMs) : next;
}
