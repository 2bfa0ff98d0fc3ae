import { type CapClaim, claimsOf, claimUnits } from '../store/catalog/cap-claims.js';
import { settleClaims } from '../store/catalog/settle-claims.js';
import { readCardCap } from '../store/catalog/shows-on-sale.js';
import { cardClaimKey } from '../store/shard/claim-units.js';
import type { PaymentRef } from '../store/shard/payments.js';
import { readReservation } from '../store/shard/reservations.js';
import type { PaymentOutcome } from './outcomes.js';
import type { SettleDeps } from './settling.js';

/**
 * What becomes of an authorised card: it is counted against the sale's cap under the lock of its
 * quota, and only then is its money taken; a card that has had its seats is let go. May be repeated
 * at any point by any program: the claim and the capture are each made once.
 */
export async function captureWithinCap(
  deps: SettleDeps,
  ref: PaymentRef,
  intentId: string,
): Promise<PaymentOutcome> {
  const sale = await readCardCap(deps.catalog, ref.showId);
  if (sale && sale.cardCap !== null) {
    const card = await deps.payments.readCard(intentId);
    if (card.kind !== 'card') return card;
    const shard = await deps.shards.forShow(ref.showId);
    const reservation = await readReservation(shard, ref.showId, ref.reservationId);
    const claim = {
      ...{ showId: ref.showId, kind: 'card' as const, key: cardClaimKey(ref) },
      ...{ scope: sale.saleId, holder: card.fingerprint },
      ...{ units: reservation?.seats.length ?? 0, cap: sale.cardCap },
    };
    // For its fan it was declined; settled so, its intent is cancelled by the outbox. Cancelled
    // here, the provider's own news of that could settle it first, without a reason.
    if (!(await fits(deps, claim)))
      return { kind: 'declined', code: cardCapCode, intentId, metadata: {} };
  }
  return deps.payments.captureIntent(intentId, `capture-${intentId}`);
}

async function fits(deps: SettleDeps, claim: CapClaim & { cap: number }): Promise<boolean> {
  const [first] = await claimUnits(deps.catalog, [claim]);
  if (first) return true;
  // Seats that were given back a moment ago may still be counted: the shards know better.
  await settleClaims(deps, await claimsOf(deps.catalog, claim));
  const [again] = await claimUnits(deps.catalog, [claim]);
  return again === true;
}

/** The `decline_code` of a card that has paid for as many seats of the sale as one card may. */
const cardCapCode = 'card_cap_reached';
