import type { Logger } from '../core/runtime/log.js';
import { pruneEvents } from '../core/store/catalog/inbox.js';
import { pruneClaims } from '../core/store/catalog/pass-claims.js';
import type { Database } from '../core/store/database.js';
import { pruneOutbox } from '../core/store/shard/outbox.js';
import type { Shards } from '../core/store/shards.js';
import { type Loop, openLoop } from './loop.js';

const pauseMs = 60_000;
const rowsMax = 5_000;
/** Long enough to ask what became of a message; the log keeps what happened for good. */
const outboxDaysKept = 14;
/** Providers repeat an event for days, never for weeks. */
const eventDaysKept = 90;

type PruningDeps = { catalog: Database; shards: Shards; log: Logger };

/** Forgets what nobody will ask for again, a bounded number of rows a minute and table. */
export function openPruning(deps: PruningDeps): Loop {
  return openLoop('pruning', { log: deps.log, pauseMs }, () => prune(deps));
}

/** One turn; true when there is more to forget. */
export async function prune({ catalog, shards }: PruningDeps): Promise<boolean> {
  const counts = [
    await pruneClaims(catalog, rowsMax),
    await pruneEvents(catalog, { daysKept: eventDaysKept, rowsMax }),
  ];
  for (const shardId of shards.ids()) {
    const bounds = { daysKept: outboxDaysKept, rowsMax };
    counts.push(await pruneOutbox(shards.byId(shardId), bounds));
  }
  return counts.some((count) => count === rowsMax);
}
