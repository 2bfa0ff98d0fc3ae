import { formatId, parseId, type ShowId } from '../domain/ids.js';

/** What names one attempt, and what its amount and time add so that a key is never used twice. */
type Attempt = {
  showId: ShowId;
  reservationId: number;
  attempt: number;
  amount: number;
  createdAtMs: number;
};
type RefundOf = Attempt & { refundNo: number; refundAmount: number };

/**
 * The provider's idempotency key of an attempt, from its committed row alone: whoever repeats the
 * call after a crash sends the same. The time keeps an emptied database, whose numbers begin
 * again, from being answered with the payments of the one before.
 */
export function attemptKey(payment: Attempt): string {
  const { showId, reservationId, attempt, amount, createdAtMs } = payment;
  const id = formatId('payment', { showId, no: reservationId });
  return `${id}_${attempt}_${amount}_${createdAtMs.toString(36)}`;
}

export function refundKey(refund: RefundOf): string {
  return `${attemptKey(refund)}_refund_${refund.refundNo}_${refund.refundAmount}`;
}

/** What travels with an intent, so that its events find their attempt. No personal data. */
export function attemptMetadata(payment: Attempt): Record<string, string> {
  const { showId, reservationId, attempt } = payment;
  return {
    reservation_id: formatId('reservation', { showId, no: reservationId }),
    attempt: String(attempt),
    attempt_key: attemptKey(payment),
  };
}

export type MetadataRef = {
  showId: ShowId;
  reservationId: number;
  attempt: number;
  attemptKey: string;
  refundNo: number | undefined;
};

/** Reads our metadata back; undefined for what isn't ours. */
export function readMetadata(metadata: Record<string, string>): MetadataRef | undefined {
  const ref = parseId('reservation', metadata.reservation_id ?? '');
  const attempt = readCount(metadata.attempt);
  if (!ref || attempt === undefined || !metadata.attempt_key) return undefined;
  return {
    showId: ref.showId,
    reservationId: ref.no,
    attempt,
    attemptKey: metadata.attempt_key,
    refundNo: readCount(metadata.refund_no),
  };
}

function readCount(text: string | undefined): number | undefined {
  return text !== undefined && /^[1-9][0-9]{0,3}$/.test(text) ? Number(text) : undefined;
}
