import { publishOffer } from '../../core/redis/show-news.js';
import { readReservation } from '../../core/store/shard/reservations.js';
import type { OutboxHandler } from './deps.js';
import { offerMessage } from './messages.js';

/**
 * Tells a fan of the waitlist that seats are held for them: the page at once, then by message. An
 * offer that is over by now is told to nobody.
 */
export const offerHandler: OutboxHandler = async (deps, row) => {
  const shard = await deps.shards.forShow(row.showId);
  const offer = await readReservation(shard, row.showId, row.subjectId);
  if (offer?.state !== 'HELD') return;
  await publishOffer(deps.redis, deps.names, offer);
  await offerMessage(deps, row);
};
