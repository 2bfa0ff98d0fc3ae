import { UsherError } from '../../core/domain/errors.js';
import type { Logger } from '../../core/runtime/log.js';
import {
  type CapClaim,
  type CapKind,
  claimsOf,
  claimTogether,
} from '../../core/store/catalog/cap-claims.js';
import { usesOf } from '../../core/store/catalog/discounts.js';
import { settleClaims } from '../../core/store/catalog/settle-claims.js';
import type { Database } from '../../core/store/database.js';
import {
  type RequestKey,
  requestClaimKey,
  unitsByKey,
} from '../../core/store/shard/claim-units.js';
import type { Shards } from '../../core/store/shards.js';
import { openGrouping } from './grouping.js';

/** A request of a fan that counts over several shows, which may lie on different shards. */
export type CapClaimant = RequestKey & {
  saleId: string;
  seats: number;
  /** Seats that one fan may have in the sale; null: they aren't counted. */
  cap: number | null;
  /** The discount code of the request, and how often it may be used. */
  use?: { code: string; usesMax: number } | undefined;
};

export type CapClaiming = {
  /**
   * Counts the request's seats against the sale's cap, and its use of a discount code, before the
   * request is journalled: both or none. A repeat of the same request counts once.
   * @throws UsherError `cap_reached` or `discount_used_up`.
   */
  claim(claimant: CapClaimant): Promise<void>;
  /** The request turned out to be decided before: its claims are brought in line with that. */
  settle(request: RequestKey): void;
};

type Wanted = CapClaim & { cap: number };

const groupMax = 400;

export function openCapClaiming(catalog: Database, shards: Shards, log: Logger): CapClaiming {
  const claims = openGrouping(groupMax, (wanted: Wanted[][]) => claimTogether(catalog, wanted));
  return {
    claim: async (claimant) => {
      const wanted = wantedOf(claimant);
      const full = await claims.add(wanted);
      if (full === undefined) return;
      // A repeated request was counted when it came first, and what became of it is its answer.
      if (await isJournalled(shards, claimant)) return;
      // What the fan gave back a moment ago may still be counted: the shards know better.
      const own = wanted.map((claim) => claimsOf(catalog, claim, `${claimant.fanId} `));
      await settleClaims({ catalog, shards }, (await Promise.all(own)).flat());
      const still = await claims.add(wanted);
      if (still !== undefined) throw refusalOf(still, claimant);
    },
    settle: (request) => {
      const ref = { showId: request.showId, key: requestClaimKey(request), ageMs: 0 };
      const refs = (['fan', 'code'] as const).map((kind) => ({ ...ref, kind }));
      // Losing this leaves it to whoever looks after unsure claims.
      settleClaims({ catalog, shards }, refs).catch((error: unknown) =>
        log.warn({ err: error }, 'a claim was not settled'),
      );
    },
  };
}

function wantedOf(claimant: CapClaimant): Wanted[] {
  const { saleId, fanId, showId, seats, cap, use } = claimant;
  const ref = { showId, key: requestClaimKey(claimant) };
  const fan = { scope: saleId, kind: 'fan' as const, holder: fanId };
  return [
    ...(cap === null ? [] : [{ ...ref, ...fan, units: seats, cap }]),
    ...(use ? [{ ...ref, ...usesOf(use.code), units: 1, cap: use.usesMax }] : []),
  ];
}

function refusalOf(full: CapKind, { cap, use }: CapClaimant): UsherError {
  if (full === 'code') {
    return new UsherError(
      'discount_used_up',
      `The code ${use?.code} has been used as often as it may be. Reserve without it.`,
    );
  }
  return new UsherError(
    'cap_reached',
    `You have, or would have, more than the ${cap} seats of this sale that one fan may. Choose fewer.`,
    { extra: { sale_cap: cap } },
  );
}

async function isJournalled(shards: Shards, claimant: CapClaimant): Promise<boolean> {
  const rows = await unitsByKey(await shards.forShow(claimant.showId), [claimant]);
  return rows.some((row) => row.bodyHash === claimant.bodyHash);
}
