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
  return [...grantPosts(show, nowMs), ...claimsPost(show, nowMs)];
}

/** How long after a grant its fan is written to, unless the seats are paid by then. */
const unpaidMs = 20_000;

/**
 * Offers, one row that tells the room which passes were spent, and one, for a while later, that
 * finds who has not paid by then.
 */
function grantPosts(show: DecidedShow, nowMs: number): SqlValue[][] {
  const { showId } = show.head;
  const offers = (show.line?.posts ?? []).map((entry) => outboxRow(showId, entry, nowMs));
  const requests = grantsOf(show).map(({ request }) => request);
  const [first] = requests;
  if (!first) return offers;
  const subjectId = first.requestId;
  const grants = requests.map(({ fanId, passId }) => [fanId, passId]);
  const nos = requests.map(({ requestId }) => requestId);
  const notBeforeMs = nowMs + unpaidMs;
  return [
    ...offers,
    outboxRow(showId, { kind: 'granted', subjectId, payload: { grants } }, nowMs),
    outboxRow(showId, { kind: 'reserved', subjectId, payload: { nos }, notBeforeMs }, nowMs),
  ];
}

/** Tells caps and codes that count over several shows which requests have nothing of them, or no longer. */
function claimsPost(show: DecidedShow, nowMs: number): SqlValue[][] {
  const { capped } = show.head;
  const refused = show.decisions.filter(
    ({ kind, request }) => kind !== 'GRANTED' && (capped || request.wish.off !== undefined),
  );
  const ended = show.overdue.filter((hold) => capped || hold.discountCode !== null);
  const requests = [
    ...refused.map((decision) => decision.request.requestId),
    ...ended.map((hold) => hold.reservationId),
  ];
  const [subjectId] = requests;
  if (subjectId === undefined) return [];
  return [outboxRow(show.head.showId, { kind: 'claims', subjectId, payload: { requests } }, nowMs)];
}
