// I8: the hashes of the log, made again from its rows.
import { createHash } from 'node:crypto';
import type { Findings } from './findings.js';
import type { LogRow, ShowRows } from './rows.js';

/**
 * Entries from before the log had hashes come first and have none; from the first hash on, each is
 * over the one before it, and the head has the last.
 */
export function checkChain(show: ShowRows, findings: Findings): void {
  const cause = 'the log was rewritten by hand, or an entry was written outside the head lock';
  const first = show.log.findIndex((entry) => entry.chain !== '');
  let chain = '';
  for (const entry of first < 0 ? [] : show.log.slice(first)) {
    const expected = hashOf(show.showId, chain, entry);
    if (entry.chain !== expected) {
      const text = `entry ${entry.lsn} ${entry.kind} is not what its hash was made of`;
      const rows = [`show_log(${entry.lsn})`];
      findings.add({ rule: 'I8', where: show.where, text, rows, cause });
    }
    chain = entry.chain;
  }
  if (chain === show.head.chain) return;
  const text = 'the hash of the last entry is not the one that the head has';
  findings.add({ rule: 'I8', where: show.where, text, rows: ['show_head'], cause });
}

function hashOf(showId: number, chain: string, entry: LogRow): string {
  const { lsn, at, kind, subject_id: subject, detail } = entry;
  return createHash('sha256')
    .update([chain, showId, lsn, at.getTime(), kind, subject, detail].join('|'))
    .digest('base64url');
}
