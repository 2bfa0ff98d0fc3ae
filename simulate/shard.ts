import type { Quota, Wish } from '../core/domain/decide.js';
import type { Seat } from '../core/domain/seat-map.js';
import { states } from '../core/domain/states.js';
import type { Want } from '../core/domain/waitlist.js';
import type { Clock } from './room.js';
import { Broken, fanIdOf, type Settings } from './step.js';

export type RequestRow = {
  requestId: number;
  fan: number;
  key: number;
  passId: string;
  wish: Wish;
  acceptedAtMs: number;
  state: 'ACCEPTED' | 'GRANTED' | 'REFUSED' | 'WITHDRAWN' | 'LAPSED';
  reason: string | null;
};

export type ReservationRow = {
  reservationId: number;
  fan: number;
  passId: string;
  seatNos: number[];
  state: keyof typeof states.reservation;
  expiresAtMs: number;
  dueAtMs: number | null;
  offered: boolean;
};

export type PaymentRow = {
  reservationId: number;
  attempt: number;
  state: keyof typeof states.payment;
  /** Money that nobody gets a seat for was sent back. */
  refunded: boolean;
  /** What the provider knows of it: the truth about the money. */
  provider: 'open' | 'succeeded' | 'declined' | 'cancelled';
};

export type LineRow = Want & {
  fan: number;
  place: number;
  joinedAtMs: number;
  state: keyof typeof states.waitlist;
  offered: number;
  lapses: number;
};

/** What happened in a transaction, told to the reference when it has committed. */
export type Event =
  | { kind: 'held'; reservationId: number; fan: number; seatNos: number[] }
  | { kind: 'freed'; reservationId: number }
  | { kind: 'booked'; reservationId: number };

/** The rows of one show. */
export type Rows = {
  version: number;
  lineEnd: number;
  seats: Seat[];
  owners: Map<number, number>;
  requests: Map<number, RequestRow>;
  reservations: Map<number, ReservationRow>;
  quotas: Map<string, Quota>;
  payments: PaymentRow[];
  line: Map<number, LineRow>;
  /** Passes of granted requests, which the relay has to end in the room. */
  outbox: string[];
  events: Event[];
};

export type Shard = {
  clock: Clock;
  settings: Settings;
  startsAtMs: number;
  /** The connection that has the head locked, and since when. */
  lock: { owner: number; sinceMs: number } | null;
  /** Counts on whatever becomes of a transaction, as a database's own numbers do. */
  nextRequest: number;
  rows: Rows;
};

const seatPrice = 100;

export function openShard(clock: Clock, settings: Settings): Shard {
  const seats = settings.rows.flatMap((size, rowNo) =>
    Array.from({ length: size }, (_, x): Seat => {
      const place = { seatNo: rowNo * 100 + x, seat: seatName(rowNo, x), rowNo, x, zone: 'all' };
      return { ...place, kind: 'standard', price: seatPrice, state: 'FREE' };
    }),
  );
  const rows: Rows = {
    ...{ version: 1, lineEnd: 0, seats, owners: new Map(), requests: new Map() },
    ...{ reservations: new Map(), quotas: new Map(), payments: [], line: new Map() },
    ...{ outbox: [], events: [] },
  };
  const startsAtMs = clock.nowMs + settings.startsInMs;
  return { clock, settings, startsAtMs, lock: null, nextRequest: 1, rows };
}

export const seatName = (rowNo: number, x: number): string =>
  `${String.fromCharCode(65 + rowNo)}-${x + 1}`;

/** A database server drops a connection that is silent in a transaction for so long. */
const silentMsMax = 5_000;

/** The head of the show: true when nobody else has it. */
export function isHeadFree(shard: Shard): boolean {
  const { lock, clock } = shard;
  if (lock && clock.nowMs - lock.sinceMs >= silentMsMax) shard.lock = null;
  return shard.lock === null;
}

/** Moves a row along its machine. @throws Broken for a move that no machine has. */
export function move<M extends keyof typeof states>(
  machine: M,
  row: { state: keyof (typeof states)[M] },
  to: keyof (typeof states)[M],
): void {
  const allowed: Record<string, readonly string[]> = states[machine];
  if (!allowed[String(row.state)]?.includes(String(to))) {
    throw new Broken(
      'states move as drawn',
      `${machine} from ${String(row.state)} to ${String(to)}`,
    );
  }
  row.state = to;
}

export function quotaOf(rows: Rows, fanId: string): Quota {
  const quota = rows.quotas.get(fanId) ?? { taken: 0, spentPass: null };
  rows.quotas.set(fanId, quota);
  return quota;
}

const seatOf = (rows: Rows, seatNo: number): Seat => {
  const seat = rows.seats.find((one) => one.seatNo === seatNo);
  if (!seat) throw new Error(`no seat ${seatNo}`);
  return seat;
};

export const areFree = (rows: Rows, seatNos: number[]): boolean =>
  seatNos.every((seatNo) => seatOf(rows, seatNo).state === 'FREE');

export const freeCount = ({ seats }: Rows): number =>
  seats.filter((seat) => seat.state === 'FREE').length;

/** Writes a reservation with its seats and quota. */
export function hold(rows: Rows, reservation: ReservationRow): void {
  const { reservationId, fan, seatNos, passId } = reservation;
  rows.reservations.set(reservationId, reservation);
  takeSeats(rows, reservation);
  if (!reservation.offered) quotaOf(rows, fanIdOf(fan)).spentPass = passId;
  rows.events.push({ kind: 'held', reservationId, fan, seatNos });
}

/** Late money takes the same seats again. */
export function retake(rows: Rows, reservation: ReservationRow): void {
  const { reservationId, fan, seatNos } = reservation;
  takeSeats(rows, reservation);
  rows.events.push({ kind: 'held', reservationId, fan, seatNos });
}

function takeSeats(rows: Rows, { reservationId, fan, seatNos }: ReservationRow): void {
  for (const seatNo of seatNos) {
    seatOf(rows, seatNo).state = 'HELD';
    rows.owners.set(seatNo, reservationId);
  }
  quotaOf(rows, fanIdOf(fan)).taken += seatNos.length;
  rows.version += 1;
}

/** Ends a reservation without a sale: seats are free, the quota goes back. */
export function endHold(rows: Rows, reservation: ReservationRow, to: 'EXPIRED' | 'RELEASED'): void {
  const { reservationId, fan, seatNos } = reservation;
  move('reservation', reservation, to);
  reservation.dueAtMs = null;
  for (const seatNo of seatNos) {
    move('show_seat', seatOf(rows, seatNo), 'FREE');
    rows.owners.delete(seatNo);
  }
  quotaOf(rows, fanIdOf(fan)).taken -= seatNos.length;
  rows.version += 1;
  rows.events.push({ kind: 'freed', reservationId });
}

export function book(rows: Rows, reservation: ReservationRow): void {
  move('reservation', reservation, 'BOOKED');
  reservation.dueAtMs = null;
  for (const seatNo of reservation.seatNos) move('show_seat', seatOf(rows, seatNo), 'BOOKED');
  rows.version += 1;
  rows.events.push({ kind: 'booked', reservationId: reservation.reservationId });
}
