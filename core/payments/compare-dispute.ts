import type { ShowId } from '../domain/ids.js';
import type { Issue } from '../store/catalog/payment-issues.js';
import { type Dispute, readDisputes } from '../store/shard/disputes.js';
import { outcomeOf, settleDispute } from './disputing.js';
import type { DisputeState } from './outcomes.js';
import type { SettleDeps } from './settling.js';

/**
 * Settles a dispute of the provider and compares it with our books; undefined when both agree. One
 * that waits for an answer is on the work list already. @throws Error when it can't be settled now.
 */
export async function compareDispute(
  deps: SettleDeps,
  theirs: DisputeState,
): Promise<Issue | undefined> {
  const ours = await settleDispute(deps, theirs);
  if (ours === 'waits') throw new Error('the provider could not be asked about a dispute');
  return ours && differenceOf(ours, theirs);
}

function differenceOf(ours: Dispute, theirs: DisputeState): Issue | undefined {
  const { amount, currency } = theirs.amount;
  const outcome = theirs.outcome === 'dropped' ? 'won' : theirs.outcome;
  const same = ours.amount === amount && ours.currency === currency;
  if (same && outcomeOf[ours.state] === outcome) return undefined;
  return {
    kind: 'dispute_unsettled',
    objectId: ours.disputeId,
    ...{ showId: ours.showId, reservationId: ours.reservationId },
    ...{ ours: ours.amount, theirs: amount, currency },
    detail: `Our books have the dispute as ${ours.state} over ${ours.amount} ${ours.currency}, the provider as ${theirs.outcome}.`,
  };
}

/** Disputes in our books of which the provider's list had none; each is asked for. */
export async function missingDisputes(
  deps: SettleDeps,
  { showId, reservationId }: { showId: ShowId; reservationId: number },
  seen: Set<string>,
): Promise<Issue[]> {
  const issues: Issue[] = [];
  const shard = await deps.shards.forShow(showId);
  for (const ours of await readDisputes(shard, showId, reservationId)) {
    if (seen.has(ours.disputeId)) continue;
    const outcome = await deps.payments.retrieveDispute(ours.disputeId);
    if (outcome.kind === 'dispute') {
      const issue = await compareDispute(deps, outcome);
      if (issue) issues.push(issue);
      continue;
    }
    if (outcome.kind !== 'not_found' && outcome.kind !== 'rejected') {
      throw new Error(`the provider could not be asked: ${outcome.kind}`);
    }
    const { disputeId: objectId, amount, currency } = ours;
    const detail = `Our books have the dispute ${objectId}, the provider does not know it.`;
    const money = { ours: amount, theirs: 0, currency };
    issues.push({ kind: 'dispute_missing', objectId, showId, reservationId, ...money, detail });
  }
  return issues;
}
