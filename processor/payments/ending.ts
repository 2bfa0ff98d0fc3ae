import {
  callMsMax,
  factOf,
  findAttempt,
  type SettleDeps,
  settleFact,
} from '../../core/payments/settling.js';
import { startEnding } from '../../core/store/shard/paying.js';
import type { Payment } from '../../core/store/shard/payments.js';
import { lockReservation } from '../../core/store/shard/reservations.js';
import type { PaymentFact } from '../../core/store/shard/settle.js';
import { changeShow } from '../../core/store/shard/show-change.js';

/**
 * Begins the end of a reservation whose time to pay is over. From this commit on no confirm and no
 * extension is taken, so the intent can be cancelled before the seats are freed. True when it is
 * ENDING now, by us or by another.
 */
export async function beginEnding(deps: SettleDeps, payment: Payment): Promise<boolean> {
  const shard = await deps.shards.forShow(payment.showId);
  const { result } = await changeShow(shard, payment.showId, async (change) => {
    const reservation = await lockReservation(change, payment.reservationId);
    if (reservation?.state === 'ENDING') return true;
    const { dueAtMs } = reservation ?? { dueAtMs: null };
    if (reservation?.state !== 'PAYING' || dueAtMs === null || dueAtMs > change.nowMs) return false;
    await startEnding(change, reservation);
    const detail = { attempt: payment.attempt };
    change.log({ kind: 'ENDING', subjectId: payment.reservationId, detail });
    return true;
  });
  return result;
}

/**
 * Cancels the intent of an ENDING reservation and settles what it has become: cancelled, or paid
 * in the last instant. False when that isn't known yet: the reservation stays ENDING, since a seat
 * is never given away while its money can still arrive.
 */
export async function endAttempt(
  deps: SettleDeps,
  payment: Payment,
  ageMs: number,
): Promise<boolean> {
  const fact = await cancelAttempt(deps, payment, ageMs);
  if (!fact || fact.kind === 'action' || fact.kind === 'processing') return false;
  await settleFact(deps, payment, fact);
  return true;
}

async function cancelAttempt(
  deps: SettleDeps,
  payment: Payment,
  ageMs: number,
): Promise<PaymentFact | undefined> {
  let { intentId } = payment;
  if (!intentId) {
    const found = await findAttempt(deps, payment);
    // An attempt without an intent, long after its call: none was made, none can be cancelled.
    if (found.kind === 'not_found' && ageMs > callMsMax) return { kind: 'cancelled' };
    intentId = 'intentId' in found ? (found.intentId ?? null) : null;
  }
  return intentId ? factOf(await deps.payments.cancelIntent(intentId)) : undefined;
}
