import { groupBy } from '../../domain/group-by.js';
import type { Database } from '../database.js';
import { type RequestUnits, requestClaimKey, unitsByKey } from '../shard/claim-units.js';
import type { Shards } from '../shards.js';
import { type ClaimRef, shrinkClaims } from './cap-claims.js';

/** No journal statement is under way longer than this, so a claim without a request is abandoned. */
const abandonedMs = 30_000;

/**
 * Brings claims in line with what their requests hold: the shards know, the catalog only counts.
 * Claims of requests that are not decided, or may still be on their way, stay as they are.
 */
export async function settleClaims(
  { catalog, shards }: { catalog: Database; shards: Shards },
  claims: (ClaimRef & { ageMs: number })[],
): Promise<void> {
  for (const [showId, group] of groupBy(claims, (claim) => claim.showId)) {
    const keys = group.map(({ key }) => {
      const fanEnds = key.indexOf(' ');
      const idemKey = key.slice(fanEnds + 1, key.lastIndexOf(' '));
      return { showId, fanId: key.slice(0, fanEnds), idemKey };
    });
    const rows = await unitsByKey(await shards.forShow(showId), keys);
    const byKey = new Map(rows.map((row) => [`${row.fanId} ${row.idemKey}`, row]));
    const left = group.flatMap((claim) => {
      const row = byKey.get(claim.key.slice(0, claim.key.lastIndexOf(' ')));
      const units = row ? unitsOf(claim, row) : claim.ageMs < abandonedMs ? undefined : 0;
      return units === undefined ? [] : [{ ...claim, units, sure: true }];
    });
    await shrinkClaims(catalog, left);
  }
}

/** Above any claim: only the mark is changed. */
const undecided = 65_535;

function unitsOf(claim: ClaimRef, row: RequestUnits): number {
  // Another body came first under this key, so this one never will be a request.
  if (requestClaimKey(row) !== claim.key) return 0;
  return row.isDecided ? row.seats : undecided;
}
