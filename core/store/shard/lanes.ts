import type { RefusalReason } from '../../domain/decide.js';
import type { Queryable } from '../database.js';
import { recordVerdicts } from './decisions.js';
import { tellClaims } from './seats.js';
import { awayLane, type ShowChange } from './show-change.js';

export type LaneLoad = {
  lane: number;
  shows: number;
  waiting: number;
  /** When the oldest request without a decision was accepted. */
  oldestAt: Date | null;
  /** The show and number of the request that is next. */
  nextShowId: number | null;
  nextRequestId: number | null;
};

/** Lanes of a shard with what waits in them; over the whole shard, since it asks for all lanes. */
export async function readLaneLoads(shard: Pick<Queryable, 'rows'>): Promise<LaneLoad[]> {
  const rows = await shard.rows<{
    lane: number;
    showId: number;
    waiting: number;
    oldestAt: Date | null;
    first: number | null;
  }>(
    `SELECT h.lane AS lane, h.show_id AS showId, COUNT(r.request_id) AS waiting,
       MIN(r.accepted_at) AS oldestAt, MIN(r.request_id) AS first
     FROM show_head h LEFT JOIN request r
       ON r.show_id = h.show_id AND r.request_id >= h.floor_id AND r.state = 'ACCEPTED'
     WHERE h.lane <> ${awayLane} GROUP BY h.lane, h.show_id`,
  );
  const loads = new Map<number, LaneLoad>();
  for (const { lane, showId, waiting, oldestAt, first } of rows) {
    const load = loads.get(lane) ?? {
      ...{ lane, shows: 0, waiting: 0, oldestAt: null, nextShowId: null, nextRequestId: null },
    };
    load.shows += 1;
    load.waiting += waiting;
    if (oldestAt && (!load.oldestAt || oldestAt < load.oldestAt)) load.oldestAt = oldestAt;
    if (first !== null && (load.nextRequestId === null || first < load.nextRequestId)) {
      load.nextRequestId = first;
      load.nextShowId = showId;
    }
    loads.set(lane, load);
  }
  return [...loads.values()].sort((a, b) => a.lane - b.lane);
}

/** Refuses one request with the reason in the journal and the log; false when it was decided. */
export async function refuseWaiting(
  change: ShowChange,
  requestId: number,
  { reason, by }: { reason: RefusalReason; by?: string },
): Promise<boolean> {
  const { showId } = change.head;
  const verdict = { showId, requestId, state: 'REFUSED' as const, reason, alternatives: [] };
  const recorded = await recordVerdicts(change.tx, [verdict], new Date(change.nowMs));
  if (recorded !== 1) return false;
  const detail = by === undefined ? { reason } : { reason, by };
  change.log({ kind: 'REFUSED', subjectId: requestId, detail });
  // Whether it came with a code only its wish knows, and a look too many does no harm.
  tellClaims(change, requestId, { hasCode: true });
  return true;
}
