import type { Decision, Quota } from '../../core/domain/decide.js';
import type { SeatMap } from '../../core/domain/seat-map.js';
import { isLineOpen, refuseIntoLine, wantOf } from '../../core/domain/waitlist.js';
import type { Tx } from '../../core/store/database.js';
import { offerFreedSeats, offerRulesOf } from '../../core/store/shard/offers.js';
import type { OverdueHold } from '../../core/store/shard/overdue.js';
import { type Collected, collectChange, type Head } from '../../core/store/shard/show-change.js';
import { joinLines, requeue } from '../../core/store/shard/waitlist.js';

/**
 * The waitlist's part in a batch, before any request is decided: offers among the ended holds go
 * back into the line, and what was freed is offered to it. Undefined where nobody waits.
 */
export async function serveLine(
  tx: Tx,
  show: { head: Head; map: SeatMap; overdue: OverdueHold[] },
  quotas: Map<string, Quota>,
  nowMs: number,
): Promise<Collected | undefined> {
  const { head, map, overdue } = show;
  const lapsed = overdue.filter((hold) => hold.offered === 1);
  if (overdue.length === 0 || (head.waiting === 0 && lapsed.length === 0)) return undefined;
  const collected = collectChange(tx, head, nowMs);
  for (const hold of lapsed) await requeue(collected.change, hold.fanId, hold.seats.length);
  await offerFreedSeats(collected.change, map, quotas);
  return collected;
}

/** Where the show has a line, who found nothing left is refused into it. */
export function withLine(head: Head, decisions: Decision[], nowMs: number): Decision[] {
  return isLineOpen(offerRulesOf(head), nowMs) ? refuseIntoLine(decisions) : decisions;
}

/** Puts those who were refused into a line at its end, in the order of the decisions. */
export async function joinRefused(
  tx: Tx,
  shows: { head: Head; decisions: Decision[] }[],
  now: Date,
): Promise<void> {
  const refused = shows.flatMap(({ head, decisions }) =>
    decisions.flatMap((decision) =>
      decision.kind === 'REFUSED' && decision.reason === 'show_full' ? [{ head, decision }] : [],
    ),
  );
  if (refused.length === 0) return;
  const joiners = refused.map(({ head, decision: { request } }) => ({
    ...{ head, fanId: request.fanId, want: wantOf(request.wish) },
  }));
  const positions = await joinLines(tx, joiners, now);
  for (const [index, { decision }] of refused.entries()) {
    const position = positions[index];
    if (typeof position === 'number') decision.position = position;
  }
}
