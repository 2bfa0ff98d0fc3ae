import type { Gate } from '../admission/gate.js';
import type { Redis } from '../core/redis/connect.js';
import type { RedisNames } from '../core/redis/keys.js';
import { publishSeats } from '../core/redis/show-news.js';
import type { Logger } from '../core/runtime/log.js';
import { finishRelease, listDueReleases, releaseTranche } from '../core/store/catalog/releases.js';
import type { Database } from '../core/store/database.js';
import { endSeatHolds, findEndedSeatHolds } from '../core/store/shard/blocked-seats.js';
import { changeShow } from '../core/store/shard/show-change.js';
import type { Shards } from '../core/store/shards.js';
import { type Loop, openLoop } from './loop.js';

export type StaffTimerDeps = {
  catalog: Database;
  shards: Shards;
  redis: Redis;
  names: RedisNames;
  gate: Pick<Gate, 'changed'>;
  log: Logger;
};

const pauseMs = 500;
const releasesMax = 20;
const showsMax = 100;

/** Does what staff have set a time for: both are rows, so a processor that was away does it late. */
export function openStaffTimers(deps: StaffTimerDeps): Loop {
  return openLoop('staff timers', { log: deps.log, pauseMs }, async () => {
    await releaseDue(deps);
    for (const shardId of deps.shards.ids()) await endKept(deps, deps.shards.byId(shardId));
    return false;
  });
}

/** Carries out the releases that are due; one that was cut short goes on where it was. */
export async function releaseDue(deps: StaffTimerDeps): Promise<void> {
  const { catalog, shards, redis, names } = deps;
  for (const one of await listDueReleases(catalog, releasesMax)) {
    const { saleId, releaseId, actor: by } = one;
    const tranche = { saleId, zone: one.zone ?? undefined, seats: one.seats ?? undefined };
    const { released } = await releaseTranche(
      { catalog, shards },
      { ...tranche, by, releaseId },
      (news) => publishSeats(redis, names, news),
    );
    if (await finishRelease(catalog, one, released)) await deps.gate.changed(saleId);
  }
}

/** Ends the holds on seats whose time is over. */
export async function endKept(deps: StaffTimerDeps, shard: Database): Promise<void> {
  for (const showId of await findEndedSeatHolds(shard, showsMax)) {
    const { news } = await changeShow(shard, showId, endSeatHolds);
    await publishSeats(deps.redis, deps.names, news);
  }
}
