// What fans saw against the rows: I7, I9, I11, I36, I39. The client log is made by the crowd.
import type { CallEntry, ClientEntry, PushEntry } from '../crowd/client-log.js';
import type { Findings, Rule } from './findings.js';
import { checkRealTime } from './real-time.js';
import type { BookingRow, RequestRow, ReservationRow, ShowRows } from './rows.js';

export type Told = { calls: CallEntry[]; pushes: PushEntry[]; clockMsMax: number };
type Add = (rule: Rule, text: string, rows: string[], cause: string) => void;

/** Milliseconds by which the crowd's clock and the database's may differ on one machine. */
const clockMsUsual = 1_000;
const accepted = [200, 202];

export function toldOf(entries: ClientEntry[], clockMsMax = 0): Told {
  return {
    calls: entries.filter((entry) => entry.kind === 'call'),
    pushes: entries.filter((entry) => entry.kind === 'push'),
    clockMsMax: Math.max(clockMsUsual, clockMsMax),
  };
}

type Known = {
  clockMsMax: number;
  requests: Map<string, RequestRow>;
  byKey: Map<string, RequestRow>;
  reservations: Map<string, ReservationRow>;
  bookings: Map<string, BookingRow>;
};

export function checkTold(told: Told, shows: ShowRows[], findings: Findings): void {
  const add: Add = (rule, text, rows, cause) =>
    findings.add({ rule, where: 'what fans saw', text, rows, cause });
  const known = index(shows, told.clockMsMax);
  for (const call of told.calls) {
    if (call.op === 'reserve') checkReserve(call, known, findings, add);
    if (call.op === 'confirm' || call.op === 'booking') checkBooked(call, known, findings, add);
  }
  checkKeys(told.calls, findings, add);
  checkPushes(told.pushes, known, findings, add);
  checkRealTime(told.calls, shows, findings);
}

/** The public form of an id, from its show and number. */
function idOf(kind: 'req' | 'res' | 'bkg', showId: number, no: number): string {
  return `${kind}_${showId.toString(36)}_${no.toString(36)}`;
}

function index(shows: ShowRows[], clockMsMax: number): Known {
  const known: Known = {
    clockMsMax,
    requests: new Map(),
    byKey: new Map(),
    reservations: new Map(),
    bookings: new Map(),
  };
  for (const { showId, requests, reservations, bookings } of shows) {
    for (const row of requests) {
      known.requests.set(idOf('req', showId, row.request_id), row);
      known.byKey.set(`${row.fan_id} ${row.idem_key}`, row);
    }
    for (const row of reservations)
      known.reservations.set(idOf('res', showId, row.reservation_id), row);
    for (const row of bookings) known.bookings.set(idOf('bkg', showId, row.booking_id), row);
  }
  return known;
}

function checkReserve(call: CallEntry, known: Known, findings: Findings, add: Add): void {
  const decided =
    call.status === 409 && ['seats_taken', 'sold_out'].includes(String(call.told.error));
  if (!accepted.includes(call.status) && !decided) return;
  findings.checked('I9', 1);
  const row = known.byKey.get(`${call.fan} ${call.key}`);
  if (!row || row.accepted_at.getTime() > call.end + known.clockMsMax) {
    add(
      'I9',
      `fan ${call.fan} was told ${call.status} for key ${call.key}, which the journal ${row ? 'got later' : 'does not have'}`,
      row ? [`request(${row.request_id})`] : [],
      'the answer was given before the commit, or the commit was lost',
    );
    return;
  }
  findings.checked('I36', 1);
  const wanted = call.status === 200 ? 'GRANTED' : decided ? 'REFUSED' : row.state;
  const late =
    call.status !== 202 && (row.decided_at?.getTime() ?? Infinity) > call.end + known.clockMsMax;
  if (row.state !== wanted || late) {
    add(
      'I36',
      `fan ${call.fan} was told ${call.status}, the request is ${row.state}`,
      [`request(${row.request_id})`],
      'an outcome was told from memory before it was committed, or a job answered for the rows',
    );
  }
  if (call.status === 200) checkGranted(call, known, findings, add);
}

function checkGranted(call: CallEntry, known: Known, findings: Findings, add: Add): void {
  const reservation = known.reservations.get(String(call.told.reservation_id));
  const toldMs = Date.parse(String(call.told.expires_at));
  findings.checked('I19', 1);
  if (reservation && reservation.expires_at.getTime() < toldMs) {
    add(
      'I19',
      `fan ${call.fan} was told ${String(call.told.expires_at)}, the hold is until ${reservation.expires_at.toISOString()}`,
      [`reservation(${reservation.reservation_id})`],
      'the end was told by another clock than the one that ends holds',
    );
  }
  findings.checked('I39', 1);
  if (reservation?.fan_id !== call.fan) {
    add(
      'I39',
      `fan ${call.fan} was given reservation ${String(call.told.reservation_id)} of ${reservation?.fan_id ?? 'nobody'}`,
      reservation ? [`reservation(${reservation.reservation_id})`] : [],
      'an answer went to the wrong caller',
    );
  }
}

function checkBooked(call: CallEntry, known: Known, findings: Findings, add: Add): void {
  if (call.status !== (call.op === 'confirm' ? 201 : 200)) return;
  findings.checked('I36', 1);
  const row = known.bookings.get(String(call.told.booking_id));
  if (
    !row ||
    row.created_at.getTime() > call.end + known.clockMsMax ||
    row.amount !== call.told.amount
  ) {
    add(
      'I36',
      `fan ${call.fan} was told of booking ${String(call.told.booking_id)}, the rows have ${row ? `one of ${row.amount}` : 'none'}`,
      row ? [`booking(${row.booking_id})`] : [],
      'a booking was told before its commit',
    );
  }
  findings.checked('I39', 1);
  if (!row || row.fan_id === call.fan) return;
  add(
    'I39',
    `fan ${call.fan} was shown the booking of ${row.fan_id}`,
    [`booking(${row.booking_id})`],
    'the owner is not in the WHERE clause',
  );
}

/** Every decided answer under one key is the same one. */
function checkKeys(calls: CallEntry[], findings: Findings, add: Add): void {
  const answers = new Map<string, Set<string>>();
  for (const call of calls) {
    if (call.op !== 'reserve' || call.key === undefined) continue;
    const decided =
      call.status === 200 || call.told.error === 'seats_taken' || call.told.error === 'sold_out';
    if (!decided) continue;
    const key = `${call.fan} ${call.key}`;
    const answer = `${call.status} ${String(call.told.reservation_id ?? call.told.error)}`;
    answers.set(key, (answers.get(key) ?? new Set()).add(answer));
  }
  findings.checked('I11', answers.size);
  for (const [key, told] of answers) {
    if (told.size === 1) continue;
    const text = `the key ${key} was answered in ${told.size} ways: ${[...told].join('; ')}`;
    add('I11', text, [], 'a repeated key was decided anew');
  }
}

/** A push tells what was committed, and what one page sees of a show never goes back. */
function checkPushes(pushes: PushEntry[], known: Known, findings: Findings, add: Add): void {
  const seen = new Map<string, number>();
  for (const push of pushes) {
    findings.checked('I36', 1);
    if (push.event === 'seats') {
      const name = `${push.fan} ${push.line} ${String(push.told.show_id)}`;
      const version = Number(push.told.version);
      if (version < (seen.get(name) ?? 0)) {
        const text = `fan ${push.fan} saw version ${version} of show ${String(push.told.show_id)} after ${seen.get(name)}`;
        add('I36', text, [], 'deltas were sent in the wrong order');
      }
      seen.set(name, version);
    }
    if (push.event !== 'decision') continue;
    const row = known.requests.get(String(push.told.request_id));
    const late = (row?.decided_at?.getTime() ?? Infinity) > push.at + known.clockMsMax;
    const other = row && (row.state.toLowerCase() !== push.told.state || row.fan_id !== push.fan);
    if (row && !late && !other) continue;
    add(
      'I36',
      `fan ${push.fan} heard that ${String(push.told.request_id)} is ${String(push.told.state)}, the rows say ${row?.state ?? 'nothing'}`,
      row ? [`request(${row.request_id})`] : [],
      'a push went out before the commit, or to somebody else',
    );
  }
}
