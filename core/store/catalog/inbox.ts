import type { ShowId } from '../../domain/ids.js';
import type { Database } from '../database.js';

/** One event of the payment provider, stored before it is acknowledged. */
export type InboxEvent = {
  eventId: string;
  kind: string;
  /** What it is about; null for events that aren't ours. */
  showId: ShowId | null;
  reservationId: number | null;
  attempt: number | null;
  intentId: string | null;
  refundNo: number | null;
  refundId: string | null;
  /** `refunded`, `refund_pending` or `refund_failed`. */
  refundOutcome: string | null;
  disputeId: string | null;
};

/** True when something may have to be settled; a dispute's intent is yet to say whose it is. */
export function isToSettle({ showId, disputeId }: InboxEvent): boolean {
  return showId !== null || disputeId !== null;
}

/** How long whoever stores or claims an event has to settle it before another may try. */
const claimSeconds = 15;

/**
 * Stores an event once; false for a repeat. Events that aren't ours are kept, but wait for
 * nothing.
 */
export async function insertEvent(catalog: Database, event: InboxEvent): Promise<boolean> {
  const waits = isToSettle(event);
  const { matched } = await catalog.change(
    `INSERT IGNORE INTO inbox (event_id, kind, show_id, reservation_id, attempt, intent_id,
       refund_no, refund_id, refund_outcome, dispute_id, waiting, due_at, settled_at)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, NOW(3) + INTERVAL ${claimSeconds} SECOND,
       IF(?, NULL, NOW(3)))`,
    [
      event.eventId,
      event.kind,
      event.showId,
      event.reservationId,
      event.attempt,
      event.intentId,
      event.refundNo,
      event.refundId,
      event.refundOutcome,
      event.disputeId,
      waits ? 1 : null,
      waits ? 1 : 0,
    ],
  );
  return matched === 1;
}

/** Events that still wait, longest first, when their storer didn't settle them. */
export async function listDueEvents(catalog: Database, rowsMax: number): Promise<InboxEvent[]> {
  return catalog.rows(
    `SELECT event_id AS eventId, kind, show_id AS showId, reservation_id AS reservationId, attempt,
       intent_id AS intentId, refund_no AS refundNo, refund_id AS refundId,
       refund_outcome AS refundOutcome, dispute_id AS disputeId
     FROM inbox WHERE waiting = 1 AND due_at <= NOW(3) ORDER BY due_at LIMIT ?`,
    [rowsMax],
  );
}

/** Takes a waiting event for one try; false when another processor was faster. */
export async function claimEvent(catalog: Database, eventId: string): Promise<boolean> {
  const { matched } = await catalog.change(
    `UPDATE inbox SET due_at = NOW(3) + INTERVAL ${claimSeconds} SECOND
     WHERE event_id = ? AND waiting = 1 AND due_at <= NOW(3)`,
    [eventId],
  );
  return matched === 1;
}

export async function markEventSettled(catalog: Database, eventId: string): Promise<void> {
  await catalog.change(
    'UPDATE inbox SET waiting = NULL, settled_at = NOW(3) WHERE event_id = ? AND waiting = 1',
    [eventId],
  );
}

/** Forgets events that were settled more than `daysKept` days ago. Returns how many. */
export async function pruneEvents(
  catalog: Pick<Database, 'change'>,
  { daysKept, rowsMax }: { daysKept: number; rowsMax: number },
): Promise<number> {
  const { matched } = await catalog.change(
    `DELETE FROM inbox WHERE waiting IS NULL AND due_at < NOW(3) - INTERVAL ? DAY
       AND settled_at IS NOT NULL LIMIT ?`,
    [daysKept, rowsMax],
  );
  return matched;
}
