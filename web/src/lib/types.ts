/** The shapes that the API answers with, as far as the page reads them. Money is in minor units. */

export interface Money {
  amount: number;
  currency: string;
}

export interface Page<T> {
  results: T[];
  next_cursor: string | null;
}

export interface City {
  name: string;
  time_zone: string;
}

export interface Movie {
  movie_id: string;
  kind?: 'film' | 'event';
  title: string;
  synopsis?: string | null;
  runtime_minutes?: number | null;
  certificate?: string | null;
  languages?: string[];
  genres?: string[];
  rating?: number | null;
  cast?: string[];
  poster?: string | null;
  trailer_url?: string | null;
}

export interface Show {
  show_id: string;
  sale_id: string;
  state?: 'active' | 'cancelled';
  movie: { movie_id: string; title: string };
  cinema: { cinema_id: string; name: string; city: string; time_zone?: string };
  hall: string | { name: string };
  starts_at: string;
  available_seats: number | null;
  price_from: number | Money | null;
  currency: string;
}

export type RoomState =
  | 'scheduled'
  | 'lobby'
  | 'open'
  | 'paused'
  | 'restoring'
  | 'sold_out'
  | 'closed';

export interface Sale {
  sale_id: string;
  name: string;
  state: RoomState;
  /** A sale without a crowd: nobody waits, and joining gives the pass at once. */
  standing: boolean;
  lobby: 'arrival' | 'draw';
  opens_at: string | null;
  lobby_opens_at?: string | null;
  rate_per_minute: number | null;
  seat_cap: number;
  /** Minor units, added to the price of each seat. */
  booking_fee?: number;
  seats_left?: number;
  hold_seconds: number;
  hold_limit_seconds?: number;
  /** Null: who finds a show full is told that it is sold out. */
  waitlist?: { offer_seconds: number; stop_minutes_before: number } | null;
  shows?: Show[];
}

export interface WaitlistOffer {
  reservation_id: string;
  state: string;
  seats: { seat: string; price: Money }[];
  amount: number;
  currency: string;
  expires_at: string;
}

/** The fan's place in the line of a full show. */
export interface WaitlistEntry {
  show_id: string;
  state: 'waiting' | 'offered';
  quantity: number;
  accept_fewer: boolean;
  queue_position: number | null;
  etr_seconds: number | null;
  offer?: WaitlistOffer;
  /** All open offers: who takes fewer may have several. */
  offers: WaitlistOffer[];
}

export interface Room {
  sale_id: string;
  state: RoomState;
  now_serving: number;
  waiting: number;
  rate_per_minute: number;
  rate_set_per_minute?: number;
  /** Places by which the line moves on, those of people who had gone too. */
  line_per_minute?: number;
  /** Why the line is slower than planned or stands still. */
  reason?: string | null;
  seats_left: number | null;
  /** Held and not paid yet: some of them come back. */
  seats_held?: number | null;
  message: string | null;
  /** The opening as it stands now: an operator may have moved it. */
  opens_at?: string;
  updated_at?: string;
}

export interface Place {
  sale_id: string;
  state: 'lobby' | 'waiting' | 'admitted' | 'away' | 'done';
  place: number | null;
  ahead: number | null;
  eta_seconds: { low: number; high: number } | null;
  receipt?: string;
  pass?: string;
  pass_expires_at?: string;
}

/** Work that a sale may ask for before joining. */
export interface Challenge {
  algorithm: string;
  challenge: string;
  maxnumber: number;
  salt: string;
  signature: string;
}

export type SeatState = 'free' | 'held' | 'booked' | 'closed';

export interface Seat {
  seat: string;
  x: number;
  state: SeatState;
  zone: string;
  price: Money;
  kind?: 'accessible' | 'companion';
}

export interface SeatRow {
  row: string;
  seats: Seat[];
}

export interface SeatMap {
  show_id: string;
  version: number;
  /** Grows whenever prices have changed. */
  price_version: number;
  /** Whether a choice may leave one free seat alone. */
  orphan_rule: 'off' | 'lenient' | 'strict';
  rows: SeatRow[];
}

export interface SeatDelta {
  show_id: string;
  from_version: number;
  version: number;
  changes: [string, SeatState][];
  /** Present when prices have changed. */
  price_version?: number;
}

export interface Reservation {
  reservation_id: string;
  show_id: string;
  state?: string;
  booking_id?: string | null;
  seats: { seat: string; price: Money | number }[];
  adjacent?: boolean;
  amount: number;
  /** The parts of the amount that aren't prices. */
  fee?: number;
  discount?: number;
  discount_code?: string;
  currency: string;
  expires_at: string;
  /** When the hold ends at the latest, whatever is added to it. */
  limit_at?: string;
}

export interface ReserveBody {
  show_id: string;
  seats?: string[];
  quantity?: number;
  zone?: string;
  accessible?: boolean;
  /** A discount code. */
  code?: string;
}

export interface RequestStatus {
  request_id: string;
  state: string;
  reservation_id?: string;
  error?: string;
  detail?: string;
  alternatives?: string[][];
}

export interface Ticket {
  ticket_id: string;
  seat: string;
  /** The signed text of the code; null for a ticket that no longer admits. */
  qr_code: string | null;
  state?: string;
}

export interface Booking {
  booking_id: string;
  state?: string;
  show_id?: string;
  reservation_id?: string;
  show?: Show;
  tickets?: Ticket[];
  seats?: (string | { seat: string })[];
  amount: number;
  discount?: number;
  discount_code?: string;
  currency: string;
  created_at?: string;
  refunds?: Refund[];
  /** What giving tickets back costs now, and until when; null where they are not taken back. */
  cancel?: { fee_percent: number; until: string } | null;
}

export interface Refund {
  refund_id: string;
  state: 'pending' | 'made';
  amount: number;
  currency: string;
  /** It waits at the box office, or was given there. */
  at_desk: boolean;
}

export interface ConfirmPending {
  status: 'requires_action' | 'processing';
  client_secret?: string;
  /** Where the bank asks the fan. */
  next_action_url?: string;
  /** When the attempt is given up. */
  deadline?: string;
}

export interface Session {
  fan_id: string;
  token: string;
  expires_at: string;
  email: string;
}

/** An RFC 9457 answer; `error` is the stable code. */
export interface Problem {
  status: number;
  error: string;
  title?: string;
  detail?: string;
  alternatives?: string[][];
  queue_position?: number;
  /** With a refused card: whether the seats are still held, and until when. */
  reservation_state?: 'held' | 'expired';
  expires_at?: string;
  /** With money that came too late: what becomes of it. */
  refund?: 'pending' | 'made';
}
