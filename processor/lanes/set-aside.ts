import type { Decision, RefusalReason } from '../../core/domain/decide.js';
import { buildSeatMap } from '../../core/domain/seat-map.js';
import { type Database, isDuplicateKey } from '../../core/store/database.js';
import { refuseWaiting } from '../../core/store/shard/lanes.js';
import { changeShow } from '../../core/store/shard/show-change.js';
import type { Waiting } from '../../core/store/shard/waiting.js';
import type { DecidedShow } from './batch.js';

/**
 * Refuses one request that no batch could decide, with the reason in the journal and the log.
 * Undefined when somebody else has decided it meanwhile.
 */
export async function refuseAsInternal(
  shard: Database,
  request: Waiting,
  cause: unknown,
): Promise<DecidedShow | undefined> {
  // The unique key of passes is the last guard against a pass that was spent in an older quota.
  const reason: RefusalReason = isDuplicateKey(cause, 'reservation_pass')
    ? 'pass_spent'
    : 'internal';
  const { result, news } = await changeShow(shard, request.showId, async (change) => ({
    refused: await refuseWaiting(change, request.requestId, { reason }),
    head: change.head,
  }));
  if (!result.refused) return undefined;
  const decision: Decision = { kind: 'REFUSED', request, reason, alternatives: [] };
  return { head: result.head, map: buildSeatMap([]), decisions: [decision], overdue: [], news };
}
