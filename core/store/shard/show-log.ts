import { hash } from 'node:crypto';
import type { ShowId } from '../../domain/ids.js';
import type { SqlValue, Tx } from '../database.js';

export type LogEntry = { kind: string; subjectId: number; detail: Record<string, unknown> };

/** The last entry of a show's log: its number and its hash, which the next entry is chained to. */
export type LogEnd = { lsn: number; chain: string };

/**
 * The rows that append entries to a show's log, and the log's new end for the head. The hash is
 * made here, from what was read with the locked head, so the chain costs no statement.
 */
export function chainLog(
  showId: ShowId,
  { end, at }: { end: LogEnd; at: Date },
  entries: LogEntry[],
): { rows: SqlValue[][]; end: LogEnd } {
  let { lsn, chain } = end;
  const atMs = at.getTime();
  const rows = entries.map(({ kind, subjectId, detail }) => {
    const text = JSON.stringify(detail);
    lsn += 1;
    chain = hash(
      'sha256',
      `${chain}|${showId}|${lsn}|${atMs}|${kind}|${subjectId}|${text}`,
      'base64url',
    );
    return [showId, lsn, at, kind, subjectId, text, chain];
  });
  return { rows, end: { lsn, chain } };
}

/** Rows: as made by `chainLog`. */
export async function insertLog(tx: Tx, rows: SqlValue[][]): Promise<void> {
  if (rows.length === 0) return;
  await tx.change(
    'INSERT INTO show_log (show_id, lsn, at, kind, subject_id, detail, chain) VALUES ?',
    [rows],
  );
}
