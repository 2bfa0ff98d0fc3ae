import type { Decision, RefusalReason } from '../../core/domain/decide.js';
import { buildSeatMap } from '../../core/domain/seat-map.js';
import { type Database, isDuplicateKey } from '../../core/store/database.js';
import { recordVerdicts } from '../../core/store/shard/decisions.js';
import type { Waiting } from '../../core/store/shard/journal.js';
import { tellClaims } from '../../core/store/shard/seats.js';
import { changeShow } from '../../core/store/shard/show-change.js';
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
  const { requestId } = request;
  const { result, news } = await changeShow(shard, request.showId, async (change) => {
    const verdict = {
      showId: request.showId,
      requestId,
      state: 'REFUSED' as const,
      reason,
      alternatives: [],
    };
    const recorded = await recordVerdicts(change.tx, [verdict], new Date(change.nowMs));
    if (recorded === 1) {
      change.log({ kind: 'REFUSED', subjectId: requestId, detail: { reason } });
      tellClaims(change, requestId);
    }
    return { recorded, head: change.head };
  });
  if (result.recorded !== 1) return undefined;
  const decision: Decision = { kind: 'REFUSED', request, reason, alternatives: [] };
  return { head: result.head, map: buildSeatMap([]), decisions: [decision], overdue: [], news };
}
