// I28 from our own rows: for each purchase the ledger says what payments and refunds say.
import type { Findings } from './findings.js';
import {
  capturedPayments,
  groupBy,
  type LedgerRow,
  type PaymentRow,
  type RefundRow,
  type ShowRows,
} from './rows.js';

/** Debits less credits of each account of one purchase, by `account currency`; even ones left out. */
type Balances = Map<string, number>;

export function checkLedger(show: ShowRows, findings: Findings): void {
  const moves = groupBy(show.ledger, (row) => row.reservation_id);
  const payments = groupBy(show.payments, (row) => row.reservation_id);
  const refunds = groupBy(show.refunds, (row) => row.reservation_id);
  const ids = new Set([...moves.keys(), ...payments.keys(), ...refunds.keys()]);
  findings.checked('I28', ids.size);
  for (const id of ids) {
    const booked = textOf(balancesOf(moves.get(id) ?? []));
    const expected = textOf(expectedOf(payments.get(id) ?? [], refunds.get(id) ?? []));
    if (booked === expected) continue;
    findings.add({
      rule: 'I28',
      where: show.where,
      text: `the ledger of reservation ${id} says ${booked || 'nothing'}, its payments and refunds ${expected || 'nothing'}`,
      rows: [`ledger(reservation ${id})`, `payment(${id})`, `refund(${id})`],
      cause: 'money moved without its entry in the same commit, or an entry was written by hand',
    });
  }
}

function balancesOf(moves: LedgerRow[]): Balances {
  const balances: Balances = new Map();
  for (const { debit, credit, amount, currency } of moves) {
    add(balances, `${debit} ${currency}`, amount);
    add(balances, `${credit} ${currency}`, -amount);
  }
  return balances;
}

/** Money is where it was taken, less what went back; what is due belongs to fans, the rest is sold. */
function expectedOf(payments: PaymentRow[], refunds: RefundRow[]): Balances {
  const balances: Balances = new Map();
  const move = (debit: string, credit: string, amount: number, currency: string): void => {
    add(balances, `${debit} ${currency}`, amount);
    add(balances, `${credit} ${currency}`, -amount);
  };
  const holder = new Map(
    payments.map((row) => [row.attempt, row.intent_id === null ? 'till' : 'provider']),
  );
  for (const row of payments.filter(({ state }) => capturedPayments.includes(state))) {
    const amount = row.received_amount ?? row.amount;
    move(holder.get(row.attempt) ?? '', 'sales', amount, row.received_currency ?? row.currency);
  }
  const retried = new Set(refunds.map((row) => row.retry_of));
  for (const row of refunds.filter((one) => !retried.has(one.refund_no))) {
    const from = holder.get(row.attempt) ?? '';
    // Money of a second intent was never sold: it came, and it goes back.
    if (row.intent_id !== null) move('provider', 'sales', row.amount, row.currency);
    move('sales', 'owed', row.amount, row.currency);
    if (row.state === 'SUCCEEDED') move('owed', from, row.amount, row.currency);
  }
  return balances;
}

function add(balances: Balances, key: string, amount: number): void {
  balances.set(key, (balances.get(key) ?? 0) + amount);
}

function textOf(balances: Balances): string {
  return [...balances]
    .filter(([, amount]) => amount !== 0)
    .map(([account, amount]) => `${account} ${amount}`)
    .sort()
    .join(', ');
}
