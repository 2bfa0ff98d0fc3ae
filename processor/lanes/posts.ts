import type { Decision } from '../../core/domain/decide.js';
import type { SqlValue } from '../../core/store/database.js';
import { outboxRow } from '../../core/store/shard/show-change.js';
import type { DecidedShow } from './batch.js';

type Granted = Extract<Decision, { kind: 'GRANTED' }>;

export function grantsOf(show: DecidedShow): Granted[] {
  return show.decisions.filter((decision) => decision.kind === 'GRANTED');
}

/** What a batch leaves in the outbox of one show. */
export function postsOf(show: DecidedShow, nowMs: number): SqlValue[][] {
  return [...grantPost(show, nowMs), ...claimsPost(show, nowMs)];
}

/** Tells of offers, and the room which passes were spent: one row per show and batch. */
function grantPost(show: DecidedShow, nowMs: number): SqlValue[][] {
  const { showId } = show.head;
  const offers = (show.line?.posts ?? []).map((entry) => outboxRow(showId, entry, nowMs));
  const [first] = grantsOf(show);
  if (!first) return offers;
  const grants = grantsOf(show).map(({ request }) => [request.fanId, request.passId]);
  const entry = { kind: 'granted', subjectId: first.request.requestId, payload: { grants } };
  return [...offers, outboxRow(showId, entry, nowMs)];
}

/** Tells caps over several shows which requests have nothing of them, or no longer. */
function claimsPost(show: DecidedShow, nowMs: number): SqlValue[][] {
  if (!show.head.capped) return [];
  const refused = show.decisions.filter((decision) => decision.kind !== 'GRANTED');
  const requests = [
    ...refused.map((decision) => decision.request.requestId),
    ...show.overdue.map((hold) => hold.reservationId),
  ];
  const [subjectId] = requests;
  if (subjectId === undefined) return [];
  return [outboxRow(show.head.showId, { kind: 'claims', subjectId, payload: { requests } }, nowMs)];
}
