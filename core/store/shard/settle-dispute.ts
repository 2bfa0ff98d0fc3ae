import {
  type Dispute,
  type DisputeState,
  endDispute,
  insertDispute,
  lockDispute,
} from './disputes.js';
import { lockReservation } from './reservations.js';
import type { ShowChange } from './show-change.js';

/** How the provider says that a dispute of a charge of ours stands; minor units. */
export type ToldDispute = Pick<
  Dispute,
  'reservationId' | 'attempt' | 'intentId' | 'disputeId' | 'amount' | 'currency' | 'reason'
> & { state: DisputeState };

/**
 * Books a dispute: its money leaves the provider when it opens, comes back when it is won, and is a
 * loss when not. One that is first heard of at its end is opened and ended at once; what is ended
 * stays so. Returns how it stands; undefined when there is no such reservation.
 */
export async function settleDisputeMoney(
  change: ShowChange,
  told: ToldDispute,
): Promise<Dispute | undefined> {
  if (!(await lockReservation(change, told.reservationId))) return undefined;
  const dispute = (await lockDispute(change, told)) ?? (await open(change, told));
  if (told.state === 'OPEN' || dispute.state !== 'OPEN') return dispute;
  await endDispute(change, dispute, told.state);
  const won = told.state === 'WON';
  note(change, won ? 'DISPUTE_WON' : 'DISPUTE_LOST', dispute);
  const { reservationId, amount, currency } = dispute;
  const debit = won ? 'provider' : 'chargeback';
  change.book({ reservationId, amount, currency, debit, credit: 'disputed' });
  return dispute;
}

async function open(change: ShowChange, told: ToldDispute): Promise<Dispute> {
  const { state: _told, ...row } = told;
  const { reservationId, amount, currency } = row;
  const dispute = await insertDispute(change, row);
  note(change, 'DISPUTED', dispute);
  change.book({ reservationId, amount, currency, debit: 'disputed', credit: 'provider' });
  return dispute;
}

function note(change: ShowChange, kind: string, dispute: Dispute): void {
  const { reservationId, attempt, disputeId } = dispute;
  change.log({ kind, subjectId: reservationId, detail: { attempt, dispute_id: disputeId } });
}
