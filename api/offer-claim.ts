import { UsherError } from '../core/domain/errors.js';
import type { ShowScoped } from '../core/domain/ids.js';
import { claimUnits } from '../core/store/catalog/cap-claims.js';
import { readSale } from '../core/store/catalog/sales.js';
import type { Database } from '../core/store/database.js';
import { requestClaimKey } from '../core/store/shard/claim-units.js';
import { readCappedOffer } from '../core/store/shard/line-views.js';

/**
 * Counts the seats of an offer against its fan's share of the sale before they are paid: an offer
 * is made on one shard, which doesn't know what the fan has elsewhere. Again is fine.
 * @throws UsherError `cap_reached`.
 */
export async function claimOffer(
  catalog: Database,
  shard: Database,
  ref: ShowScoped,
): Promise<void> {
  const offer = await readCappedOffer(shard, ref.showId, ref.no);
  if (!offer) return;
  const { fanId, saleId, seats } = offer;
  const cap = (await readSale(catalog, saleId))?.saleCap ?? null;
  if (cap === null) return;
  const named = { showId: ref.showId, kind: 'fan' as const, key: requestClaimKey(offer) };
  const claim = { ...named, scope: saleId, holder: fanId, units: Number(seats), cap };
  const [isClaimed] = await claimUnits(catalog, [claim]);
  if (isClaimed) return;
  const text = `One fan may have ${cap} seats of this sale. Decline the offer or give others back.`;
  throw new UsherError('cap_reached', text);
}
