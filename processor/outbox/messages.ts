import { z } from 'zod';
import { formatId } from '../../core/domain/ids.js';
import type { MessageKind } from '../../core/domain/messages.js';
import { insertMessages } from '../../core/store/catalog/messages.js';
import type { OutboxRow } from '../../core/store/shard/outbox.js';
import { isDeskRefund, readRefunds } from '../../core/store/shard/refunds.js';
import { listPayable, readReservation } from '../../core/store/shard/reservations.js';
import type { OutboxDeps, OutboxHandler } from './deps.js';

/**
 * What a shard says to a fan becomes a row of the catalog's messages, once for its key, however
 * often it comes. From there it is sent, on every channel by itself.
 */
type Filing = {
  kind: MessageKind;
  /** Tells messages of one kind about one booking apart; the first has none. */
  suffix?: string;
  about: 'booking' | 'reservation';
  detail: Record<string, unknown>;
};

const words: Partial<Record<MessageKind, string>> = {
  refunded: 'refund',
  refunded_late: 'refund',
  refunded_at_desk: 'refund',
};

function filing(
  read: (deps: OutboxDeps, row: OutboxRow) => Promise<Filing | undefined> | Filing,
): OutboxHandler {
  return async (deps, row) => {
    const shard = await deps.shards.forShow(row.showId);
    const reservation = await readReservation(shard, row.showId, row.subjectId);
    const found = reservation && (await read(deps, row));
    if (!found) return;
    const { kind, suffix, about, detail } = found;
    const id = formatId(about, { showId: row.showId, no: row.subjectId });
    const key = [id, words[kind] ?? kind, suffix].filter(Boolean).join('-');
    const { showId, subjectId } = row;
    const message = { key, fanId: reservation.fanId, kind, showId, subjectId, detail };
    await insertMessages(deps.catalog, [message], deps.channels);
  };
}

const ticketPayload = z.object({ counter: z.int().optional() });
/** The tickets of a booking; a seat changed or issued anew is a message of its own. */
export const ticketMailHandler = filing((_deps, { payload }) => {
  const { counter } = ticketPayload.parse(payload);
  const again = counter === undefined ? {} : { suffix: String(counter) };
  return { kind: 'tickets', about: 'booking', detail: {}, ...again };
});

const refundPayload = z.object({ refund_no: z.int() });
/** Money went back. Money that was late is explained, and no bank is named for what the desk gave. */
export const refundMailHandler = filing(async (deps, row) => {
  const { refund_no: refundNo } = refundPayload.parse(row.payload);
  const shard = await deps.shards.forShow(row.showId);
  const refunds = await readRefunds(shard, row.showId, row.subjectId);
  const refund = refunds.find((entry) => entry.refundNo === refundNo);
  if (!refund) return undefined;
  const isLate = refund.reason === 'late_payment';
  const kind = isDeskRefund(refund) ? 'refunded_at_desk' : 'refunded';
  return {
    kind: isLate ? 'refunded_late' : kind,
    suffix: String(refundNo),
    about: isLate ? 'reservation' : 'booking',
    detail: { refund_no: refundNo },
  };
});

const cancelPayload = z.object({
  reason: z.enum(['fan', 'staff', 'show']),
  seats: z.array(z.string()),
  refund_no: z.int().nullable(),
});
/** Some or all tickets of a booking are cancelled. */
export const cancelMailHandler = filing((_deps, row) => {
  const detail = cancelPayload.parse(row.payload);
  const suffix = String(detail.refund_no ?? row.outboxId);
  return { kind: 'cancelled', suffix, about: 'booking', detail };
});

const changePayload = z.object({
  before: z.object({ starts_at: z.string(), hall: z.string() }),
  free_refund_until: z.string().nullable().optional(),
});
/** A show has another time or hall. */
export const showChangedHandler = filing((_deps, row) => {
  const detail = changePayload.parse(row.payload);
  return { kind: 'show_changed', suffix: String(row.outboxId), about: 'booking', detail };
});

const attemptPayload = z.object({ attempt: z.int() });
/** A payment failed or waits for the fan's bank; told once for a reservation. */
export const paymentNeededHandler = filing((_deps, { payload }) => {
  return { kind: 'payment_needed', about: 'reservation', detail: attemptPayload.parse(payload) };
});

/** Seats were offered to a fan of the waitlist. */
export const offerMessage = filing(() => ({ kind: 'offer', about: 'reservation', detail: {} }));

const reservedPayload = z.object({ nos: z.array(z.int()) });
/**
 * Holds of one batch that nobody has paid yet: told a while after the grant, so that a fan who
 * pays at once gets the tickets and nothing else.
 */
export const reservedHandler: OutboxHandler = async (deps, row) => {
  const { nos } = reservedPayload.parse(row.payload);
  const shard = await deps.shards.forShow(row.showId);
  const holds = await listPayable(shard, row.showId, nos);
  const messages = holds.map(({ reservationId, fanId }) => ({
    key: `${formatId('reservation', { showId: row.showId, no: reservationId })}-reserved`,
    fanId,
    kind: 'reserved' as const,
    showId: row.showId,
    subjectId: reservationId,
    detail: {},
  }));
  await insertMessages(deps.catalog, messages, deps.channels);
};
