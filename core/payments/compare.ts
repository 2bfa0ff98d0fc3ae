import type { PaymentState } from '../domain/states.js';
import type { Issue } from '../store/catalog/payment-issues.js';
import { type Payment, readPayments } from '../store/shard/payments.js';
import { type Refund, readRefunds } from '../store/shard/refunds.js';
import { attemptKey, type MetadataRef, readMetadata } from './attempt-key.js';
import type { IntentState, RefundState } from './outcomes.js';
import { refundFactOf, settleRefund } from './refunding.js';
import { factOf, type SettleDeps, settleFact } from './settling.js';

const taken: ReadonlySet<PaymentState> = new Set([
  'SUCCEEDED',
  'SUCCEEDED_LATE',
  'RETAKEN',
  'REFUNDED',
]);

/** True for a payment whose money came, whatever became of it later. */
export function isTaken(state: PaymentState): boolean {
  return taken.has(state);
}

type Taken = IntentState & { kind: 'succeeded' };

/**
 * Compares one charge of the provider with our books, and settles it if nobody has. Undefined when
 * both agree.
 */
export async function compareCharge(deps: SettleDeps, theirs: Taken): Promise<Issue | undefined> {
  const { intentId, received } = theirs;
  const told = { objectId: intentId, theirs: received.amount, currency: received.currency };
  const ref = await ourRef(deps, theirs.metadata);
  let found = ref && (await ourPayment(deps, ref));
  if (!ref || !found) {
    const detail = 'The provider took money that no attempt of ours asked for.';
    return { ...told, kind: 'foreign_charge', ours: 0, detail };
  }
  const about = { ...told, showId: ref.showId, reservationId: ref.reservationId };
  if (!(await isBooked(deps, found, intentId))) {
    const fact = factOf(theirs);
    if (fact) await settleFact(deps, found, fact);
    found = (await ourPayment(deps, ref)) ?? found;
  }
  if (!(await isBooked(deps, found, intentId))) {
    const detail = `The provider took the money of an attempt that is ${found.state}.`;
    return { ...about, kind: 'charge_unsettled', ours: 0, detail };
  }
  if (found.intentId !== intentId) return undefined;
  const ours = found.receivedAmount ?? found.amount;
  const currency = found.receivedCurrency ?? found.currency;
  if (ours === received.amount && currency === received.currency) return undefined;
  const detail = `Our books have another amount than the provider: ${ours} ${currency}.`;
  return { ...about, kind: 'charge_amount', ours, detail };
}

/** Compares one refund of the provider with our books, and brings ours forward if it is behind. */
export async function compareRefund(
  deps: SettleDeps,
  theirs: RefundState,
): Promise<Issue | undefined> {
  const { amount, currency } = theirs.amount;
  const told = { objectId: theirs.refundId, theirs: amount, currency };
  const ref = await ourRef(deps, theirs.metadata);
  const refundNo = ref?.refundNo;
  let ours = ref && (await ourRefund(deps, ref));
  if (!ref || refundNo === undefined || !ours) {
    if (theirs.kind === 'refund_failed') return undefined;
    const detail = `A refund of ${theirs.intentId} was made at the provider itself. Cancel the booking here too if its tickets should end.`;
    const about = { showId: ref?.showId, reservationId: ref?.reservationId };
    return { ...told, ...about, kind: 'foreign_refund', ours: 0, detail };
  }
  const about = { ...told, showId: ref.showId, reservationId: ref.reservationId };
  const fact = refundFactOf(theirs);
  if (fact && ours.state !== stateOf[theirs.kind]) {
    await settleRefund(deps, { ...ref, refundNo }, fact);
    ours = (await ourRefund(deps, ref)) ?? ours;
  }
  if (ours.state !== stateOf[theirs.kind]) {
    const detail = `Our refund is ${ours.state}, the provider's is ${stateOf[theirs.kind]}.`;
    return { ...about, kind: 'refund_unsettled', ours: ours.amount, detail };
  }
  if (ours.amount === amount && ours.currency === currency) return undefined;
  const detail = `Our refund is of ${ours.amount} ${ours.currency}.`;
  return { ...about, kind: 'refund_amount', ours: ours.amount, detail };
}

const stateOf = {
  refunded: 'SUCCEEDED',
  refund_pending: 'PENDING',
  refund_failed: 'FAILED',
} as const;

/** What metadata names, if it is a show of this Usher. */
export async function ourRef(
  deps: SettleDeps,
  metadata: Record<string, string>,
): Promise<MetadataRef | undefined> {
  const ref = readMetadata(metadata);
  return ref && (await deps.shards.idOf(ref.showId)) !== undefined ? ref : undefined;
}

export async function ourPayment(deps: SettleDeps, ref: MetadataRef): Promise<Payment | undefined> {
  const shard = await deps.shards.forShow(ref.showId);
  const payments = await readPayments(shard, ref.showId, ref.reservationId);
  const payment = payments.find((entry) => entry.attempt === ref.attempt);
  return payment && attemptKey(payment) === ref.attemptKey ? payment : undefined;
}

async function ourRefund(deps: SettleDeps, ref: MetadataRef): Promise<Refund | undefined> {
  if (!(await ourPayment(deps, ref))) return undefined;
  const shard = await deps.shards.forShow(ref.showId);
  const refunds = await readRefunds(shard, ref.showId, ref.reservationId);
  return refunds.find((refund) => refund.refundNo === ref.refundNo);
}

/** The attempt's own intent was taken, or it is a second one whose money is going back. */
export async function isBooked(
  deps: SettleDeps,
  payment: Payment,
  intentId: string,
): Promise<boolean> {
  if (payment.intentId === intentId) return isTaken(payment.state);
  const shard = await deps.shards.forShow(payment.showId);
  const refunds = await readRefunds(shard, payment.showId, payment.reservationId);
  return refunds.some((refund) => refund.intentId === intentId);
}
