import type { ShowId } from '../../domain/ids.js';
import type { Money } from '../../domain/money.js';
import type { PaymentState } from '../../domain/states.js';
import type { Database, Queryable } from '../database.js';
import type { ShowChange } from './show-change.js';

/** One attempt to pay a reservation. */
export type PaymentRef = { showId: ShowId; reservationId: number; attempt: number };

export type Payment = PaymentRef & {
  idemKey: string;
  paymentToken: string;
  state: PaymentState;
  amount: number;
  currency: string;
  intentId: string | null;
  /** The call only authorises; the money is taken when the card is counted. */
  manualCapture: boolean;
  clientSecret: string | null;
  nextActionUrl: string | null;
  declineCode: string | null;
  createdAtMs: number;
  updatedAtMs: number;
  /** When the reconciler looks at it next; null when nothing is left to learn. */
  checkAtMs: number | null;
  /** What was taken, where that isn't what was asked for. */
  receivedAmount: number | null;
  receivedCurrency: string | null;
};

type Row = Omit<
  Payment,
  'showId' | 'manualCapture' | 'createdAtMs' | 'updatedAtMs' | 'checkAtMs'
> & {
  manualCapture: number;
  createdAt: Date;
  updatedAt: Date;
  checkAt: Date | null;
};

const columns = `reservation_id AS reservationId, attempt, idem_key AS idemKey,
  payment_token AS paymentToken, state, amount, currency, intent_id AS intentId,
  manual_capture AS manualCapture,
  client_secret AS clientSecret, next_action_url AS nextActionUrl, decline_code AS declineCode,
  received_amount AS receivedAmount, received_currency AS receivedCurrency,
  created_at AS createdAt, updated_at AS updatedAt, check_at AS checkAt`;

/** How long one look at a payment may take before another processor may look too. */
const claimSeconds = 20;

export function isOpenPayment(state: PaymentState): boolean {
  return state === 'CREATED' || state === 'ACTION' || state === 'PROCESSING';
}

/** All attempts of a reservation, oldest first. */
export async function readPayments(
  shard: Pick<Queryable, 'rows'>,
  showId: ShowId,
  reservationId: number,
): Promise<Payment[]> {
  const rows = await shard.rows<Row>(
    `SELECT ${columns} FROM payment WHERE show_id = ? AND reservation_id = ? ORDER BY attempt`,
    [showId, reservationId],
  );
  return rows.map((row) => fromRow(showId, row));
}

/** Locks all attempts of a reservation, after the reservation itself. */
export async function lockPayments(
  { tx, head }: ShowChange,
  reservationId: number,
): Promise<Payment[]> {
  const rows = await tx.rows<Row>(
    `SELECT ${columns} FROM payment WHERE show_id = ? AND reservation_id = ? ORDER BY attempt
     FOR UPDATE`,
    [head.showId, reservationId],
  );
  return rows.map((row) => fromRow(head.showId, row));
}

/** Writes an open attempt; a UNIQUE key refuses a second one beside it. */
export async function insertPayment(
  { tx, head, nowMs }: ShowChange,
  payment: Pick<
    Payment,
    'reservationId' | 'attempt' | 'idemKey' | 'paymentToken' | 'amount' | 'currency'
  >,
  checkAtMs: number,
): Promise<void> {
  const now = new Date(nowMs);
  await tx.change(
    `INSERT INTO payment (show_id, reservation_id, attempt, idem_key, payment_token, state,
       open_attempt, amount, currency, manual_capture, created_at, updated_at, check_at)
     VALUES (?, ?, ?, ?, ?, 'CREATED', 1, ?, ?, ?, ?, ?, ?)`,
    [
      head.showId,
      payment.reservationId,
      payment.attempt,
      payment.idemKey,
      payment.paymentToken,
      payment.amount,
      payment.currency,
      head.countsCards ? 1 : 0,
      now,
      now,
      new Date(checkAtMs),
    ],
  );
}

/** What a move may write besides the state; what is left out stays as it is. */
export type PaymentNotes = {
  intentId?: string | undefined;
  clientSecret?: string | undefined;
  nextActionUrl?: string | undefined;
  declineCode?: string | undefined;
  idemKey?: string;
  /** Money that isn't what was asked for. */
  received?: Money | undefined;
  checkAtMs: number | null;
};

/** Moves a payment from the state it was locked in; the same state only adds the notes. */
export async function movePayment(
  { tx, head, nowMs }: ShowChange,
  payment: Payment,
  to: PaymentState,
  notes: PaymentNotes,
): Promise<void> {
  const { matched } = await tx.change(
    `UPDATE payment SET state = ?, open_attempt = ?, updated_at = ?, check_at = ?,
       intent_id = COALESCE(?, intent_id), client_secret = COALESCE(?, client_secret),
       next_action_url = COALESCE(?, next_action_url),
       decline_code = COALESCE(?, decline_code), idem_key = COALESCE(?, idem_key),
       received_amount = COALESCE(?, received_amount),
       received_currency = COALESCE(?, received_currency)
     WHERE show_id = ? AND reservation_id = ? AND attempt = ? AND state = ?`,
    [
      to,
      isOpenPayment(to) ? 1 : null,
      new Date(nowMs),
      notes.checkAtMs === null ? null : new Date(notes.checkAtMs),
      notes.intentId ?? null,
      notes.clientSecret ?? null,
      notes.nextActionUrl ?? null,
      notes.declineCode ?? null,
      notes.idemKey ?? null,
      notes.received?.amount ?? null,
      notes.received?.currency ?? null,
      head.showId,
      payment.reservationId,
      payment.attempt,
      payment.state,
    ],
  );
  if (matched !== 1) throw new Error(`payment ${payment.attempt} left ${payment.state} under lock`);
  payment.state = to;
  payment.intentId = notes.intentId ?? payment.intentId;
}

/** Sets when a payment is looked at again, or never with null. */
export async function scheduleCheck(
  shard: Database,
  ref: PaymentRef,
  inMs: number | null,
): Promise<void> {
  await shard.change(
    `UPDATE payment SET check_at = NOW(3) + INTERVAL ? MICROSECOND
     WHERE show_id = ? AND reservation_id = ? AND attempt = ?`,
    [inMs === null ? null : Math.round(inMs) * 1000, ref.showId, ref.reservationId, ref.attempt],
  );
}

/**
 * Payments that are due for a look, oldest first: `charges` are attempts that the provider hasn't
 * heard of, whose fans wait; `looks` are all others. One of the few statements over a whole shard:
 * nothing else knows which shows have one, and the index holds only unsettled payments.
 */
export async function listDuePayments(
  shard: Pick<Queryable, 'rows'>,
  what: 'charges' | 'looks',
  rowsMax: number,
): Promise<PaymentRef[]> {
  return shard.rows(
    `SELECT show_id AS showId, reservation_id AS reservationId, attempt FROM payment
     WHERE check_at <= NOW(3) AND (state = 'CREATED' AND intent_id IS NULL) = ?
     ORDER BY check_at LIMIT ?`,
    [what === 'charges' ? 1 : 0, rowsMax],
  );
}

/** Takes a due payment for one look; false when another processor was faster. */
export async function claimPayment(shard: Database, ref: PaymentRef): Promise<boolean> {
  const { matched } = await shard.change(
    `UPDATE payment SET check_at = NOW(3) + INTERVAL ${claimSeconds} SECOND
     WHERE show_id = ? AND reservation_id = ? AND attempt = ? AND check_at <= NOW(3)`,
    [ref.showId, ref.reservationId, ref.attempt],
  );
  return matched === 1;
}

function fromRow(showId: ShowId, { createdAt, updatedAt, checkAt, ...row }: Row): Payment {
  return {
    showId,
    ...row,
    manualCapture: row.manualCapture === 1,
    createdAtMs: createdAt.getTime(),
    updatedAtMs: updatedAt.getTime(),
    checkAtMs: checkAt?.getTime() ?? null,
  };
}
