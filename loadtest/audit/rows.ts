import type { Snapshot } from './connect.js';

export type SeatRow = {
  seat_no: number;
  seat: string;
  zone: string;
  kind: string;
  state: string;
  reservation_id: number | null;
};
export type RequestRow = {
  request_id: number;
  fan_id: string;
  idem_key: string;
  pass_id: string;
  wish: string;
  accepted_at: Date;
  state: string;
  reason: string | null;
  decided_at: Date | null;
};
export type ReservationRow = {
  reservation_id: number;
  fan_id: string;
  pass_id: string;
  state: string;
  seats: string;
  amount: number;
  fee: number;
  discount: number;
  discount_code: string | null;
  currency: string;
  expires_at: Date;
  due_at: Date | null;
  ended_at: Date | null;
  offered: number;
};
export type QuotaRow = { fan_id: string; taken: number };
export type BookingRow = {
  booking_id: number;
  fan_id: string;
  state: string;
  amount: number;
  currency: string;
  attempt: number;
  created_at: Date;
};
export type TicketRow = {
  booking_id: number;
  seat_no: number;
  state: string;
  used_at: Date | null;
};
export type OutboxRow = {
  outbox_id: number;
  kind: string;
  subject_id: number;
  payload: string;
  published_at: Date | null;
};
export type PaymentRow = {
  reservation_id: number;
  attempt: number;
  state: string;
  amount: number;
  currency: string;
  intent_id: string | null;
  received_amount: number | null;
  received_currency: string | null;
  /** Who took it: `provider`, or the desk by `cash` or `card`. */
  method: string;
  updated_at: Date;
};
export type RefundRow = {
  reservation_id: number;
  refund_no: number;
  attempt: number;
  amount: number;
  currency: string;
  state: string;
  provider_id: string | null;
  intent_id: string | null;
  retry_of: number | null;
};
export type WaitRow = {
  fan_id: string;
  place: number;
  state: string;
  quantity: number;
  offered: number;
  lapses: number;
  zone: string | null;
  step_free: number;
  accept_fewer: number;
  joined_at: Date;
};
export type DisputeRow = {
  reservation_id: number;
  dispute_id: string;
  attempt: number;
  intent_id: string;
  state: string;
  amount: number;
  currency: string;
};
export type LedgerRow = {
  lsn: number;
  reservation_id: number;
  debit: string;
  credit: string;
  amount: number;
  currency: string;
};
export type LogRow = {
  lsn: number;
  at: Date;
  kind: string;
  subject_id: number;
  detail: string;
  chain: string;
};

export type HeadRow = {
  show_id: number;
  lsn: number;
  chain: string;
  seat_cap: number;
  starts_at: Date;
  offer_seconds: number;
  offers_stop_seconds: number;
  waiting: number;
};
export type GateRow = { show_id: number; sale_id: string; state: string; opens_at: Date };

/** Everything that one shard holds of one show. */
export type ShowRows = {
  showId: number;
  /** For messages: `show 12`. */
  where: string;
  nowMs: number;
  head: HeadRow;
  gate: GateRow | undefined;
  seats: SeatRow[];
  requests: RequestRow[];
  reservations: ReservationRow[];
  quotas: QuotaRow[];
  bookings: BookingRow[];
  tickets: TicketRow[];
  payments: PaymentRow[];
  refunds: RefundRow[];
  waits: WaitRow[];
  disputes: DisputeRow[];
  ledger: LedgerRow[];
  log: LogRow[];
  outbox: OutboxRow[];
};

const columns = {
  show_seat: 'seat_no, seat, zone, kind, state, reservation_id',
  request: 'request_id, fan_id, idem_key, pass_id, wish, accepted_at, state, reason, decided_at',
  reservation:
    'reservation_id, fan_id, pass_id, state, seats, amount, fee, discount, discount_code, currency, expires_at, due_at, ended_at, offered',
  quota: 'fan_id, taken',
  booking: 'booking_id, fan_id, state, amount, currency, attempt, created_at',
  ticket: 'booking_id, seat_no, state, used_at',
  payment:
    'reservation_id, attempt, state, amount, currency, intent_id, received_amount, received_currency, method, updated_at',
  refund:
    'reservation_id, refund_no, attempt, amount, currency, state, provider_id, intent_id, retry_of',
  waitlist:
    'fan_id, place, state, quantity, offered, lapses, zone, step_free, accept_fewer, joined_at',
  dispute: 'reservation_id, dispute_id, attempt, intent_id, state, amount, currency',
  ledger: 'lsn, reservation_id, debit, credit, amount, currency',
  outbox: 'outbox_id, kind, subject_id, payload, published_at',
  show_log: 'lsn, at, kind, subject_id, detail, chain',
};

/** Reads one show whole; its tables are ordered by their primary keys. */
export async function readShow(
  shard: Snapshot,
  head: HeadRow,
  gate: GateRow | undefined,
): Promise<ShowRows> {
  const showId = head.show_id;
  const all = <T>(table: keyof typeof columns, order: string): Promise<T[]> =>
    shard.rows<T>(`SELECT ${columns[table]} FROM ${table} WHERE show_id = ? ORDER BY ${order}`, [
      showId,
    ]);
  const rows: ShowRows = {
    showId,
    where: `show ${showId}`,
    nowMs: shard.nowMs,
    head,
    gate,
    seats: await all<SeatRow>('show_seat', 'seat_no'),
    requests: [],
    reservations: [],
    quotas: [],
    bookings: [],
    tickets: [],
    payments: [],
    refunds: [],
    waits: await all<WaitRow>('waitlist', 'place'),
    disputes: await all<DisputeRow>('dispute', 'reservation_id, dispute_id'),
    ledger: await all<LedgerRow>('ledger', 'lsn, part'),
    log: await all<LogRow>('show_log', 'lsn'),
    outbox: await all<OutboxRow>('outbox', 'outbox_id'),
  };
  rows.requests = await all<RequestRow>('request', 'request_id');
  rows.reservations = await all<ReservationRow>('reservation', 'reservation_id');
  rows.quotas = await all<QuotaRow>('quota', 'fan_id');
  rows.bookings = await all<BookingRow>('booking', 'booking_id');
  rows.tickets = await all<TicketRow>('ticket', 'booking_id, seat_no');
  rows.payments = await all<PaymentRow>('payment', 'reservation_id, attempt');
  rows.refunds = await all<RefundRow>('refund', 'reservation_id, refund_no');
  return rows;
}

export const activeReservations = ['HELD', 'PAYING', 'ENDING'];
export const liveTickets = ['VALID', 'USED'];
/** Payments whose money was taken, whatever became of it later. */
export const capturedPayments = ['SUCCEEDED', 'SUCCEEDED_LATE', 'RETAKEN', 'REFUNDED'];

/** Seat ordinals and frozen prices of a reservation. */
export function reservedSeats(row: ReservationRow): { seatNo: number; price: number }[] {
  const list = JSON.parse(row.seats) as [number, string, number][];
  return list.map(([seatNo, , price]) => ({ seatNo, price }));
}

/** What a request asked for, as it was journalled. */
export type Wish = {
  seats?: string[];
  quantity?: number;
  zone?: string;
  accessible?: boolean;
  off?: WishOff;
};
/** The discount code that came with it. */
export type WishOff = { code: string; amount?: number; percent?: number };

export function wishOf(row: RequestRow): Wish {
  return JSON.parse(row.wish) as Wish;
}

export function wishSize(wish: Wish): number {
  return wish.seats?.length ?? wish.quantity ?? 0;
}

/** Groups rows by a key, keeping their order. */
export function groupBy<T, K>(rows: T[], key: (row: T) => K): Map<K, T[]> {
  const groups = new Map<K, T[]>();
  for (const row of rows) {
    const group = groups.get(key(row));
    if (group) group.push(row);
    else groups.set(key(row), [row]);
  }
  return groups;
}
