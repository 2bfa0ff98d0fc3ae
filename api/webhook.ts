import type { RequestHandler } from 'express';
import { UsherError } from '../core/domain/errors.js';
import { noteMessage } from '../core/payments/issues.js';
import { type EventDeps, inboxEventOf, settleEvent } from '../core/payments/settle-event.js';
import { type InboxEvent, insertEvent, isToSettle } from '../core/store/catalog/inbox.js';
import type { ApiDeps } from './deps.js';

type Deps = Pick<ApiDeps, 'catalog' | 'config' | 'log' | 'shards' | 'payments' | 'redis' | 'names'>;

/** Events settled at once by this process, and those that wait for it in memory. */
const settlingMax = 8;
/** More than these wait in the inbox alone, for the reconciler. */
const waitingMax = 1_000;

/**
 * Takes the provider's signed events. The row is committed before the 200, whatever comes later;
 * a store that is away makes a 5xx, so that the provider repeats. The raw body is a Buffer.
 */
export function webhookHandler(deps: Deps): RequestHandler {
  const settling: EventDeps = { ...deps, publicUrl: deps.config.publicUrl };
  const waiting: InboxEvent[] = [];
  let running = 0;
  const settleNext = (): void => {
    const event = running < settlingMax ? waiting.shift() : undefined;
    if (!event) return;
    running += 1;
    settleEvent(settling, event)
      .catch((error: unknown) => {
        deps.log.warn({ err: error, event: event.eventId }, 'an event waits for the reconciler');
      })
      .finally(() => {
        running -= 1;
        settleNext();
      });
  };
  return async (req, res) => {
    const body: unknown = req.body;
    const message = Buffer.isBuffer(body)
      ? deps.payments.parseWebhook(body, req.get('stripe-signature') ?? '')
      : ({ kind: 'bad_signature' } as const);
    if (message.kind === 'bad_signature') {
      throw new UsherError('malformed', 'The signature does not fit this body.');
    }
    await noteMessage(deps.catalog, message);
    const event = inboxEventOf(message);
    const isNew = await insertEvent(deps.catalog, event);
    res.status(200).json({ received: true });
    if (!isNew || !isToSettle(event) || waiting.length >= waitingMax) return;
    waiting.push(event);
    settleNext();
  };
}
