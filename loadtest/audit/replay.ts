// I6, I8, I12, I13, I21: the log replayed from the first entry, seat by seat.
import type { Findings } from './findings.js';
import { type LogRow, type RequestRow, type ShowRows, wishOf, wishSize } from './rows.js';

export type Unit = { state: string; owner: number | null };
type Move = { from: string[]; to: string; owned: boolean };

/** What each kind of entry does to its seats. Kinds that name no seats move none. */
export const moves: Record<string, Move> = {
  GRANTED: { from: ['FREE'], to: 'HELD', owned: false },
  BOOKED: { from: ['HELD', 'FREE'], to: 'BOOKED', owned: true },
  RETAKEN: { from: ['FREE'], to: 'BOOKED', owned: true },
  EXPIRED: { from: ['HELD'], to: 'FREE', owned: true },
  RELEASED: { from: ['HELD'], to: 'FREE', owned: true },
  CANCELLED: { from: ['BOOKED'], to: 'FREE', owned: true },
  VOIDED: { from: ['BOOKED'], to: 'FREE', owned: true },
  RESEATED: { from: ['FREE'], to: 'BOOKED', owned: false },
  BLOCKED: { from: ['FREE'], to: 'BLOCKED', owned: false },
  UNBLOCKED: { from: ['BLOCKED'], to: 'FREE', owned: false },
};
const ends = ['EXPIRED', 'RELEASED'];
/** Refusals that say that the seats were gone. */
const losses = ['sold_out', 'show_full', 'seats_taken'];
/** Arrivals closer together than this may be decided in either order: one batch and one lock wait. */
const overtakingMsMin = 5_000;

/** `clockMsMax`: so far the database's clock may have been put back meanwhile. */
export function checkReplay(show: ShowRows, clockMsMax: number, findings: Findings): void {
  checkNumbers(show, findings);
  const units = startOf(show);
  const requests = new Map(show.requests.map((row) => [row.request_id, row]));
  const over = new Map<number, string>();
  for (const entry of show.log) {
    if (entry.kind === 'REFUSED') {
      checkRefusal(show, entry, requests.get(entry.subject_id), units, findings);
      continue;
    }
    checkEndsOnce(show, entry, over, findings);
    applyEntry(show, entry, units, over, findings);
  }
  findings.checked('I6', show.log.length);
  checkEnd(show, units, findings);
  checkOvertaking(show, requests, overtakingMsMin + clockMsMax, findings);
  checkReservationEnds(show, findings);
}

export function seatsOf(entry: LogRow): number[] {
  const { seats } = JSON.parse(entry.detail) as { seats?: unknown };
  return Array.isArray(seats) ? seats.map(Number) : [];
}

export function isOffer(entry: LogRow): boolean {
  return entry.kind === 'GRANTED' && JSON.parse(entry.detail).offer === true;
}

function checkNumbers(show: ShowRows, findings: Findings): void {
  findings.checked('I8', show.log.length);
  const cause =
    'an entry was written outside the head lock, or a transaction was committed in part';
  let expected = 1;
  for (const { lsn } of show.log) {
    if (lsn !== expected) {
      const text = `the log goes from ${expected - 1} to ${lsn}`;
      findings.add({ rule: 'I8', where: show.where, text, rows: [`show_log(${lsn})`], cause });
    }
    expected = lsn + 1;
  }
  if (expected - 1 === show.head.lsn) return;
  const text = `the log ends at ${expected - 1}, the head says ${show.head.lsn}`;
  findings.add({ rule: 'I8', where: show.where, text, rows: ['show_head'], cause });
}

/** How each seat began: nothing but its first move tells, since making a show isn't logged. */
export function startOf(show: ShowRows): Map<number, Unit> {
  const first = new Map<number, string>();
  for (const entry of show.log) {
    const move = moves[entry.kind];
    if (!move) continue;
    for (const seatNo of seatsOf(entry)) {
      if (!first.has(seatNo))
        first.set(seatNo, move.from.at(-1) === 'BLOCKED' ? 'BLOCKED' : 'FREE');
    }
  }
  // Seats that a later hall lacks have no row any more, and a history before that.
  const removed = show.log.filter((entry) => entry.kind === 'REMOVED').flatMap(seatsOf);
  const gone = new Map(
    removed.map((seatNo) => [seatNo, { state: first.get(seatNo) ?? 'FREE', owner: null } as Unit]),
  );
  const present = new Map<number, Unit>(
    show.seats.map((seat) => {
      const untouched = seat.state === 'BLOCKED' ? 'BLOCKED' : 'FREE';
      return [seat.seat_no, { state: first.get(seat.seat_no) ?? untouched, owner: null }];
    }),
  );
  return new Map([...gone, ...present]);
}

function applyEntry(
  show: ShowRows,
  entry: LogRow,
  units: Map<number, Unit>,
  over: Map<number, string>,
  findings: Findings,
): void {
  const move = moves[entry.kind];
  if (!move) return;
  for (const seatNo of seatsOf(entry)) {
    const unit = units.get(seatNo);
    // Late money may take its seats back, but only those of a hold that is over.
    const late = entry.kind === 'BOOKED' && unit?.state === 'FREE' && !over.has(entry.subject_id);
    const foreign = move.owned && unit?.owner !== null && unit?.owner !== entry.subject_id;
    if (!unit || !move.from.includes(unit.state) || foreign || late) {
      findings.add({
        rule: 'I6',
        where: show.where,
        text: `entry ${entry.lsn} ${entry.kind} of ${entry.subject_id} finds seat ${seatNo} ${unit ? `${unit.state} of ${unit.owner ?? 'nobody'}` : 'not there'}`,
        rows: [`show_log(${entry.lsn})`, `show_seat(${seatNo})`],
        cause: 'the seat was changed without the lock, or a change was not logged',
      });
    }
    const owner = move.to === 'HELD' || move.to === 'BOOKED' ? entry.subject_id : null;
    units.set(seatNo, { state: move.to, owner });
  }
}

function checkEnd(show: ShowRows, units: Map<number, Unit>, findings: Findings): void {
  for (const seat of show.seats) {
    const unit = units.get(seat.seat_no);
    if (unit?.state === seat.state && unit.owner === seat.reservation_id) continue;
    findings.add({
      rule: 'I6',
      where: show.where,
      text: `seat ${seat.seat} is ${seat.state} of ${seat.reservation_id ?? 'nobody'}, the log ends at ${unit?.state} of ${unit?.owner ?? 'nobody'}`,
      rows: [`show_seat(${seat.seat_no})`],
      cause: 'a change of the seat has no log entry, or the row was changed by hand',
    });
  }
}

function checkEndsOnce(
  show: ShowRows,
  entry: LogRow,
  over: Map<number, string>,
  findings: Findings,
): void {
  if (!ends.includes(entry.kind) && entry.kind !== 'BOOKED' && entry.kind !== 'RETAKEN') return;
  const before = over.get(entry.subject_id);
  findings.checked('I21', 1);
  over.set(entry.subject_id, entry.kind);
  // Paid after its end is the one second end that is allowed: late money retakes free seats.
  if (before === undefined || (ends.includes(before) && !ends.includes(entry.kind))) return;
  findings.add({
    rule: 'I21',
    where: show.where,
    text: `reservation ${entry.subject_id} ended as ${before} and again as ${entry.kind}`,
    rows: [`show_log(${entry.lsn})`, `reservation(${entry.subject_id})`],
    cause: 'a transition was written without its state in the WHERE clause',
  });
}

/** The reservation's state is the last end that the log tells. */
function checkReservationEnds(show: ShowRows, findings: Findings): void {
  const last = new Map<number, string>();
  for (const entry of show.log) {
    if (ends.includes(entry.kind)) last.set(entry.subject_id, entry.kind);
    if (entry.kind === 'BOOKED' || entry.kind === 'RETAKEN') last.set(entry.subject_id, 'BOOKED');
  }
  for (const row of show.reservations) {
    const active = row.state !== 'BOOKED' && !ends.includes(row.state);
    if ((last.get(row.reservation_id) ?? 'active') === (active ? 'active' : row.state)) continue;
    findings.add({
      rule: 'I8',
      where: show.where,
      text: `reservation ${row.reservation_id} is ${row.state}, the log says ${last.get(row.reservation_id) ?? 'nothing of an end'}`,
      rows: [`reservation(${row.reservation_id})`],
      cause: 'the end of the hold and its log entry were not one transaction',
    });
  }
}

function checkRefusal(
  show: ShowRows,
  entry: LogRow,
  request: RequestRow | undefined,
  units: Map<number, Unit>,
  findings: Findings,
): void {
  if (!request || !losses.includes(request.reason ?? '')) return;
  findings.checked('I13', 1);
  const wish = wishOf(request);
  const free = show.seats.filter((seat) => units.get(seat.seat_no)?.state === 'FREE');
  const wanted = wish.accessible ? 'accessible' : 'standard';
  const could = wish.seats
    ? wish.seats.every((name) => free.some((seat) => seat.seat === name))
    : free.filter(
        (seat) => seat.kind === wanted && (wish.zone === undefined || seat.zone === wish.zone),
      ).length >= wishSize(wish);
  if (!could) return;
  findings.add({
    rule: 'I13',
    where: show.where,
    text: `request ${request.request_id} was refused as ${request.reason} while its seats were free`,
    rows: [`request(${request.request_id})`, `show_log(${entry.lsn})`],
    cause: 'the decision was made from a stale read, or from rows that others had locked',
  });
}

/** Who was refused must have come no earlier, by more than one batch, than anyone granted before. */
function checkOvertaking(
  show: ShowRows,
  requests: Map<number, RequestRow>,
  msMax: number,
  findings: Findings,
): void {
  let latest: RequestRow | undefined;
  for (const entry of show.log) {
    const request = requests.get(entry.subject_id);
    if (!request) continue;
    // An offer is granted long after its fan came: the waitlist has an order of its own.
    if (entry.kind === 'GRANTED' && isOffer(entry)) continue;
    if (entry.kind === 'GRANTED') {
      if (!latest || request.accepted_at > latest.accepted_at) latest = request;
      continue;
    }
    const lost = losses.includes(request.reason ?? '');
    if (entry.kind !== 'REFUSED' || !lost) continue;
    findings.checked('I12', 1);
    if (!latest) continue;
    const ms = latest.accepted_at.getTime() - request.accepted_at.getTime();
    if (ms <= msMax) continue;
    findings.add({
      rule: 'I12',
      where: show.where,
      text: `request ${latest.request_id} came ${ms} ms after request ${request.request_id} and was granted before that one was refused`,
      rows: [`request(${request.request_id})`, `request(${latest.request_id})`],
      cause: 'the drain began above an undecided request, or skipped rows that were locked',
    });
  }
}
