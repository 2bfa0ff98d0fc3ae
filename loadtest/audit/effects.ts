// I22, I32, I33, I35: what follows from a sale: messages, closed payments, the door.
import type { Findings, Rule } from './findings.js';
import { groupBy, type ShowRows } from './rows.js';

type Add = (rule: Rule, text: string, rows: string[], cause: string) => void;

const openPayments = ['CREATED', 'ACTION', 'PROCESSING'];
/** Entries after which a payment is under way. */
const paying = ['PAYING', 'ACTION', 'PROCESSING', 'ENDING'];
const voidings = ['VOIDED', 'CANCELLED'];

export function checkEffects(show: ShowRows, settled: boolean, findings: Findings): void {
  const add: Add = (rule, text, rows, cause) =>
    findings.add({ rule, where: show.where, text, rows, cause });
  checkMessages(show, findings, add);
  checkDoor(show, findings, add);
  checkOpenEnds(show, findings, add);
  if (settled) checkExpired(show, findings, add);
}

function checkMessages(show: ShowRows, findings: Findings, add: Add): void {
  const sent = new Set(show.outbox.map((row) => `${row.kind} ${row.subject_id}`));
  const refunds = new Set(
    show.outbox
      .filter((row) => row.kind === 'refund_mail')
      .map((row) => `${row.subject_id} ${numberIn(row.payload, 'refund_no')}`),
  );
  const passes = new Set(
    show.outbox.filter((row) => row.kind === 'granted').flatMap((row) => passesIn(row.payload)),
  );
  const missing = (what: string, row: string) =>
    add(
      'I35',
      `${what} has no message in the outbox`,
      [row],
      'the outbox was written in another transaction, or not at all',
    );
  findings.checked('I35', show.bookings.length + show.refunds.length + show.reservations.length);
  for (const { booking_id: id } of show.bookings) {
    for (const kind of ['ticket_mail', 'fan_booking']) {
      if (!sent.has(`${kind} ${id}`)) missing(`the ${kind} of booking ${id}`, `booking(${id})`);
    }
  }
  for (const row of show.refunds) {
    if (row.state !== 'SUCCEEDED' || refunds.has(`${row.reservation_id} ${row.refund_no}`))
      continue;
    const name = `refund(${row.reservation_id}, ${row.refund_no})`;
    missing(name, name);
  }
  const asked = new Set(show.requests.map((row) => row.request_id));
  for (const row of show.reservations) {
    if (!asked.has(row.reservation_id) || passes.has(row.pass_id)) continue;
    // Offers and sales at the desk are made without a pass; no fan's pass has a dash.
    if (row.pass_id.includes('-')) continue;
    const name = `reservation(${row.reservation_id})`;
    missing(`the spent pass of ${name}`, name);
  }
}

function numberIn(payload: string, name: string): number {
  return Number((JSON.parse(payload) as Record<string, unknown>)[name]);
}

function passesIn(payload: string): string[] {
  const { grants = [] } = JSON.parse(payload) as { grants?: [string, string][] };
  return grants.map(([, pass]) => pass);
}

/** The log says who was let in and which bookings were voided, in one order. */
function checkDoor(show: ShowRows, findings: Findings, add: Add): void {
  const voided = new Map<number, number>();
  const used = new Map<string, number[]>();
  for (const entry of show.log) {
    if (voidings.includes(entry.kind)) voided.set(entry.subject_id, entry.lsn);
    if (entry.kind !== 'USED') continue;
    const ticket = `ticket(${entry.subject_id}, ${numberIn(entry.detail, 'seat_no')})`;
    used.set(ticket, [...(used.get(ticket) ?? []), entry.lsn]);
    findings.checked('I33', 1);
    const before = voided.get(entry.subject_id);
    if (before === undefined) continue;
    add(
      'I33',
      `${ticket} was admitted at entry ${entry.lsn}, after its booking was voided at ${before}`,
      [ticket, `show_log(${entry.lsn})`],
      'the door read the ticket before the void was committed, or without its lock',
    );
  }
  findings.checked('I32', show.tickets.length);
  for (const row of show.tickets) {
    const name = `ticket(${row.booking_id}, ${row.seat_no})`;
    const times = used.get(name)?.length ?? 0;
    const told = row.used_at !== null ? 1 : 0;
    if (times === told && times <= 1 && (row.state !== 'USED' || times === 1)) continue;
    add(
      'I32',
      `${name} is ${row.state}, and the log admits it ${times} times`,
      [name],
      'an admission was written without its log entry, or a second scan was let through',
    );
  }
}

/** Before the seats go the log must tell how the payment ended; later money may hide that it was open. */
function checkOpenEnds(show: ShowRows, findings: Findings, add: Add): void {
  const last = new Map<number, string>();
  for (const entry of show.log) {
    const before = last.get(entry.subject_id);
    last.set(entry.subject_id, entry.kind);
    if (entry.kind !== 'EXPIRED' && entry.kind !== 'RELEASED') continue;
    findings.checked('I22', 1);
    if (before === undefined || !paying.includes(before)) continue;
    add(
      'I22',
      `reservation ${entry.subject_id} was ${entry.kind} at entry ${entry.lsn} while its payment was open (${before})`,
      [`show_log(${entry.lsn})`, `reservation(${entry.subject_id})`],
      'the seats were freed before the payment was cancelled at the provider',
    );
  }
}

function checkExpired(show: ShowRows, findings: Findings, add: Add): void {
  const payments = groupBy(show.payments, (row) => row.reservation_id);
  for (const row of show.reservations) {
    if (row.state !== 'EXPIRED') continue;
    const attempts = payments.get(row.reservation_id) ?? [];
    findings.checked('I22', 1);
    const open = attempts.filter(({ state }) => openPayments.includes(state));
    if (open.length === 0) continue;
    add(
      'I22',
      `reservation ${row.reservation_id} expired with ${open.length} payments under way`,
      open.map(({ attempt, state }) => `payment(${row.reservation_id}, ${attempt}) ${state}`),
      'the seats were freed before the payment was cancelled at the provider',
    );
  }
}
