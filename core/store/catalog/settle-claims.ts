import { groupBy } from '../../domain/group-by.js';
import type { ShowId } from '../../domain/ids.js';
import type { Database } from '../database.js';
import {
  type CardUnits,
  cardClaimKey,
  cardUnits,
  type RequestUnits,
  requestClaimKey,
  unitsByKey,
} from '../shard/claim-units.js';
import { isOpenPayment } from '../shard/payments.js';
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
    const shard = await shards.forShow(showId);
    const [cards, requests] = [
      group.filter((claim) => claim.kind === 'card'),
      group.filter((claim) => claim.kind !== 'card'),
    ];
    const left = [
      ...(await leftOfCards(shard, showId, cards)),
      ...(await leftOfRequests(shard, showId, requests)),
    ];
    await shrinkClaims(catalog, left);
  }
}

type Aged = ClaimRef & { ageMs: number };
type Left = ClaimRef & { units: number; sure: boolean };

async function leftOfRequests(shard: Database, showId: ShowId, claims: Aged[]): Promise<Left[]> {
  if (claims.length === 0) return [];
  const keys = claims.map(({ key }) => {
    const fanEnds = key.indexOf(' ');
    const idemKey = key.slice(fanEnds + 1, key.lastIndexOf(' '));
    return { showId, fanId: key.slice(0, fanEnds), idemKey };
  });
  const rows = await unitsByKey(shard, keys);
  const byKey = new Map(rows.map((row) => [`${row.fanId} ${row.idemKey}`, row]));
  return claims.flatMap((claim) => {
    const row = byKey.get(claim.key.slice(0, claim.key.lastIndexOf(' ')));
    const units = row ? unitsOf(claim, row) : claim.ageMs < abandonedMs ? undefined : 0;
    return units === undefined ? [] : [{ ...claim, units, sure: true }];
  });
}

/** Above any claim: only the mark is changed. */
const undecided = 65_535;

function unitsOf(claim: ClaimRef, row: RequestUnits): number {
  // Another body came first under this key, so this one never will be a request.
  if (requestClaimKey(row) !== claim.key) return 0;
  return row.isDecided ? row.seats : undecided;
}

/** An attempt's row is there before its claim, so what has none has nothing. */
async function leftOfCards(shard: Database, showId: ShowId, claims: Aged[]): Promise<Left[]> {
  if (claims.length === 0) return [];
  const ids = claims.map(({ key }) => Number(key.slice(0, key.indexOf(' '))));
  const rows = await cardUnits(shard, showId, ids);
  const byKey = new Map(rows.map((row) => [cardClaimKey(row), row]));
  return claims.map((claim) => {
    const row = byKey.get(claim.key);
    return { ...claim, units: row ? cardUnitsOf(row) : 0, sure: true };
  });
}

function cardUnitsOf({ state, seats }: CardUnits): number {
  if (isOpenPayment(state)) return undecided;
  return state === 'SUCCEEDED' || state === 'RETAKEN' ? seats : 0;
}
