import type { Queryable, Tx } from '../database.js';

export type AuditEntry = {
  /** Who did it: a member of staff's name, or the program that acted by itself. */
  actor: string;
  /** Noun and verb, such as `sale.pause`. */
  action: string;
  subject: string;
  before?: unknown;
  after?: unknown;
};

export type AuditRow = {
  audit_id: number;
  at: Date;
  actor: string;
  action: string;
  subject: string;
  before: unknown;
  after: unknown;
};

/** Writes one line of the audit in the transaction of the change that it tells of. */
export async function writeAudit(tx: Tx, entry: AuditEntry): Promise<void> {
  await tx.change(
    'INSERT INTO audit (actor, action, subject, before_value, after_value) VALUES (?, ?, ?, ?, ?)',
    [
      entry.actor.slice(0, 80),
      entry.action.slice(0, 40),
      entry.subject.slice(0, 80),
      entry.before === undefined ? null : JSON.stringify(entry.before),
      entry.after === undefined ? null : JSON.stringify(entry.after),
    ],
  );
}

/** The audit, newest first; `beforeId` goes on after an earlier page. */
export async function listAudit(
  catalog: Pick<Queryable, 'rows'>,
  { subject, beforeId, limit = 100 }: { subject?: string; beforeId?: number; limit?: number } = {},
): Promise<AuditRow[]> {
  const rows = await catalog.rows<
    Omit<AuditRow, 'before' | 'after'> & { before_value: string | null; after_value: string | null }
  >(
    `SELECT audit_id, at, actor, action, subject, before_value, after_value FROM audit
     WHERE (? IS NULL OR subject = ?) AND (? IS NULL OR audit_id < ?)
     ORDER BY audit_id DESC LIMIT ?`,
    [subject ?? null, subject ?? null, beforeId ?? null, beforeId ?? null, Math.min(limit, 1_000)],
  );
  return rows.map(({ before_value, after_value, ...row }) => ({
    ...row,
    before: parsed(before_value),
    after: parsed(after_value),
  }));
}

function parsed(text: string | null): unknown {
  return text === null ? null : JSON.parse(text);
}
