// I10, I20: every request has one outcome, every hold an end in time.
import type { Findings } from './findings.js';
import { groupBy, type ShowRows } from './rows.js';

const outcomes = ['GRANTED', 'REFUSED', 'WITHDRAWN', 'LAPSED'];
/** How long after its end a hold may still be active: one round of the sweeper. */
const sweepMsMax = 10_000;

export function checkRequests(show: ShowRows, findings: Findings): void {
  const entries = groupBy(
    show.log.filter((entry) => outcomes.includes(entry.kind)),
    (entry) => entry.subject_id,
  );
  findings.checked('I10', show.requests.length);
  for (const request of show.requests) {
    const told = entries.get(request.request_id) ?? [];
    entries.delete(request.request_id);
    const decided = request.state !== 'ACCEPTED';
    const right =
      told.length === (decided ? 1 : 0) && (!decided || told[0]?.kind === request.state);
    if (right) continue;
    findings.add({
      rule: 'I10',
      where: show.where,
      text: `request ${request.request_id} is ${request.state}, the log tells ${told.map((entry) => `${entry.kind} at ${entry.lsn}`).join(', ') || 'nothing'}`,
      rows: [`request(${request.request_id})`, ...told.map((entry) => `show_log(${entry.lsn})`)],
      cause:
        'a request was decided twice, or its decision and its log entry were not one transaction',
    });
  }
  for (const [requestId, told] of entries) {
    findings.add({
      rule: 'I10',
      where: show.where,
      text: `the log decides request ${requestId}, which is not there`,
      rows: told.map((entry) => `show_log(${entry.lsn})`),
      cause: 'the request was deleted, or the decision was taken from memory after a rollback',
    });
  }
  const keys = groupBy(show.requests, (row) => `${row.fan_id} ${row.idem_key}`);
  findings.checked('I11', keys.size);
  for (const group of keys.values()) {
    if (group.length < 2) continue;
    findings.add({
      rule: 'I11',
      where: show.where,
      text: `${group.length} requests share one idempotency key`,
      rows: group.map((row) => `request(${row.request_id})`),
      cause: 'the unique key of the journal is gone',
    });
  }
}

export function checkHolds(show: ShowRows, findings: Findings): void {
  const held = show.reservations.filter((row) => row.state === 'HELD');
  findings.checked('I20', held.length);
  for (const row of held) {
    const lateMs = show.nowMs - (row.due_at ?? row.expires_at).getTime();
    if (lateMs <= sweepMsMax) continue;
    findings.add({
      rule: 'I20',
      where: show.where,
      text: `reservation ${row.reservation_id} is still HELD ${Math.round(lateMs / 1000)} s after its end`,
      rows: [`reservation(${row.reservation_id})`],
      cause: 'no processor sweeps this shard, or its sweep fails; see `usher status`',
    });
  }
}
