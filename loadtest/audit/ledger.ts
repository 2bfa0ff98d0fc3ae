// I28 from our own rows: for each purchase the ledger says what payments and refunds say.
import type { Findings } from './findings.js';
import {
  capturedPayments,
  type DisputeRow,
  groupBy,
  type LedgerRow,
  liveTickets,
  type PaymentRow,
  type RefundRow,
  reservedSeats,
  type ShowRows,
} from './rows.js';

/** Debits less credits of each account of one purchase, by `account currency`; even ones left out. */
type Balances = Map<string, number>;

export function checkLedger(show: ShowRows, findings: Findings): void {
  const moves = groupBy(show.ledger, (row) => row.reservation_id);
  const payments = groupBy(show.payments, (row) => row.reservation_id);
  const refunds = groupBy(show.refunds, (row) => row.reservation_id);
  const disputes = groupBy(show.disputes, (row) => row.reservation_id);
  const discounts = discountsOf(show);
  const ids = new Set(
    [moves, payments, refunds, disputes, discounts].flatMap((rows: Map<number, unknown>) => [
      ...rows.keys(),
    ]),
  );
  findings.checked('I28', ids.size);
  for (const id of ids) {
    const booked = textOf(balancesOf(moves.get(id) ?? []));
    const expected = textOf(
      expectedOf({
        payments: payments.get(id) ?? [],
        refunds: refunds.get(id) ?? [],
        disputes: disputes.get(id) ?? [],
        discount: discounts.get(id) ?? { amount: 0, currency: '' },
      }),
    );
    if (booked === expected) continue;
    findings.add({
      rule: 'I28',
      where: show.where,
      text: `the ledger of reservation ${id} says ${booked || 'nothing'}, its payments, refunds and disputes ${expected || 'nothing'}`,
      rows: [`ledger(reservation ${id})`, `payment(${id})`, `refund(${id})`],
      cause: 'money moved without its entry in the same commit, or an entry was written by hand',
    });
  }
}

type Discount = { amount: number; currency: string };

/** Of what codes took off, the part that falls by price on tickets that still stand. */
function discountsOf(show: ShowRows): Map<number, Discount> {
  const live = new Set(
    show.tickets
      .filter(({ state }) => liveTickets.includes(state))
      .map((row) => `${row.booking_id} ${row.seat_no}`),
  );
  const booked = new Set(show.bookings.map((row) => row.booking_id));
  const given = show.reservations.filter(
    (row) => row.discount > 0 && booked.has(row.reservation_id),
  );
  return new Map(
    given.map((row) => {
      const seats = reservedSeats(row);
      const sum = (list: typeof seats) => list.reduce((total, { price }) => total + price, 0);
      const standing = sum(
        seats.filter(({ seatNo }) => live.has(`${row.reservation_id} ${seatNo}`)),
      );
      const amount = Math.floor((row.discount * standing) / sum(seats));
      return [row.reservation_id, { amount, currency: row.currency }];
    }),
  );
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
function expectedOf({
  payments,
  refunds,
  disputes,
  discount,
}: {
  payments: PaymentRow[];
  refunds: RefundRow[];
  disputes: DisputeRow[];
  discount: Discount;
}): Balances {
  const balances: Balances = new Map();
  const move = (debit: string, credit: string, amount: number, currency: string): void => {
    add(balances, `${debit} ${currency}`, amount);
    add(balances, `${credit} ${currency}`, -amount);
  };
  move('discount', 'sales', discount.amount, discount.currency);
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
  for (const row of disputes) {
    const holds = { OPEN: 'disputed', LOST: 'chargeback' }[row.state];
    if (holds) move(holds, 'provider', row.amount, row.currency);
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
