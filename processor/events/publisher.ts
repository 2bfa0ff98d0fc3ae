import type { Redis } from '../../core/redis/connect.js';
import { appendEvents } from '../../core/redis/event-stream.js';
import type { RedisNames } from '../../core/redis/keys.js';
import { openRestingBreaker } from '../../core/runtime/breaker.js';
import type { Logger } from '../../core/runtime/log.js';
import { signBody } from '../../core/runtime/webhook-signature.js';
import {
  type Follower,
  findBehind,
  moveCursor,
  readEvents,
  type ShowEvent,
} from '../../core/store/shard/events.js';
import type { Shards } from '../../core/store/shards.js';
import { type Loop, openLoop } from '../loop.js';

const pauseMs = 1_000;
/** A rush is told a little later rather than at the cost of the lanes. */
const showsPerTurn = 20;
const entriesPerTurn = 100;
const answerMsMax = 10_000;

export type EventsDeps = {
  shards: Shards;
  redis: Redis;
  names: RedisNames;
  log: Logger;
  /** The operator's receiver of events. */
  webhook: { url: string; secret: string } | undefined;
};

type Publish = (showId: number, events: ShowEvent[]) => Promise<void>;

/**
 * Follows the logs of all shows: each entry goes to the stream in Redis and to the operator's
 * webhook, at least once and in its order within a show. The cursors are rows, so nothing is lost
 * with Redis or with this process.
 */
export function openEventPublisher(deps: EventsDeps): Loop {
  const loops = [openLoop('events', { log: deps.log, pauseMs }, () => publishStream(deps))];
  if (deps.webhook) {
    const publish = webhookPublisher(deps.webhook);
    const turn = () => follow(deps.shards, 'webhook', publish);
    loops.push(openLoop('event webhook', { log: deps.log, pauseMs }, turn));
  }
  return {
    close: async () => {
      await Promise.all(loops.map((loop) => loop.close()));
    },
  };
}

/** One turn for the stream; true when a show may have more. */
export function publishStream({ shards, redis, names }: EventsDeps): Promise<boolean> {
  return follow(shards, 'stream', async (showId, events) => {
    const entries = events.map((event) => ({ lsn: event.lsn, json: JSON.stringify(event) }));
    await appendEvents(redis, names, showId, entries);
  });
}

async function follow(shards: Shards, follower: Follower, publish: Publish): Promise<boolean> {
  let more = false;
  for (const shardId of shards.ids()) {
    const shard = shards.byId(shardId);
    for (const behind of await findBehind(shard, follower, showsPerTurn)) {
      const events = await readEvents(shard, behind, entriesPerTurn);
      const last = events.at(-1);
      if (!last) continue;
      await publish(behind.showId, events);
      await moveCursor(shard, { showId: behind.showId, follower, lsn: last.lsn });
      more ||= events.length === entriesPerTurn;
    }
  }
  return more && follower === 'webhook';
}

/** Posts events of one show, signed; throws until they are taken, and rests while they are not. */
export function webhookPublisher(
  { url, secret }: { url: string; secret: string },
  restMs?: number,
): Publish {
  const breaker = openRestingBreaker(restMs);
  return async (_showId, events) => {
    if (!breaker.mayCall()) throw new Error('the receiver of events is left alone for a while');
    try {
      await post(url, secret, JSON.stringify({ events }));
      breaker.succeeded();
    } catch (error) {
      breaker.failed();
      throw error;
    }
  };
}

async function post(url: string, secret: string, body: string): Promise<void> {
  const answer = await fetch(url, {
    method: 'POST',
    redirect: 'manual',
    signal: AbortSignal.timeout(answerMsMax),
    headers: {
      'Content-Type': 'application/json',
      'Usher-Signature': signBody(secret, body, Date.now()),
    },
    body,
  });
  await answer.body?.cancel();
  if (!answer.ok) throw new Error(`the receiver of events answered ${answer.status}`);
}
