import type { SettleDeps } from '../../core/payments/settling.js';
import { factOf, findAttempt, learnAttempt, settleFact } from '../../core/payments/settling.js';
import { type Database, readNowMs } from '../../core/store/database.js';
import {
  claimPayment,
  isOpenPayment,
  type Payment,
  type PaymentRef,
  readPayments,
  scheduleCheck,
} from '../../core/store/shard/payments.js';
import { readReservation } from '../../core/store/shard/reservations.js';
import { nextCheckMs } from '../../core/store/shard/settle.js';
import { beginEnding, endAttempt } from './ending.js';

/**
 * Looks at one payment that is due, if no other processor does, and brings it as far as the
 * provider lets it. Webhooks make this sooner, never needless.
 */
export async function reconcilePayment(
  deps: SettleDeps,
  shard: Database,
  ref: PaymentRef,
): Promise<void> {
  if (!(await claimPayment(shard, ref))) return;
  const payments = await readPayments(shard, ref.showId, ref.reservationId);
  const payment = payments.find((entry) => entry.attempt === ref.attempt);
  const reservation = await readReservation(shard, ref.showId, ref.reservationId);
  if (!payment || !reservation) return;
  const nowMs = await readNowMs(shard);
  if (!isOpenPayment(payment.state)) {
    await lookOnceMore(deps, shard, payment);
    return;
  }
  const ageMs = nowMs - payment.createdAtMs;
  const isOver = reservation.dueAtMs !== null && reservation.dueAtMs <= nowMs;
  const ending = reservation.state === 'ENDING' || (isOver && (await beginEnding(deps, payment)));
  const settled = ending
    ? await endAttempt(deps, payment, ageMs)
    : await learnAndSettle(deps, payment, ageMs);
  if (!settled) {
    const inMs = nextCheckMs(nowMs, payment, reservation) - nowMs;
    await scheduleCheck(shard, ref, inMs);
  }
}

async function learnAndSettle(deps: SettleDeps, payment: Payment, ageMs: number): Promise<boolean> {
  const fact = await learnAttempt(deps, payment, ageMs);
  if (!fact) return false;
  const { effect } = await settleFact(deps, payment, fact);
  return effect !== 'mismatch' && effect !== 'nothing';
}

/**
 * An attempt that was given up because the provider knew of no intent is looked for once more: a
 * call may have been under way for longer than anybody waits.
 */
async function lookOnceMore(deps: SettleDeps, shard: Database, payment: Payment): Promise<void> {
  const found = await findAttempt(deps, payment);
  const intentId = 'intentId' in found ? found.intentId : undefined;
  if (intentId) {
    const fact = factOf(await deps.payments.cancelIntent(intentId));
    if (!fact) return scheduleCheck(shard, payment, lookAgainMs);
    await settleFact(deps, payment, fact);
  }
  const isKnown = intentId !== undefined || found.kind === 'not_found';
  await scheduleCheck(shard, payment, isKnown ? null : lookAgainMs);
}

const lookAgainMs = 60_000;
