import { z } from 'zod';
import { claimUnits } from '../../core/store/catalog/cap-claims.js';
import { usesOf } from '../../core/store/catalog/discounts.js';
import { settleClaims } from '../../core/store/catalog/settle-claims.js';
import {
  cardClaimKey,
  cardUnits,
  requestClaimKey,
  unitsByNumber,
} from '../../core/store/shard/claim-units.js';
import { readGate } from '../../core/store/shard/gates.js';
import type { OutboxHandler } from './deps.js';

const payloadSchema = z.object({
  requests: z.array(z.number()),
  /** The seats were won back by late money: they count again, whatever the cap says. */
  regained: z.boolean().default(false),
});

/** Frees what requests no longer hold of the caps that the catalog counts; again is fine. */
export const claimsHandler: OutboxHandler = async ({ catalog, shards }, row) => {
  const { requests, regained } = payloadSchema.parse(row.payload);
  const { showId } = row;
  const shard = await shards.forShow(showId);
  const units = await unitsByNumber(shard, showId, requests);
  if (!regained) {
    const cards = await cardUnits(shard, showId, requests);
    const refs = [
      ...units.flatMap((one) =>
        (['fan', 'code'] as const).map((kind) => ({ showId, kind, key: requestClaimKey(one) })),
      ),
      ...cards.map((one) => ({ showId, kind: 'card' as const, key: cardClaimKey(one) })),
    ];
    const old = refs.map((ref) => ({ ...ref, ageMs: Number.POSITIVE_INFINITY }));
    return settleClaims({ catalog, shards }, old);
  }
  const gate = await readGate(shard, showId);
  if (!gate) return;
  const cap = Number.POSITIVE_INFINITY;
  const wanted = units
    .filter((one) => one.seats > 0)
    .flatMap((one) => {
      const ref = { showId, key: requestClaimKey(one), cap };
      const fan = { scope: gate.saleId, kind: 'fan' as const, holder: one.fanId };
      return [
        { ...ref, ...fan, units: one.seats },
        ...(one.code === null ? [] : [{ ...ref, ...usesOf(one.code), units: 1 }]),
      ];
    });
  if (wanted.length > 0) await claimUnits(catalog, wanted);
};
