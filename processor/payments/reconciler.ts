import { driveDispute } from '../../core/payments/disputing.js';
import { type EventDeps, settleEvent } from '../../core/payments/settle-event.js';
import { claimEvent, listDueEvents } from '../../core/store/catalog/inbox.js';
import { claimDispute, listDueDisputes, restDispute } from '../../core/store/shard/disputes.js';
import { listDuePayments } from '../../core/store/shard/payments.js';
import { listDueRefunds } from '../../core/store/shard/refunds.js';
import { forEachAtOnce, type Loop, openLoop } from '../loop.js';
import { reconcilePayment } from './attempts.js';
import { closeOnce } from './closing.js';
import { reconcileRefund } from './refunds.js';
import { drainShowCancels } from './show-cancels.js';

const pauseMs = 1_000;
/** Fans wait for the charges that had no turn at once. */
const chargePauseMs = 250;
/** Staff who ask for a close wait for it. */
const closePauseMs = 1_000;
/** Open disputes are due once an hour each. */
const disputePauseMs = 30_000;
const batchRowsMax = 50;
const atOnceMax = 4;

/**
 * Opens the reconciler: each second it looks at the payments and refunds that are due on every shard
 * and at the stored events that nobody settled, and at open disputes more seldom. With webhooks
 * switched off it settles everything alone. Charges have a loop of their own, so that no number of ending holds stands before a fan.
 */
export function openReconciler(deps: EventDeps): Loop {
  const { log } = deps;
  const loops = [
    openLoop('inbox', { log, pauseMs }, () => drainInbox(deps)),
    openLoop('daily close', { log, pauseMs: closePauseMs }, () => closeOnce(deps)),
  ];
  deps.shards.onJoin((shardId) => {
    loops.push(
      openLoop(`charges ${shardId}`, { log, pauseMs: chargePauseMs }, () =>
        reconcileShard(deps, shardId, 'charges'),
      ),
      openLoop(`payments ${shardId}`, { log, pauseMs }, () =>
        reconcileShard(deps, shardId, 'looks'),
      ),
      openLoop(`refunds ${shardId}`, { log, pauseMs }, () => drainRefunds(deps, shardId)),
      openLoop(`disputes ${shardId}`, { log, pauseMs: disputePauseMs }, () =>
        drainDisputes(deps, shardId),
      ),
      openLoop(`show cancels ${shardId}`, { log, pauseMs }, () => drainShowCancels(deps, shardId)),
    );
  });
  return {
    close: async () => {
      await Promise.all(loops.map((loop) => loop.close()));
    },
  };
}

/** One turn over a shard's due payments; true when there may be more. */
export async function reconcileShard(
  deps: EventDeps,
  shardId: number,
  what: 'charges' | 'looks',
): Promise<boolean> {
  const shard = deps.shards.byId(shardId);
  const due = await listDuePayments(shard, what, batchRowsMax);
  await forEachAtOnce(due, atOnceMax, async (ref) => {
    try {
      await reconcilePayment(deps, shard, ref);
    } catch (error) {
      deps.log.warn({ err: error, ...ref }, 'a payment could not be looked at');
    }
  });
  return due.length === batchRowsMax;
}

/** One turn over a shard's due refunds; true when there may be more. */
export async function drainRefunds(deps: EventDeps, shardId: number): Promise<boolean> {
  const shard = deps.shards.byId(shardId);
  const due = await listDueRefunds(shard, batchRowsMax);
  await forEachAtOnce(due, atOnceMax, async (ref) => {
    try {
      await reconcileRefund(deps, shard, ref);
    } catch (error) {
      deps.log.warn({ err: error, ...ref }, 'a refund could not be looked at');
    }
  });
  return due.length === batchRowsMax;
}

/** One turn over a shard's open disputes that are due; true when there may be more. */
export async function drainDisputes(deps: EventDeps, shardId: number): Promise<boolean> {
  const shard = deps.shards.byId(shardId);
  const due = await listDueDisputes(shard, batchRowsMax);
  await forEachAtOnce(due, atOnceMax, async (ref) => {
    try {
      if (!(await claimDispute(shard, ref))) return;
      if (await driveDispute(deps, ref.disputeId)) await restDispute(shard, ref);
    } catch (error) {
      deps.log.warn({ err: error, ...ref }, 'a dispute could not be looked at');
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
