import { UsherError } from '../../core/domain/errors.js';
import type { Logger } from '../../core/runtime/log.js';
import { type CapClaim, claimsOf, claimUnits } from '../../core/store/catalog/cap-claims.js';
import { settleClaims } from '../../core/store/catalog/settle-claims.js';
import type { Database } from '../../core/store/database.js';
import {
  type RequestKey,
  requestClaimKey,
  unitsByKey,
} from '../../core/store/shard/claim-units.js';
import type { Shards } from '../../core/store/shards.js';
import { openGrouping } from './grouping.js';

/** A request of a fan in a sale that counts seats over all its shows, which may lie on shards. */
export type CapClaimant = RequestKey & { saleId: string; seats: number; cap: number };

export type CapClaiming = {
  /**
   * Counts the request's seats against the sale's cap before the request is journalled. A repeat
   * of the same request counts once. @throws UsherError `cap_reached`.
   */
  claim(claimant: CapClaimant): Promise<void>;
  /** The request turned out to be decided before: its claim is brought in line with that. */
  settle(request: RequestKey): void;
};

const groupMax = 400;

export function openCapClaiming(catalog: Database, shards: Shards, log: Logger): CapClaiming {
  const claims = openGrouping(groupMax, (wanted: (CapClaim & { cap: number })[]) =>
    claimUnits(catalog, wanted),
  );
  return {
    claim: async (claimant) => {
      const { saleId, fanId, showId, seats, cap } = claimant;
      const quota = { scope: saleId, kind: 'fan' as const, holder: fanId };
      const wanted = { ...quota, showId, key: requestClaimKey(claimant), units: seats, cap };
      if (await claims.add(wanted)) return;
      // A repeated request was counted when it came first, and what became of it is its answer.
      if (await isJournalled(shards, claimant)) return;
      // Seats that were given back a moment ago may still be counted: the shards know better.
      await settleClaims({ catalog, shards }, await claimsOf(catalog, quota));
      if (seats <= cap && (await claims.add(wanted))) return;
      throw new UsherError(
        'cap_reached',
        `You have, or would have, more than the ${cap} seats of this sale that one fan may. Choose fewer.`,
        { extra: { sale_cap: cap } },
      );
    },
    settle: (request) => {
      const ref = { showId: request.showId, kind: 'fan' as const, key: requestClaimKey(request) };
      // Losing this leaves it to whoever looks after unsure claims.
      settleClaims({ catalog, shards }, [{ ...ref, ageMs: 0 }]).catch((error: unknown) =>
        log.warn({ err: error }, 'a claim was not settled'),
      );
    },
  };
}

async function isJournalled(shards: Shards, claimant: CapClaimant): Promise<boolean> {
  const rows = await unitsByKey(await shards.forShow(claimant.showId), [claimant]);
  return rows.some((row) => row.bodyHash === claimant.bodyHash);
}
