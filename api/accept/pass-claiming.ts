import { UsherError } from '../../core/domain/errors.js';
import type { Logger } from '../../core/runtime/log.js';
import {
  claimPasses,
  type FreedClaim,
  freeClaims,
  type PassClaim,
  readClaims,
  type StoredClaim,
  takeOverClaim,
} from '../../core/store/catalog/pass-claims.js';
import type { Database } from '../../core/store/database.js';
import { inOneTrip } from '../../core/store/one-trip.js';
import { type JournalRow, readByKeys } from '../../core/store/shard/journal.js';
import type { Shards } from '../../core/store/shards.js';
import { openGrouping } from './grouping.js';

/** A request that wants to use its pass. */
export type Claimant = PassClaim & { fanId: string };

export type PassClaiming = {
  /**
   * Makes a pass back this request and no other. For sales with several shows, which may lie on
   * different shards; within one show the shard's own unique key does the same.
   * @throws UsherError `pass_spent`, `request_pending`, or `slow_down` after too many requests.
   */
  claim(claimant: Claimant): Promise<void>;
  /**
   * The request was not granted: the pass is free for the fan's next one. One that was not even
   * accepted, as at a closed gate, doesn't count among those that the pass may make.
   */
  release(claim: PassClaim, how: { counts: boolean }): void;
};

const groupMax = 400;
/** Requests that one pass may make; a fan looking for seats needs far fewer. */
export const passRequestsMax = 30;
/** No journal statement is under way longer than this, so a claim without a row is abandoned. */
const abandonedMs = 30_000;
const pendingRetrySeconds = 1;

export function openPassClaiming(catalog: Database, shards: Shards, log: Logger): PassClaiming {
  const claims = openGrouping(groupMax, async (wanted: Claimant[]) => {
    const passIds = [...new Set(wanted.map((one) => one.passId))];
    // The claims are committed before they are read back, as two statements of one round trip.
    const [, stored] = await inOneTrip<[unknown, StoredClaim[]]>(catalog, (trip) => [
      claimPasses(trip, wanted),
      readClaims(trip, passIds),
    ]);
    const byPass = new Map(stored.map((claim) => [claim.passId, claim]));
    return wanted.map((one) => byPass.get(one.passId));
  });
  const releases = openGrouping(groupMax, async (freed: FreedClaim[]) => {
    await freeClaims(catalog, freed);
    return freed;
  });
  return {
    claim: async (claimant) => {
      const holder = await claims.add(claimant);
      if (!holder) throw pending();
      if (holder.requests > passRequestsMax) throw tooMany();
      if (!isSame(holder, claimant)) await resolve(catalog, shards, holder, claimant);
    },
    release: (claim, how) => {
      // Losing this costs the next request some look-ups, so nobody waits for it.
      releases
        .add({ ...claim, ...how })
        .catch((error) => log.warn({ err: error }, 'a pass was not released'));
    },
  };
}

/**
 * Somebody else's request holds the pass, as the claim says. What became of it stands in its
 * show's journal: won, still waiting, or refused, and then the pass changes hands.
 */
async function resolve(
  catalog: Database,
  shards: Shards,
  holder: StoredClaim,
  claimant: Claimant,
): Promise<void> {
  // A repeated key is the same request, even when the fan has gone on to another since.
  if (await journalled(shards, claimant, claimant.fanId)) return;
  const row = await journalled(shards, holder, claimant.fanId);
  if (row?.state === 'GRANTED') throw spent();
  if (row?.state === 'ACCEPTED') throw pending();
  if (!row && holder.ageMs < abandonedMs) throw pending();
  if (!(await takeOverClaim(catalog, holder, claimant))) throw pending();
}

async function journalled(
  shards: Shards,
  claim: PassClaim,
  fanId: string,
): Promise<JournalRow | undefined> {
  const shard = await shards.forShow(claim.showId);
  const [row] = await readByKeys(shard, [{ showId: claim.showId, fanId, idemKey: claim.idemKey }]);
  return row;
}

function isSame(a: PassClaim, b: PassClaim): boolean {
  return a.passId === b.passId && a.showId === b.showId && a.idemKey === b.idemKey;
}

function spent(): UsherError {
  return new UsherError(
    'pass_spent',
    'This pass has won seats already. Pay for them, or join again for more.',
  );
}

function pending(): UsherError {
  return new UsherError(
    'request_pending',
    'Another request with this pass is still being decided. Repeat this one with the same key.',
    { retryAfterSeconds: pendingRetrySeconds },
  );
}

function tooMany(): UsherError {
  return new UsherError(
    'slow_down',
    `A pass is good for ${passRequestsMax} requests. Join the waiting room again for a new one.`,
  );
}
