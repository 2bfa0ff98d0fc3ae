import { type EventDeps, settleEvent } from '../../core/payments/settle-event.js';
import { claimEvent, listDueEvents } from '../../core/store/catalog/inbox.js';
import { listDuePayments } from '../../core/store/shard/payments.js';
import { forEachAtOnce, type Loop, openLoop } from '../loop.js';
import { reconcilePayment } from './attempts.js';

const pauseMs = 1_000;
const batchRowsMax = 50;
const atOnceMax = 4;

/**
 * Opens the reconciler: each second it looks at the payments that are due on every shard and at
 * the stored events that nobody settled. With webhooks switched off it settles everything alone.
 */
export function openReconciler(deps: EventDeps): Loop {
  const loops = [openLoop('inbox', { log: deps.log, pauseMs }, () => drainInbox(deps))];
  deps.shards.onJoin((shardId) => {
    const turn = () => reconcileShard(deps, shardId);
    loops.push(openLoop(`payments ${shardId}`, { log: deps.log, pauseMs }, turn));
  });
  return {
    close: async () => {
      await Promise.all(loops.map((loop) => loop.close()));
    },
  };
}

/** One turn over a shard's due payments; true when there may be more. */
export async function reconcileShard(deps: EventDeps, shardId: number): Promise<boolean> {
  const shard = deps.shards.byId(shardId);
  const due = await listDuePayments(shard, batchRowsMax);
  await forEachAtOnce(due, atOnceMax, async (ref) => {
    try {
      await reconcilePayment(deps, shard, ref);
    } catch (error) {
      deps.log.warn({ err: error, ...ref }, 'a payment could not be looked at');
    }
  });
  return due.length === batchRowsMax;
}

/** One turn over the stored events that wait; true when there may be more. */
export async function drainInbox(deps: EventDeps): Promise<boolean> {
  const events = await listDueEvents(deps.catalog, batchRowsMax);
  await forEachAtOnce(events, atOnceMax, async (event) => {
    try {
      if (await claimEvent(deps.catalog, event.eventId)) await settleEvent(deps, event);
    } catch (error) {
      deps.log.warn({ err: error, event: event.eventId }, 'an event could not be settled');
    }
  });
  return events.length === batchRowsMax;
}
