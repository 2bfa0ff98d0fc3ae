import type { FaultSettings } from './faults.js';
import type { LedgerTx } from './ledger.js';
import {
  apiVersion,
  type Charge,
  type Dispute,
  type Intent,
  newId,
  nowSeconds,
  type Refund,
} from './objects.js';

/** One request (or timer) that changes things: who it is, and where its events go. */
export type Call = {
  requestId: string | null;
  idempotencyKey: string | null;
  /** False when no endpoint listens or the fault switch holds webhooks back for good. */
  webhooks: boolean;
  /** The events that this call made, for the delivery that follows its commit. */
  emitted: string[];
  /** Where a fan's browser reaches this server, without a slash at the end. */
  publicUrl: string;
  /** How refunds behave at present. */
  refunds: FaultSettings['refunds'];
};

/** Records that something happened; the delivery to the webhook endpoint follows the commit. */
export function emit(
  tx: LedgerTx,
  call: Call,
  type: string,
  object: Intent | Charge | Refund | Dispute,
): void {
  const id = newId('evt');
  tx.put('event', {
    id,
    object: 'event',
    api_version: apiVersion,
    created: nowSeconds(),
    data: { object },
    livemode: false,
    pending_webhooks: call.webhooks ? 1 : 0,
    request: { id: call.requestId, idempotency_key: call.idempotencyKey },
    type,
  });
  call.emitted.push(id);
  tx.put('delivery', { id, state: call.webhooks ? 'pending' : 'dropped', attempts: 0 });
}
