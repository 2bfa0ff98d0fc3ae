import type { ShowId } from '../../domain/ids.js';
import type { Database, Queryable } from '../database.js';

/** Something about money that a person must look at; `objectId` is the provider's or our id. */
export type Issue = {
  kind:
    | 'wrong_money'
    | 'mismatch'
    | 'dispute'
    | 'dispute_missing'
    | 'dispute_unsettled'
    | 'foreign_charge'
    | 'foreign_refund'
    | 'charge_missing'
    | 'charge_unsettled'
    | 'charge_amount'
    | 'refund_missing'
    | 'refund_unsettled'
    | 'refund_amount';
  objectId: string;
  /** The day whose close found it, as `2026-05-09`. */
  day?: string | undefined;
  showId?: ShowId | undefined;
  reservationId?: number | undefined;
  /** Minor units by our books and by the provider's. */
  ours?: number | undefined;
  theirs?: number | undefined;
  currency?: string | undefined;
  detail: string;
};

export type OpenIssue = {
  issueId: number;
  kind: Issue['kind'];
  objectId: string;
  day: string | null;
  showId: ShowId | null;
  reservationId: number | null;
  ours: number | null;
  theirs: number | null;
  currency: string | null;
  detail: string;
  foundAt: Date;
};

/** Who resolves what a later close finds in order again. */
const byItself = 'usher';

/**
 * Puts an issue on the work list, once for its object. What staff have resolved stays resolved;
 * what a close had found in order again comes back.
 */
export async function insertIssue(catalog: Database, issue: Issue): Promise<void> {
  await catalog.change(
    `INSERT INTO payment_issue (kind, object_id, day, show_id, reservation_id, ours, theirs,
       currency, detail) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
     ON DUPLICATE KEY UPDATE seen_at = NOW(3), day = VALUES(day), ours = VALUES(ours),
       theirs = VALUES(theirs), detail = VALUES(detail),
       show_id = COALESCE(VALUES(show_id), show_id),
       reservation_id = COALESCE(VALUES(reservation_id), reservation_id),
       resolved_at = IF(resolved_by = '${byItself}', NULL, resolved_at),
       resolved_by = IF(resolved_by = '${byItself}', NULL, resolved_by)`,
    [
      issue.kind,
      issue.objectId.slice(0, 80),
      issue.day ?? null,
      issue.showId ?? null,
      issue.reservationId ?? null,
      issue.ours ?? null,
      issue.theirs ?? null,
      issue.currency ?? null,
      issue.detail.slice(0, 300),
    ],
  );
}

/** Open issues, oldest first. */
export async function listOpenIssues(
  catalog: Pick<Queryable, 'rows'>,
  rowsMax: number,
): Promise<OpenIssue[]> {
  return catalog.rows(
    `SELECT issue_id AS issueId, kind, object_id AS objectId,
       DATE_FORMAT(day, '%Y-%m-%d') AS day, show_id AS showId, reservation_id AS reservationId,
       ours, theirs, currency, detail, found_at AS foundAt
     FROM payment_issue WHERE resolved_at IS NULL ORDER BY issue_id LIMIT ?`,
    [rowsMax],
  );
}

/** Takes an issue off the list; false when it isn't open. */
export async function resolveIssue(
  catalog: Pick<Queryable, 'change'>,
  issueId: number,
  by: string,
): Promise<boolean> {
  const { matched } = await catalog.change(
    `UPDATE payment_issue SET resolved_at = NOW(3), resolved_by = ?
     WHERE issue_id = ? AND resolved_at IS NULL`,
    [by, issueId],
  );
  return matched === 1;
}

/** Resolves what earlier closes of a day had found and the one begun at `since` found no more. */
export async function resolveUnseen(catalog: Database, day: string, since: Date): Promise<void> {
  await catalog.change(
    `UPDATE payment_issue SET resolved_at = NOW(3), resolved_by = '${byItself}'
     WHERE resolved_at IS NULL AND day = ? AND seen_at < ?`,
    [day, since],
  );
}

/** Resolves the issues of an object, such as a dispute that was won. */
export async function resolveObject(
  catalog: Database,
  kind: Issue['kind'],
  objectId: string,
): Promise<void> {
  await catalog.change(
    `UPDATE payment_issue SET resolved_at = NOW(3), resolved_by = '${byItself}'
     WHERE resolved_at IS NULL AND kind = ? AND object_id = ?`,
    [kind, objectId],
  );
}
