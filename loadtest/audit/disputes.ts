// I8 and I28 of disputes: rows, log and ledger tell one story, and the provider the same.
import type { Findings, Rule } from './findings.js';
import type { ProviderBooks } from './provider.js';
import {
  capturedPayments,
  type DisputeRow,
  groupBy,
  type LogRow,
  type PaymentRow,
  type RefundRow,
  type ShowRows,
} from './rows.js';

/** Debit and credit that each kind of entry stands for. */
const movesOf: Record<string, [debit: string, credit: string]> = {
  DISPUTED: ['disputed', 'provider'],
  DISPUTE_WON: ['provider', 'disputed'],
  DISPUTE_LOST: ['chargeback', 'disputed'],
};
const storyOf: Record<string, string> = {
  OPEN: 'DISPUTED',
  WON: 'DISPUTED DISPUTE_WON',
  LOST: 'DISPUTED DISPUTE_LOST',
};
const ownAccounts = ['disputed', 'chargeback'];

const nameOf = (row: DisputeRow) => `dispute(${row.reservation_id}, ${row.dispute_id})`;

export function checkDisputes(show: ShowRows, findings: Findings): void {
  const add = (rule: Rule, text: string, rows: string[], cause: string) =>
    findings.add({ rule, where: show.where, text, rows, cause });
  const entries = show.log.filter((entry) => entry.kind in movesOf);
  const told = groupBy(entries, keyOf);
  const disputes = new Map(show.disputes.map((row) => [keyOfRow(row), row]));
  findings.checked('I28', disputes.size);
  for (const key of new Set([...told.keys(), ...disputes.keys()])) {
    const row = disputes.get(key);
    const story = (told.get(key) ?? []).map((entry) => entry.kind).join(' ');
    if (row && story === storyOf[row.state]) continue;
    const stands = row ? row.state : 'not there';
    const cause = 'a dispute was settled twice, or outside the head lock';
    add('I8', `the log tells '${story}' of dispute ${key}, which is ${stands}`, [key], cause);
  }
  checkMoves(show, { entries, disputes }, add);
  for (const row of show.disputes) {
    const paid = show.payments.find(
      (one) => one.reservation_id === row.reservation_id && one.attempt === row.attempt,
    );
    const second = show.refunds.some(
      (one) => one.reservation_id === row.reservation_id && one.intent_id === row.intent_id,
    );
    const isPaid = paid?.intent_id === row.intent_id && capturedPayments.includes(paid.state);
    if (isPaid || (paid && second)) continue;
    const text = `${nameOf(row)} disputes ${row.intent_id}, and its payment is ${paid?.state ?? 'not there'}`;
    add('I28', text, [nameOf(row)], 'a dispute was booked to a payment that it is not about');
  }
}

function checkMoves(
  show: ShowRows,
  { entries, disputes }: { entries: LogRow[]; disputes: Map<string, DisputeRow> },
  add: (rule: Rule, text: string, rows: string[], cause: string) => void,
): void {
  const ledger = groupBy(show.ledger, (move) => move.lsn);
  const text = (lsn: number) =>
    (ledger.get(lsn) ?? [])
      .map(
        (one) => `${one.reservation_id} ${one.debit} ${one.credit} ${one.amount} ${one.currency}`,
      )
      .join(', ');
  for (const entry of entries) {
    const row = disputes.get(keyOf(entry));
    if (!row) continue;
    const accounts = (movesOf[entry.kind] ?? []).join(' ');
    const expected = `${row.reservation_id} ${accounts} ${row.amount} ${row.currency}`;
    if (text(entry.lsn) === expected) continue;
    const rows = [`show_log(${entry.lsn})`, `ledger(${entry.lsn})`, nameOf(row)];
    const said = text(entry.lsn) || 'nothing';
    const cause = 'a dispute moved money without its entry, or other money than its own';
    add('I28', `under ${entry.kind} the ledger moves ${said}, not ${expected}`, rows, cause);
  }
  const known = new Set(entries.map((entry) => entry.lsn));
  for (const { lsn, debit, credit } of show.ledger) {
    if (known.has(lsn) || ![debit, credit].some((one) => ownAccounts.includes(one))) continue;
    const cause = 'money was moved to an account of disputes for another reason';
    add(
      'I28',
      `entry ${lsn} is of no dispute and moves ${credit} to ${debit}`,
      [`ledger(${lsn})`],
      cause,
    );
  }
}

function keyOf(entry: LogRow): string {
  const { dispute_id: id } = JSON.parse(entry.detail) as { dispute_id?: string };
  return `${entry.subject_id} ${id}`;
}

function keyOfRow(row: DisputeRow): string {
  return `${row.reservation_id} ${row.dispute_id}`;
}

type Ours = { payments: PaymentRow[]; refunds: RefundRow[]; disputes: DisputeRow[] };

const statusOf: Record<string, string> = { OPEN: 'needs_response', WON: 'won', LOST: 'lost' };

/** Disputes against the provider's own; when settled, none of them may be unknown or behind. */
export function checkProviderDisputes(
  books: ProviderBooks,
  { payments, refunds, disputes }: Ours,
  settled: boolean,
  findings: Findings,
): void {
  const add = (text: string, rows: string[], cause: string) =>
    findings.add({ rule: 'I28', where: 'the provider', text, rows, cause });
  const theirs = new Map(books.disputes.map((one) => [one.id, one]));
  findings.checked('I28', disputes.length + theirs.size);
  for (const row of disputes) {
    const one = theirs.get(row.dispute_id);
    const isIt = one?.payment_intent === row.intent_id && one.amount === row.amount;
    const same = isIt && one.currency.toUpperCase() === row.currency;
    const early = row.state === 'OPEN' && !settled;
    if (same && (early || one.status === statusOf[row.state])) continue;
    const told = one ? `${one.status} over ${one.amount} ${one.currency}` : 'not there';
    const text = `${nameOf(row)} is ${row.state} over ${row.amount} ${row.currency}, the provider's is ${told}`;
    add(text, [nameOf(row)], 'a dispute was believed unasked, or its end was never heard of');
  }
  if (!settled) return;
  const known = new Set(disputes.map((row) => row.dispute_id));
  const intents = new Set([...payments, ...refunds].map((row) => row.intent_id));
  for (const one of books.disputes) {
    if (known.has(one.id) || !intents.has(one.payment_intent)) continue;
    const text = `the provider took ${one.amount} for dispute ${one.id} of intent ${one.payment_intent}, which our books lack`;
    add(
      text,
      [`intent(${one.payment_intent})`],
      'its event was lost, and the day is not closed yet',
    );
  }
}
