import { hash } from 'node:crypto';
import type { Wish } from '../../core/domain/decide.js';
import { plainDiscountCode } from '../../core/domain/discount.js';
import { UsherError } from '../../core/domain/errors.js';
import { formatId, formatShowId, type ShowScoped } from '../../core/domain/ids.js';
import type { DecisionMessage } from '../../core/redis/news.js';
import type { PassClaims, SessionClaims } from '../../core/runtime/tokens.js';
import type { RequestKey } from '../../core/store/shard/claim-units.js';
import { readOutcomes } from '../../core/store/shard/outcomes.js';
import type { ApiDeps } from '../deps.js';
import { readIdempotencyKey } from '../idempotency.js';
import { readIdentity } from '../identity.js';
import { openLines } from '../line.js';
import { parseWith } from '../register.js';
import type { Answer } from '../route.js';
import { outcomeAnswer } from './answer.js';
import { explainClosedGate } from './closed-gate.js';
import { findDiscount } from './discounts.js';
import { openKeyMemory } from './key-memory.js';
import { type ReserveBody, reserveBody } from './reserve-schema.js';
import type { ShowFacts } from './show-facts.js';

/** What one reserve call brings; header names are lower-case. */
export type ReserveCall = {
  headers: Record<string, string | string[] | undefined>;
  body: unknown;
  address: string;
};

/** Longest wait for a decision before the answer is 202. */
const decisionWaitMs = 5_000;
/** Journalling more than this at once would only lengthen everybody's wait. */
const depthMax = 5_000;

/**
 * Accepts one reservation request and answers with its decision. Refusals come in a fixed order:
 * identity, limit, shape, show, pass, gate. After the journal's commit the request has exactly one
 * answer, whatever becomes of this process.
 */
export function reserveHandler(deps: ApiDeps): (call: ReserveCall) => Promise<Answer> {
  const keys = openKeyMemory();
  const lines = openLines(deps.shards);
  return async ({ headers, body, address }) => {
    const claims = fanOf(headers, deps);
    const { fanId } = claims;
    deps.fans.check(claims);
    await deps.limits.take('reserve', { address, fanId });
    const idemKey = readIdempotencyKey(headers['idempotency-key']);
    const wanted = parseWith(reserveBody, body, 'body');
    const facts = await deps.showFacts.read(wanted.show_id);
    assertFits(wanted, facts);
    const pass = readPass(headers['usher-pass'], fanId, facts, deps);
    const wish = wishOf(wanted);
    const bodyHash = hashOf(facts.showId, wish, wanted.code);
    if (!keys.fits(fanId, idemKey, bodyHash)) throw reusedKey();
    if (deps.accepting.depth() > depthMax) throw overloaded();
    const claim = { passId: pass.passId, showId: facts.showId, idemKey };
    if (facts.hasSisters) await deps.passClaiming.claim({ ...claim, fanId });
    const counted = { ...claim, fanId, bodyHash };
    const isCounted = facts.saleCap !== null || wanted.code !== undefined;
    if (isCounted) await claimCaps(deps, facts, counted, { wish, code: wanted.code });
    const row = await deps.accepting.accept(facts.shardId, {
      showId: facts.showId,
      fanId,
      idemKey,
      bodyHash,
      passId: pass.passId,
      saleId: facts.saleId,
      node: deps.node,
      wish,
    });
    if (!row) {
      if (facts.hasSisters) deps.passClaiming.release(claim, { counts: false });
      throw await explainClosedGate(deps, facts);
    }
    const isRepeat = row.state !== 'ACCEPTED' || row.bodyHash !== bodyHash;
    if (isCounted && isRepeat) deps.capClaiming.settle(counted);
    if (row.bodyHash !== bodyHash) throw reusedKey();
    const ref = { showId: facts.showId, no: row.requestId };
    if (prefersAsync(headers.prefer)) return pending(ref);
    const outcome = await decisionOf(deps, facts.shardId, ref, row.state);
    if (facts.hasSisters && outcome && outcome.state !== 'GRANTED')
      deps.passClaiming.release(claim, { counts: true });
    if (outcome?.reason === 'show_full') return outcomeAnswer(await lines.withEstimate(outcome));
    return outcome ? outcomeAnswer(outcome) : pending(ref);
  };
}

function fanOf(headers: ReserveCall['headers'], deps: ApiDeps): SessionClaims {
  const claims = readIdentity(single(headers.authorization), deps.tokens);
  if (claims.role)
    throw new UsherError('forbidden', 'Reserving is for fans; staff use `usher sell`.');
  return claims;
}

function single(header: string | string[] | undefined): string | undefined {
  return Array.isArray(header) ? header[0] : header;
}

function assertFits(wanted: ReserveBody, facts: ShowFacts): void {
  if (wanted.movie_id !== undefined && wanted.movie_id !== facts.movieId) {
    throw new UsherError(
      'not_acceptable',
      'This show has another movie. Leave movie_id out or send its own.',
    );
  }
  const unknown = (wanted.seats ?? []).filter((seat) => !facts.seatNames.has(seat));
  if (unknown.length > 0) {
    throw new UsherError(
      'unknown_seat',
      `Show ${formatShowId(facts.showId)} has no seat ${unknown.join(', ')}. Choose from its seat map.`,
      { extra: { seats: unknown } },
    );
  }
  if (wanted.zone !== undefined && !facts.zones.has(wanted.zone)) {
    throw new UsherError(
      'not_acceptable',
      `The zones of this show are ${[...facts.zones].join(', ')}.`,
    );
  }
}

function readPass(
  header: string | string[] | undefined,
  fanId: string,
  facts: ShowFacts,
  deps: ApiDeps,
): PassClaims {
  const token = single(header);
  if (!token) {
    throw new UsherError(
      'pass_missing',
      `Join the waiting room of sale ${facts.saleId} first and send its pass as Usher-Pass.`,
    );
  }
  const pass = deps.tokens.readPass(token);
  if (pass.fanId !== fanId || pass.saleId !== facts.saleId) {
    throw new UsherError('pass_foreign', 'This pass was given to another fan or for another sale.');
  }
  if (deps.gate.isRevoked(pass.passId)) {
    throw new UsherError('pass_revoked', 'This pass was taken back. Join the waiting room again.');
  }
  return pass;
}

function wishOf(wanted: ReserveBody): Wish {
  if (wanted.seats) return { seats: wanted.seats };
  return {
    quantity: wanted.quantity ?? 1,
    ...(wanted.zone === undefined ? {} : { zone: wanted.zone }),
    ...(wanted.accessible ? { accessible: true } : {}),
  };
}

/**
 * Counts the seats over all shows of the sale and the use of a code, which then is part of the
 * wish; a request that is refused here frees its pass.
 */
async function claimCaps(
  deps: ApiDeps,
  facts: ShowFacts,
  request: RequestKey & { passId: string },
  { wish, code }: { wish: Wish; code: string | undefined },
): Promise<void> {
  const { saleId, saleCap: cap } = facts;
  const seats = 'seats' in wish ? wish.seats.length : wish.quantity;
  try {
    const found =
      code === undefined ? undefined : await findDiscount(deps, code, { facts, request });
    if (found) wish.off = found.off;
    const use = found && { code: found.off.code, usesMax: found.usesMax };
    if (cap !== null || use) await deps.capClaiming.claim({ ...request, saleId, seats, cap, use });
  } catch (error) {
    if (facts.hasSisters) deps.passClaiming.release(request, { counts: false });
    throw error;
  }
}

/** 132 bits of the wish: enough to tell two bodies under one key apart. */
function hashOf(showId: number, wish: Wish, code: string | undefined): string {
  const asked = code === undefined ? [showId, wish] : [showId, wish, plainDiscountCode(code)];
  return hash('sha256', JSON.stringify(asked), 'base64url').slice(0, 22);
}

function reusedKey(): UsherError {
  return new UsherError(
    'key_reused',
    'This Idempotency-Key came with another body. Use a new key.',
  );
}

function overloaded(): UsherError {
  return new UsherError('unavailable', 'Too much at once. Repeat the call with the same key.', {
    retryAfterSeconds: 1,
  });
}

function prefersAsync(header: string | string[] | undefined): boolean {
  return /\brespond-async\b/i.test(single(header) ?? '');
}

function pending(ref: ShowScoped): Answer {
  const requestId = formatId('request', ref);
  return {
    status: 202,
    body: { request_id: requestId, status_url: `/api/v1/requests/${requestId}` },
    headers: { 'Retry-After': '1' },
  };
}

async function decisionOf(
  deps: ApiDeps,
  shardId: number,
  ref: ShowScoped,
  state: string,
): Promise<DecisionMessage | undefined> {
  if (state === 'ACCEPTED') return deps.outcomes.wait(shardId, ref, decisionWaitMs);
  const [known] = await readOutcomes(deps.shards.byId(shardId), [ref]);
  return known;
}
