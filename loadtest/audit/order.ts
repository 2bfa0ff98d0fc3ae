// I14, I19: the order and the times of decisions and ends, from the log's own clock.
import type { Findings } from './findings.js';
import { isOffer } from './replay.js';
import type { RequestRow, ShowRows } from './rows.js';

const decisions = ['GRANTED', 'REFUSED', 'LAPSED'];
/** Two arrivals closer than this may be decided in either order: one batch and one lock wait. */
const inversionMsMax = 5_000;

/** `clockMsMax`: so far the database's clock may have been put back meanwhile. */
export function checkOrder(show: ShowRows, clockMsMax: number, findings: Findings): void {
  checkInversions(show, inversionMsMax + clockMsMax, findings);
  checkEarlyEnds(show, findings);
}

function checkInversions(show: ShowRows, msMax: number, findings: Findings): void {
  const requests = new Map(show.requests.map((row) => [row.request_id, row]));
  let latest: RequestRow | undefined;
  for (const entry of show.log) {
    const request = decisions.includes(entry.kind) ? requests.get(entry.subject_id) : undefined;
    if (!request || isOffer(entry)) continue;
    findings.checked('I14', 1);
    const ms = latest ? latest.accepted_at.getTime() - request.accepted_at.getTime() : 0;
    if (latest && ms > msMax) {
      findings.add({
        rule: 'I14',
        where: show.where,
        text: `request ${request.request_id} came ${ms} ms before request ${latest.request_id} and was decided after it`,
        rows: [`request(${request.request_id})`, `request(${latest.request_id})`],
        cause: 'the drain began above an undecided request, or a request was set aside for long',
      });
    }
    if (!latest || request.accepted_at > latest.accepted_at) latest = request;
  }
}

function checkEarlyEnds(show: ShowRows, findings: Findings): void {
  const reservations = new Map(show.reservations.map((row) => [row.reservation_id, row]));
  let isCancelled = false;
  for (const entry of show.log) {
    // With its show every hold ends, also one that is being paid.
    isCancelled ||= entry.kind === 'SHOW_CANCEL';
    if (entry.kind !== 'EXPIRED' || isCancelled) continue;
    findings.checked('I19', 1);
    const row = reservations.get(entry.subject_id);
    if (!row || entry.at >= row.expires_at) continue;
    findings.add({
      rule: 'I19',
      where: show.where,
      text: `reservation ${row.reservation_id} ended at ${entry.at.toISOString()}, its time was until ${row.expires_at.toISOString()}`,
      rows: [`reservation(${row.reservation_id})`, `show_log(${entry.lsn})`],
      cause: "the end was judged by a program's clock, or read before the locks",
    });
  }
}
