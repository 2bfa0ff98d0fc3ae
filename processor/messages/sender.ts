import { type Deliveries, openDeliveries } from '../../core/queue/deliveries.js';
import type { Redis } from '../../core/redis/connect.js';
import type { RedisNames } from '../../core/redis/keys.js';
import { claimMessages, keepClaims } from '../../core/store/catalog/messages.js';
import { forEachAtOnce, type Loop, openLoop } from '../loop.js';
import { type DeliverDeps, deliver } from './deliver.js';

const pauseMs = 250;
const rowsMax = 32;
const atOnceMax = 8;
/** Claims end before their leases do, however slow the mail servers are. */
const leaseMs = 300_000;
/** Until a claim is handed over its lease is short: who dies before that keeps no mail for long. */
const handOverMs = 20_000;
/** Jobs that may wait: more would outlive their leases. */
const depthMax = 256;

/**
 * Sends what is due. Each processor claims messages and hands them to BullMQ, which gives each to
 * whoever is free; while Redis is away, whoever claimed them sends them.
 */
export function openSender(
  deps: DeliverDeps,
  queue: { connection: Redis; names: RedisNames; onError: (error: Error) => void },
): Loop {
  const deliveries = openDeliveries(queue.connection, queue.names, {
    atOnceMax,
    deliver: (delivery) => deliver(deps, delivery),
    onError: queue.onError,
  });
  const loop = openLoop('messages', { log: deps.log, pauseMs }, () => claimOnce(deps, deliveries));
  return {
    close: async () => {
      await loop.close();
      await deliveries.close();
    },
  };
}

async function claimOnce(deps: DeliverDeps, deliveries: Deliveries): Promise<boolean> {
  if ((await deliveries.depth()) >= depthMax) return false;
  const claimed = await claimMessages(deps.catalog, { rowsMax, leaseMs: handOverMs });
  if (claimed.length === 0) return false;
  const isHandedOver = await deliveries.add(
    claimed.map(({ messageId, tries }) => ({ messageId, tries })),
  );
  await keepClaims(deps.catalog, claimed, leaseMs);
  if (!isHandedOver) await sendHere(deps, claimed);
  return claimed.length === rowsMax;
}

/** Sends all that is due in this process, until nothing is. */
export async function drainMessages(deps: DeliverDeps): Promise<void> {
  for (;;) {
    const claimed = await claimMessages(deps.catalog, { rowsMax, leaseMs });
    await sendHere(deps, claimed);
    if (claimed.length < rowsMax) return;
  }
}

async function sendHere(
  deps: DeliverDeps,
  claimed: { messageId: number; tries: number }[],
): Promise<void> {
  await forEachAtOnce(claimed, atOnceMax, (delivery) => deliver(deps, delivery));
}
