import type { Decision } from '../../core/domain/decide.js';
import type { Redis } from '../../core/redis/connect.js';
import type { RedisNames } from '../../core/redis/keys.js';
import { type DecisionMessage, publish } from '../../core/redis/news.js';
import { publishSeats } from '../../core/redis/show-news.js';
import type { Waiting } from '../../core/store/shard/waiting.js';
import type { DecidedShow } from './batch.js';

/**
 * Tells the outcomes of a committed batch: one message per api process with the requests that it
 * accepted, and one per show with its changed seats.
 */
export function tellDecided(
  redis: Redis,
  names: RedisNames,
  shardId: number,
  shows: DecidedShow[],
): void {
  const byNode = new Map<string, DecisionMessage[]>();
  for (const show of shows) {
    for (const decision of show.decisions) {
      const { node } = decision.request as Waiting;
      const list = byNode.get(node) ?? [];
      list.push(messageOf(show, decision));
      byNode.set(node, list);
    }
    void publishSeats(redis, names, show.news);
  }
  for (const [node, decisions] of byNode) {
    void publish(redis, names.nodeChannel(node), {
      kind: 'decisions',
      shard_id: shardId,
      decisions,
    });
  }
}

function messageOf(show: DecidedShow, decision: Decision): DecisionMessage {
  const { requestId, fanId } = decision.request;
  const common = { show_id: show.head.showId, no: requestId, fan_id: fanId, state: decision.kind };
  if (decision.kind === 'LAPSED') return common;
  if (decision.kind === 'REFUSED') {
    const { reason, alternatives, position } = decision;
    return {
      ...{ ...common, reason },
      ...(alternatives.length > 0 ? { alternatives } : {}),
      ...(position === undefined ? {} : { queue_position: position }),
    };
  }
  return {
    ...common,
    grant: {
      seats: decision.seats.map((seat) => [seat.seat, seat.price]),
      adjacent: decision.adjacent,
      amount: decision.amount,
      fee: decision.fee,
      ...(decision.discount ? { discount: decision.discount } : {}),
      currency: show.head.currency,
      expires_at_ms: decision.expiresAtMs,
      limit_at_ms: decision.limitAtMs,
    },
  };
}
