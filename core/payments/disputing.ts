import { type Dispute, type DisputeState, readDisputes } from '../store/shard/disputes.js';
import { settleDisputeMoney } from '../store/shard/settle-dispute.js';
import { changeShow } from '../store/shard/show-change.js';
import type { MetadataRef } from './attempt-key.js';
import { isBooked, ourPayment, ourRef } from './compare.js';
import { noteDispute } from './issues.js';
import type { DisputeState as Told } from './outcomes.js';
import { factOf, type SettleDeps, settleFact } from './settling.js';

/**
 * Asks how a dispute stands now, whatever an event said of it, and brings books and work list to it.
 * Safe to repeat and in any order. False when the provider can't tell yet.
 */
export async function driveDispute(deps: SettleDeps, disputeId: string): Promise<boolean> {
  const outcome = await deps.payments.retrieveDispute(disputeId);
  if (outcome.kind !== 'dispute') return outcome.kind === 'not_found';
  return (await settleDispute(deps, outcome)) !== 'waits';
}

/**
 * Settles how the provider says that a dispute stands. Returns our row, undefined when it has none
 * (a charge that isn't ours, or nothing was taken for it), and `waits` when the provider can't tell
 * whose it is.
 */
export async function settleDispute(
  deps: SettleDeps,
  told: Told,
): Promise<Dispute | undefined | 'waits'> {
  const ref = await refOf(deps, told.intentId);
  if (ref === 'waits') return 'waits';
  await noteDispute(deps.catalog, told, ref);
  const ours = ref && (await settleRow(deps, ref, told));
  // Whoever was slower than another: the row knows the end, which the list must not forget.
  if (ours) await noteDispute(deps.catalog, { ...told, outcome: outcomeOf[ours.state] }, ref);
  return ours;
}

export const outcomeOf = { OPEN: 'open', WON: 'won', LOST: 'lost' } as const;

const stateOf: Record<Told['outcome'], DisputeState | undefined> = {
  inquiry: undefined,
  open: 'OPEN',
  won: 'WON',
  lost: 'LOST',
  dropped: 'WON',
};

async function settleRow(
  deps: SettleDeps,
  { showId, reservationId, attempt }: MetadataRef,
  told: Told,
): Promise<Dispute | undefined> {
  const { disputeId, intentId, amount: money, outcome, reason } = told;
  const shard = await deps.shards.forShow(showId);
  const state = stateOf[outcome];
  const known = await readDisputes(shard, showId, reservationId);
  const ours = known.find((one) => one.disputeId === disputeId);
  if (state === undefined || (outcome === 'dropped' && !ours)) return ours;
  const wish = { reservationId, attempt, intentId, disputeId, ...money, reason, state };
  const { result } = await changeShow(shard, showId, (change) => settleDisputeMoney(change, wish));
  return result;
}

/** Which attempt of ours a disputed intent has paid, with its money in our books. */
async function refOf(
  deps: SettleDeps,
  intentId: string,
): Promise<MetadataRef | undefined | 'waits'> {
  if (intentId === '') return undefined;
  const intent = await deps.payments.retrieveIntent(intentId, 'refund');
  if (intent.kind === 'not_found') return undefined;
  if (!('metadata' in intent)) return 'waits';
  const ref = await ourRef(deps, intent.metadata);
  const payment = ref && (await ourPayment(deps, ref));
  if (!payment) return undefined;
  // Its event may be later than that of the dispute, and what never came can't be taken back.
  const fact = (await isBooked(deps, payment, intentId)) ? undefined : factOf(intent);
  if (fact) await settleFact(deps, payment, fact);
  const now = fact ? await ourPayment(deps, ref) : payment;
  return now && (await isBooked(deps, now, intentId)) ? ref : undefined;
}
