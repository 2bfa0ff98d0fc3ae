import type { ShowId } from '../domain/ids.js';
import { type CloseTotals, finishClose, noTotals } from '../store/catalog/payment-closes.js';
import { type Issue, insertIssue, resolveUnseen } from '../store/catalog/payment-issues.js';
import { readNowMs } from '../store/database.js';
import { readPayments } from '../store/shard/payments.js';
import { readRefunds } from '../store/shard/refunds.js';
import { listMovedMoney, sumMoves } from '../store/shard/unsettled.js';
import { compareCharge, compareRefund, isTaken } from './compare.js';
import { compareDispute, missingDisputes } from './compare-dispute.js';
import type { ProviderBooks } from './outcomes.js';
import type { SettleDeps } from './settling.js';

/** One day in UTC. */
export function spanOf(day: string): { from: Date; to: Date } {
  const from = new Date(`${day}T00:00:00.000Z`);
  return { from, to: new Date(from.getTime() + 86_400_000) };
}

/**
 * Compares every charge, refund and dispute of a day, the provider's with our books and ours with the
 * provider's. What can be settled is settled; what still differs is put on the work list. Returns
 * the number of differences. @throws Error when the provider's books can't be read now.
 */
export async function closeDay(deps: SettleDeps, day: string): Promise<number> {
  const since = new Date(await readNowMs(deps.catalog));
  const span = spanOf(day);
  const books = await deps.payments.readBooks(span);
  const issues: Issue[] = [];
  const note = (issue: Issue | undefined): void => {
    if (issue) issues.push({ ...issue, day });
  };
  const taken = books.payments.filter((payment) => payment.kind === 'succeeded');
  for (const payment of taken) note(await compareCharge(deps, payment));
  for (const refund of books.refunds) note(await compareRefund(deps, refund));
  for (const dispute of books.disputes) note(await compareDispute(deps, dispute));
  const seen = new Set([
    ...taken.map((payment) => payment.intentId),
    ...books.refunds.map((refund) => refund.refundId),
    ...books.disputes.map((dispute) => dispute.disputeId),
  ]);
  for (const issue of await missingAtProvider(deps, span, seen)) note(issue);
  for (const issue of issues) await insertIssue(deps.catalog, issue);
  await resolveUnseen(deps.catalog, day, since);
  await finishClose(deps.catalog, day, {
    charges: taken.length,
    refunds: books.refunds.length,
    differences: issues.length,
    totals: await totalsOf(deps, span, books),
  });
  return issues.length;
}

/** Money that moved by our books in the span and that the provider's list didn't have. */
async function missingAtProvider(
  deps: SettleDeps,
  span: { from: Date; to: Date },
  seen: Set<string>,
): Promise<Issue[]> {
  const issues: Issue[] = [];
  for (const shardId of deps.shards.ids()) {
    const moved = await listMovedMoney(deps.shards.byId(shardId), span);
    for (const ref of moved) issues.push(...(await missingOf(deps, ref, seen)));
  }
  return issues;
}

/** The list holds what was created that day; the rest is asked for one by one. */
async function missingOf(
  deps: SettleDeps,
  ref: { showId: ShowId; reservationId: number },
  seen: Set<string>,
): Promise<Issue[]> {
  const { showId, reservationId } = ref;
  const shard = await deps.shards.forShow(showId);
  const issues: Issue[] = [];
  for (const payment of await readPayments(shard, showId, reservationId)) {
    const { intentId, currency } = payment;
    if (intentId === null || !isTaken(payment.state) || seen.has(intentId)) continue;
    const outcome = await deps.payments.retrieveIntent(intentId, 'refund');
    if (outcome.kind === 'succeeded') continue;
    if (outcome.kind === 'unknown' || outcome.kind === 'unavailable' || outcome.kind === 'queued') {
      throw new Error(`the provider could not be asked: ${outcome.kind}`);
    }
    const ours = payment.receivedAmount ?? payment.amount;
    const detail = `Our books say that ${intentId} was paid, the provider says ${outcome.kind}.`;
    const kind = 'charge_missing';
    issues.push({ ...ref, kind, objectId: intentId, ours, theirs: 0, currency, detail });
  }
  for (const refund of await readRefunds(shard, showId, reservationId)) {
    const { providerId, amount, currency } = refund;
    if (providerId === null || refund.state !== 'SUCCEEDED' || seen.has(providerId)) continue;
    const outcome = await deps.payments.retrieveRefund(providerId);
    if (outcome.kind === 'refunded') continue;
    if (outcome.kind === 'unknown' || outcome.kind === 'unavailable' || outcome.kind === 'queued') {
      throw new Error(`the provider could not be asked: ${outcome.kind}`);
    }
    if ('refundId' in outcome) {
      const issue = await compareRefund(deps, outcome);
      if (issue) issues.push(issue);
      continue;
    }
    const detail = `Our books say that ${providerId} was made, the provider says ${outcome.kind}.`;
    const kind = 'refund_missing';
    issues.push({ ...ref, kind, objectId: providerId, ours: amount, theirs: 0, currency, detail });
  }
  issues.push(...(await missingDisputes(deps, ref, seen)));
  return issues;
}

async function totalsOf(
  deps: SettleDeps,
  span: { from: Date; to: Date },
  books: ProviderBooks,
): Promise<CloseTotals> {
  const totals = new Map<string, CloseTotals[number]>();
  const of = (currency: string): CloseTotals[number] => {
    const known = totals.get(currency) ?? { currency, ...noTotals };
    totals.set(currency, known);
    return known;
  };
  for (const payment of books.payments) {
    if (payment.kind !== 'succeeded') continue;
    of(payment.received.currency).charged_theirs += payment.received.amount;
  }
  for (const refund of books.refunds) {
    if (refund.kind === 'refunded') {
      of(refund.amount.currency).refunded_theirs += refund.amount.amount;
    }
  }
  for (const { amount, outcome } of books.disputes) {
    if (outcome === 'inquiry' || outcome === 'dropped') continue;
    of(amount.currency).disputed_theirs += amount.amount;
  }
  for (const shardId of deps.shards.ids()) {
    for (const move of await sumMoves(deps.shards.byId(shardId), span)) {
      const { debit, credit, amount } = move;
      if (debit === 'disputed') of(move.currency).disputed_ours += amount;
      else if (credit === 'provider') of(move.currency).refunded_ours += amount;
      else if (debit === 'provider' && credit !== 'disputed') {
        of(move.currency).charged_ours += amount;
      }
    }
  }
  return [...totals.values()].sort((a, b) => a.currency.localeCompare(b.currency));
}
