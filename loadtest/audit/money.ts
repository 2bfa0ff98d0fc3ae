// I23 to I27: what was paid, for what, and what went back, from our own rows.
import type { Findings, Rule } from './findings.js';
import {
  capturedPayments,
  groupBy,
  type PaymentRow,
  type ReservationRow,
  reservedSeats,
  type ShowRows,
  type Wish,
  wishOf,
} from './rows.js';

export function checkMoney(show: ShowRows, settled: boolean, findings: Findings): void {
  const add = (rule: Rule, text: string, rows: string[], cause: string) =>
    findings.add({ rule, where: show.where, text, rows, cause });
  const payments = groupBy(show.payments, (row) => row.reservation_id);
  checkBookings(show, payments, findings, add);
  checkAmounts(show, findings, add);
  for (const [reservationId, attempts] of payments) {
    checkPaidOnce(show, reservationId, attempts, findings, add);
    if (settled) checkExplained(show, reservationId, attempts, findings, add);
  }
  checkRefunds(show, findings, add);
}

type Add = (rule: Rule, text: string, rows: string[], cause: string) => void;

const nameOf = (row: PaymentRow) => `payment(${row.reservation_id}, ${row.attempt})`;

function checkBookings(
  show: ShowRows,
  payments: Map<number, PaymentRow[]>,
  findings: Findings,
  add: Add,
): void {
  findings.checked('I23', show.bookings.length);
  for (const booking of show.bookings) {
    if (booking.state !== 'CONFIRMED' || booking.amount === 0) continue;
    const paid = (payments.get(booking.booking_id) ?? []).filter(
      (row) => row.state === 'SUCCEEDED' || row.state === 'RETAKEN',
    );
    const [one] = paid;
    const fits =
      paid.length === 1 &&
      one?.attempt === booking.attempt &&
      one.amount === booking.amount &&
      one.currency === booking.currency;
    if (fits) continue;
    add(
      'I23',
      `booking ${booking.booking_id} of ${booking.amount} ${booking.currency} is confirmed with ${paid.length} payments${one ? ` of ${one.amount} ${one.currency}` : ''}`,
      [`booking(${booking.booking_id})`, ...paid.map(nameOf)],
      'a booking was confirmed before its payment was, or paid twice',
    );
  }
}

function checkAmounts(show: ShowRows, findings: Findings, add: Add): void {
  const reservations = new Map(show.reservations.map((row) => [row.reservation_id, row]));
  const wishes = new Map(show.requests.map((row) => [row.request_id, wishOf(row)]));
  findings.checked('I27', show.reservations.length + show.payments.length);
  for (const row of show.reservations) {
    const prices = reservedSeats(row).reduce((total, { price }) => total + price, 0);
    const off = offOf(row, prices, wishes.get(row.reservation_id));
    const sum = prices + row.fee - off;
    if (sum === row.amount && off === row.discount) continue;
    add(
      'I27',
      `reservation ${row.reservation_id} costs ${row.amount}, its seats and their fee ${sum}${off === 0 ? '' : `, ${off} taken off`}`,
      [`reservation(${row.reservation_id})`],
      'the amount was not summed from the frozen prices',
    );
  }
  const charges = [
    ...show.payments.map((row) => ({ ...row, id: row.reservation_id, name: nameOf(row) })),
    ...show.bookings.map((row) => ({
      ...row,
      id: row.booking_id,
      name: `booking(${row.booking_id})`,
    })),
  ];
  for (const { id, name, amount, currency } of charges) {
    const row = reservations.get(id);
    if (row?.amount === amount && row.currency === currency) continue;
    add(
      'I27',
      `${name} is of ${amount} ${currency}, its reservation of ${row ? `${row.amount} ${row.currency}` : 'nothing'}`,
      [name, `reservation(${id})`],
      'a sum came from somewhere else than the reservation',
    );
  }
}

/** What the code of the request takes off, worked out anew: never more than the prices. */
function offOf(row: ReservationRow, prices: number, wish: Wish | undefined): number {
  const { off } = wish ?? {};
  if (!off || off.code !== row.discount_code) return 0;
  return Math.min(prices, off.amount ?? Math.floor((prices * (off.percent ?? 0)) / 100 + 0.5));
}

function refundedOf(show: ShowRows, payment: PaymentRow, states: string[]): number {
  return show.refunds
    .filter(
      (row) =>
        row.reservation_id === payment.reservation_id &&
        row.attempt === payment.attempt &&
        row.intent_id === null &&
        states.includes(row.state),
    )
    .reduce((sum, row) => sum + row.amount, 0);
}

function checkPaidOnce(
  show: ShowRows,
  reservationId: number,
  attempts: PaymentRow[],
  findings: Findings,
  add: Add,
): void {
  findings.checked('I25', attempts.length);
  const underWay = ['CREATED', 'PENDING', 'SUCCEEDED'];
  const kept = attempts.filter(
    (row) =>
      (row.state === 'SUCCEEDED' || row.state === 'RETAKEN') &&
      refundedOf(show, row, underWay) < row.amount,
  );
  if (kept.length > 1) {
    const cause = 'two attempts were open at once, and both were kept';
    add(
      'I25',
      `reservation ${reservationId} was paid ${kept.length} times`,
      kept.map(nameOf),
      cause,
    );
  }
  const intents = groupBy(
    attempts.filter((row) => row.intent_id !== null),
    (row) => row.intent_id,
  );
  for (const [intent, rows] of intents) {
    if (rows.length < 2) continue;
    const cause = 'one key at the provider was used for two attempts';
    add('I25', `intent ${intent} stands for ${rows.length} attempts`, rows.map(nameOf), cause);
  }
}

/** When nothing moves any more, money that was taken has a booking or went back whole. */
function checkExplained(
  show: ShowRows,
  reservationId: number,
  attempts: PaymentRow[],
  findings: Findings,
  add: Add,
): void {
  const booking = show.bookings.find((row) => row.booking_id === reservationId);
  for (const row of attempts.filter(({ state }) => capturedPayments.includes(state))) {
    findings.checked('I24', 1);
    const taken = row.received_amount ?? row.amount;
    const back = refundedOf(show, row, ['SUCCEEDED']);
    const serves = booking?.state === 'CONFIRMED' && booking.attempt === row.attempt;
    // A cancelled booking may keep a fee by the sale's refund rules.
    const cancelled = booking?.state === 'CANCELLED' && booking.attempt === row.attempt;
    const right =
      row.state !== 'SUCCEEDED_LATE' &&
      (serves ? back < taken || taken === 0 : back === taken || cancelled);
    if (right) continue;
    add(
      'I24',
      `${row.amount} ${row.currency} of ${nameOf(row)} (${row.state}) ${serves ? 'paid a booking that stands, and went back' : `has no booking, and ${back} went back`}`,
      [nameOf(row), `reservation(${reservationId})`],
      'a late payment was neither retaken nor refunded, or its refund is stuck',
    );
  }
}

function checkRefunds(show: ShowRows, findings: Findings, add: Add): void {
  findings.checked('I26', show.refunds.length);
  const payments = new Map(
    show.payments.map((row) => [`${row.reservation_id} ${row.attempt}`, row]),
  );
  const groups = groupBy(show.refunds, (row) => `${row.reservation_id} ${row.attempt}`);
  for (const [key, refunds] of groups) {
    const payment = payments.get(key);
    const sum = refunds
      .filter((row) => row.state !== 'FAILED' && row.intent_id === null)
      .reduce((total, row) => total + row.amount, 0);
    const rows = refunds.map((row) => `refund(${row.reservation_id}, ${row.refund_no})`);
    if (
      !payment ||
      sum > (payment.received_amount ?? payment.amount) ||
      !capturedPayments.includes(payment.state)
    ) {
      const paid = payment ? `${payment.amount} (${payment.state})` : 'nothing';
      add(
        'I26',
        `refunds of ${sum} stand against a payment of ${paid}`,
        rows,
        'a refund was made twice, or for money that was never taken',
      );
    }
    const lost = refunds.filter((row) => row.state === 'SUCCEEDED' && row.provider_id === null);
    if (lost.length > 0) {
      add(
        'I26',
        'a refund is done, but the provider has none for it',
        rows,
        'the answer of the provider was not kept',
      );
    }
    const ids = refunds.map((row) => row.provider_id).filter((id) => id !== null);
    if (new Set(ids).size < ids.length) {
      add(
        'I26',
        'two refund rows name one refund of the provider',
        rows,
        'one idempotency key served two refunds',
      );
    }
  }
}
