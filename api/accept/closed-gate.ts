import { UsherError } from '../../core/domain/errors.js';
import { readGate } from '../../core/store/shard/gates.js';
import type { ApiDeps } from '../deps.js';
import type { ShowFacts } from './show-facts.js';

const movingRetrySeconds = 2;
const pausedRetrySeconds = 10;

/** Why the gate of a show let a request not in, in the fan's words. */
export async function explainClosedGate(deps: ApiDeps, facts: ShowFacts): Promise<UsherError> {
  const gate = await readGate(deps.shards.byId(facts.shardId), facts.showId);
  if (!gate || gate.state === 'MOVING') {
    deps.shards.forget(facts.showId);
    return new UsherError('show_moving', 'This show is being moved. Repeat with the same key.', {
      retryAfterSeconds: movingRetrySeconds,
    });
  }
  if (gate.state === 'CANCELLED') {
    return new UsherError('sale_closed', 'This show was cancelled.');
  }
  if (gate.nowMs >= gate.closesAtMs) {
    return new UsherError('show_begun', 'This show has begun; it is not sold any more.');
  }
  if (gate.state === 'CLOSED') {
    return new UsherError('sale_closed', 'The sale of this show is closed.');
  }
  if (gate.state === 'PAUSED') {
    return new UsherError('sale_paused', 'The sale is paused. Keep your pass and try again.', {
      retryAfterSeconds: pausedRetrySeconds,
    });
  }
  if (gate.nowMs < gate.opensAtMs) {
    const seconds = Math.max(1, Math.ceil((gate.opensAtMs - gate.nowMs) / 1000));
    return new UsherError(
      'sale_not_open',
      `The sale opens at ${new Date(gate.opensAtMs).toISOString()}.`,
      {
        extra: { opens_at: new Date(gate.opensAtMs).toISOString() },
        retryAfterSeconds: seconds,
      },
    );
  }
  // It opened between the two looks.
  return new UsherError('unavailable', 'The gate has just opened. Repeat with the same key.', {
    retryAfterSeconds: 1,
  });
}
