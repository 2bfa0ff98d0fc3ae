// I7: what ended before another thing began, by the fans' clock, stands before it in the log.
import type { CallEntry } from '../crowd/client-log.js';
import type { Findings } from './findings.js';
import { reservedSeats, type ShowRows } from './rows.js';

type Operation = { lsn: number; start: number; end: number; name: string };

export function checkRealTime(calls: CallEntry[], shows: ShowRows[], findings: Findings): void {
  const starts = new Map<string, number>();
  const ends = new Map<string, number>();
  for (const call of calls) {
    if (call.op !== 'reserve' && call.op !== 'release') continue;
    const name =
      call.op === 'reserve' ? `${call.fan} ${call.key}` : (call.path.split('/').at(-1) ?? '');
    // A repeated call is one operation: from its first start to its first answer that says so.
    if (!starts.has(name)) starts.set(name, call.start);
    if ((call.status === 200 || call.status === 204) && !ends.has(name)) ends.set(name, call.end);
  }
  for (const show of shows) checkShow(show, { starts, ends }, findings);
}

function checkShow(
  show: ShowRows,
  { starts, ends }: { starts: Map<string, number>; ends: Map<string, number> },
  findings: Findings,
): void {
  const keys = new Map(
    show.requests.map((row) => [row.request_id, `${row.fan_id} ${row.idem_key}`]),
  );
  const seats = new Map(show.reservations.map((row) => [row.reservation_id, reservedSeats(row)]));
  const bySeat = new Map<number, Operation[]>();
  for (const entry of show.log) {
    if (entry.kind !== 'GRANTED' && entry.kind !== 'RELEASED') continue;
    const released = `res_${show.showId.toString(36)}_${entry.subject_id.toString(36)}`;
    const name = entry.kind === 'GRANTED' ? keys.get(entry.subject_id) : released;
    const start = starts.get(name ?? '');
    const end = ends.get(name ?? '');
    if (name === undefined || start === undefined || end === undefined) continue;
    for (const { seatNo } of seats.get(entry.subject_id) ?? []) {
      bySeat.set(seatNo, [...(bySeat.get(seatNo) ?? []), { lsn: entry.lsn, start, end, name }]);
    }
  }
  for (const [seatNo, operations] of bySeat) checkSeat(show, seatNo, operations, findings);
}

/** Operations come in the order of the log: none may have ended before an earlier one began. */
function checkSeat(
  show: ShowRows,
  seatNo: number,
  operations: Operation[],
  findings: Findings,
): void {
  findings.checked('I7', operations.length);
  let last: Operation | undefined;
  for (const operation of operations) {
    if (last && operation.end < last.start) {
      findings.add({
        rule: 'I7',
        where: show.where,
        text: `of seat ${seatNo}, entry ${operation.lsn} was answered before the call of entry ${last.lsn} began`,
        rows: [`show_log(${last.lsn})`, `show_log(${operation.lsn})`],
        cause: 'an answer was given before its change was committed',
      });
    }
    if (!last || operation.start > last.start) last = operation;
  }
}
