// I37: who waits for a full show, and who got what came back.
import type { Findings } from './findings.js';
import { isOffer, moves, seatsOf, startOf, type Unit } from './replay.js';
import {
  activeReservations,
  type LogRow,
  type RequestRow,
  reservedSeats,
  type SeatRow,
  type ShowRows,
  type WaitRow,
  wishOf,
  wishSize,
} from './rows.js';

type Add = (text: string, rows: string[], cause: string) => void;
/** An entry that waits since this entry of the log as it joined, never moved and never changed. */
type Waiter = { row: WaitRow; sinceLsn: number };

export function checkLine(show: ShowRows, findings: Findings): void {
  if (show.waits.length === 0) return;
  findings.checked('I37', show.waits.length);
  const add: Add = (text, rows, cause) =>
    findings.add({ rule: 'I37', where: show.where, text, rows, cause });
  checkCounts(show, add);
  checkLeftFree(show, add);
  checkTurns(show, findings, add);
}

/** What the line says is offered is what its open offers hold; each offer holds its own seats. */
function checkCounts(show: ShowRows, add: Add): void {
  const open = new Map<string, number>();
  const offeredBy = new Map<number, number>();
  for (const row of show.reservations) {
    if (row.offered !== 1 || !activeReservations.includes(row.state)) continue;
    for (const { seatNo } of reservedSeats(row)) {
      open.set(row.fan_id, (open.get(row.fan_id) ?? 0) + 1);
      const other = offeredBy.get(seatNo);
      offeredBy.set(seatNo, row.reservation_id);
      if (other === undefined) continue;
      const rows = [other, row.reservation_id].map((id) => `reservation(${id})`);
      add(`seat ${seatNo} is in two open offers`, rows, 'a freed seat was offered twice');
    }
  }
  for (const row of show.waits) {
    const seats = open.get(row.fan_id) ?? 0;
    if (seats === row.offered) continue;
    const text = `fan ${row.fan_id} has ${seats} seats in open offers, the line says ${row.offered}`;
    add(text, [`waitlist(${row.fan_id})`], 'an offer ended twice, or without its entry');
  }
  const waiting = show.waits.filter((row) => row.state === 'WAITING').length;
  if (waiting === show.head.waiting) return;
  const text = `${waiting} wait in line, the head says ${show.head.waiting}`;
  add(text, ['show_head'], 'the line was changed without the head lock');
}

/** Nothing that fits somebody in line may lie free: it is offered by the change that frees it. */
function checkLeftFree(show: ShowRows, add: Add): void {
  const sells = show.gate?.state === 'OPEN' || show.gate?.state === 'PAUSED';
  if (!sells || !isOpenAt(show, show.nowMs)) return;
  const taken = new Map(show.quotas.map((row) => [row.fan_id, row.taken]));
  const free = show.seats.filter((seat) => seat.state === 'FREE');
  for (const row of show.waits) {
    // Who let an offer lapse is passed over by what that frees.
    if (row.state !== 'WAITING' || row.lapses > 0) continue;
    if (!fits(row, free) || !mayHave(show, row, taken.get(row.fan_id) ?? 0)) continue;
    add(
      `fan ${row.fan_id} waits for ${row.quantity} seats, which are free`,
      [`waitlist(${row.fan_id})`],
      'a change freed seats without offering them to the line',
    );
  }
}

function isOpenAt({ head }: ShowRows, ms: number): boolean {
  return head.offer_seconds > 0 && ms < head.starts_at.getTime() - head.offers_stop_seconds * 1_000;
}

function fits(row: WaitRow, free: SeatRow[]): boolean {
  if (free.length < leastOf(row)) return false;
  const kind = row.step_free === 1 ? 'accessible' : 'standard';
  const right = free.filter(
    (seat) => seat.kind === kind && (row.zone === null || seat.zone === row.zone),
  );
  return right.length >= leastOf(row);
}

const leastOf = (row: WaitRow) => (row.accept_fewer === 1 ? 1 : row.quantity);

function mayHave({ head }: ShowRows, row: WaitRow, taken: number): boolean {
  return head.seat_cap - taken >= leastOf(row);
}

/** While somebody waits, what fits goes to the first, and never to one who comes and asks. */
function checkTurns(show: ShowRows, findings: Findings, add: Add): void {
  const waiters = waitersOf(show);
  if (waiters.length === 0) return;
  const units = startOf(show);
  const requests = new Map(show.requests.map((row) => [row.request_id, row]));
  for (const entry of show.log) {
    if (entry.kind === 'GRANTED' && isOpenAt(show, entry.at.getTime())) {
      findings.checked('I37', 1);
      checkGrant(show, { entry, waiters, units, requests }, add);
    }
    const move = moves[entry.kind];
    if (!move) continue;
    const owner = move.to === 'HELD' || move.to === 'BOOKED' ? entry.subject_id : null;
    for (const seatNo of seatsOf(entry)) units.set(seatNo, { state: move.to, owner });
  }
}

/** Those of whom the log and the journal tell when they came and what they wanted. */
function waitersOf(show: ShowRows): Waiter[] {
  const refusals = new Map(
    show.log.filter((entry) => entry.kind === 'REFUSED').map((entry) => [entry.subject_id, entry]),
  );
  const asked = new Map(
    show.requests
      .filter((row) => row.reason === 'show_full')
      .map((row) => [`${row.fan_id} ${row.decided_at?.getTime()}`, row]),
  );
  let latestMs = Number.POSITIVE_INFINITY;
  const waiters: Waiter[] = [];
  // From the end of the line: who stands behind somebody that joined later has been moved.
  for (const row of [...show.waits].reverse()) {
    const isMoved = row.joined_at.getTime() > latestMs;
    latestMs = Math.min(latestMs, row.joined_at.getTime());
    if (isMoved || row.state !== 'WAITING' || row.lapses > 0 || row.offered > 0) continue;
    const request = asked.get(`${row.fan_id} ${row.joined_at.getTime()}`);
    const refusal = request && refusals.get(request.request_id);
    if (!refusal || row.accept_fewer === 1) continue;
    const wish = wishOf(request);
    const isSame = wishSize(wish) === row.quantity && (wish.zone ?? null) === row.zone;
    if (isSame) waiters.push({ row, sinceLsn: refusal.lsn });
  }
  return waiters.reverse();
}

type Moment = {
  entry: LogRow;
  waiters: Waiter[];
  units: Map<number, Unit>;
  requests: Map<number, RequestRow>;
};

function checkGrant(show: ShowRows, moment: Moment, add: Add): void {
  const { entry, waiters, units, requests } = moment;
  const request = requests.get(entry.subject_id);
  const { by } = JSON.parse(entry.detail) as { by?: string };
  // The desk sells what staff see; the line is for those who ask from outside.
  if (!request || by !== undefined) return;
  const offer = isOffer(entry);
  const given = new Set(offer ? seatsOf(entry) : []);
  const there = show.seats.filter((seat) =>
    offer ? given.has(seat.seat_no) : units.get(seat.seat_no)?.state === 'FREE',
  );
  for (const { row, sinceLsn } of waiters) {
    if (sinceLsn >= entry.lsn || row.fan_id === request.fan_id) continue;
    if (offer && row.joined_at.getTime() >= request.accepted_at.getTime()) continue;
    if (!fits(row, there)) continue;
    const taken = [...units.values()].filter(
      ({ owner }) => owner !== null && requests.get(owner)?.fan_id === row.fan_id,
    ).length;
    if (!mayHave(show, row, taken)) continue;
    add(
      `entry ${entry.lsn} ${offer ? 'offered to one who came later' : 'sold to the public'} what fan ${row.fan_id} waits for since entry ${sinceLsn}`,
      [`show_log(${entry.lsn})`, `waitlist(${row.fan_id})`, `request(${request.request_id})`],
      offer ? 'the line is not served by place' : 'freed seats were not offered to the line',
    );
    return;
  }
}
