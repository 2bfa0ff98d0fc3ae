/**
 * Every state machine of Usher as a table of allowed moves. `docs/states.md` draws them and the
 * schema's CHECK constraints name the same states; a test compares the three.
 */
export const states = {
  show_seat: {
    BLOCKED: ['FREE'],
    FREE: ['HELD', 'BLOCKED', 'BOOKED'],
    HELD: ['BOOKED', 'FREE'],
    BOOKED: ['FREE'],
  },
  request: {
    ACCEPTED: ['GRANTED', 'REFUSED', 'WITHDRAWN', 'LAPSED'],
    GRANTED: [],
    REFUSED: [],
    WITHDRAWN: [],
    LAPSED: [],
  },
  reservation: {
    HELD: ['PAYING', 'EXPIRED', 'RELEASED'],
    PAYING: ['BOOKED', 'HELD', 'ENDING'],
    ENDING: ['EXPIRED', 'BOOKED'],
    BOOKED: [],
    EXPIRED: ['BOOKED'],
    RELEASED: ['BOOKED'],
  },
  payment: {
    CREATED: ['ACTION', 'PROCESSING', 'SUCCEEDED', 'FAILED', 'CANCELLED', 'SUCCEEDED_LATE'],
    ACTION: ['PROCESSING', 'SUCCEEDED', 'FAILED', 'CANCELLED', 'SUCCEEDED_LATE'],
    PROCESSING: ['SUCCEEDED', 'FAILED', 'CANCELLED', 'SUCCEEDED_LATE'],
    SUCCEEDED: [],
    FAILED: ['SUCCEEDED_LATE'],
    CANCELLED: ['SUCCEEDED_LATE'],
    SUCCEEDED_LATE: ['RETAKEN', 'REFUNDED'],
    RETAKEN: [],
    REFUNDED: [],
  },
  ticket: { VALID: ['USED', 'VOID'], USED: ['VOID'], VOID: [] },
  booking: { CONFIRMED: ['CANCELLED'], CANCELLED: [] },
  refund: {
    CREATED: ['PENDING', 'SUCCEEDED', 'FAILED'],
    PENDING: ['SUCCEEDED', 'FAILED'],
    SUCCEEDED: ['FAILED'],
    FAILED: [],
  },
  dispute: { OPEN: ['WON', 'LOST'], WON: [], LOST: [] },
  waitlist: {
    WAITING: ['OFFERED', 'SERVED', 'LEFT'],
    OFFERED: ['WAITING', 'SERVED', 'LEFT'],
    SERVED: ['WAITING'],
    LEFT: ['WAITING'],
  },
  show_gate: {
    OPEN: ['PAUSED', 'CLOSED', 'MOVING', 'CANCELLED'],
    PAUSED: ['OPEN', 'CLOSED', 'MOVING', 'CANCELLED'],
    CLOSED: ['OPEN', 'MOVING', 'CANCELLED'],
    MOVING: ['OPEN', 'PAUSED', 'CLOSED'],
    CANCELLED: [],
  },
} as const;

export type SeatState = keyof typeof states.show_seat;
export type RequestState = keyof typeof states.request;
export type ReservationState = keyof typeof states.reservation;
export type PaymentState = keyof typeof states.payment;
export type TicketState = keyof typeof states.ticket;
export type GateState = keyof typeof states.show_gate;
