import { driveRefund } from '../../core/payments/refunding.js';
import type { SettleDeps } from '../../core/payments/settling.js';
import { type Database, readNowMs } from '../../core/store/database.js';
import {
  claimRefund,
  type RefundRef,
  readRefunds,
  scheduleRefund,
} from '../../core/store/shard/refunds.js';

const restMsMin = 2_000;
const restMsMax = 600_000;
const restShareOfAge = 4;

/**
 * Makes or asks for one refund that is due, if no other processor does. A refund is never given
 * up: one that waits is tried ever more patiently, and stands on the work list meanwhile.
 */
export async function reconcileRefund(
  deps: SettleDeps,
  shard: Database,
  ref: RefundRef,
): Promise<void> {
  if (!(await claimRefund(shard, ref))) return;
  if (await driveRefund(deps, ref)) return;
  const refunds = await readRefunds(shard, ref.showId, ref.reservationId);
  const refund = refunds.find((entry) => entry.refundNo === ref.refundNo);
  if (!refund) return;
  const ageMs = (await readNowMs(shard)) - refund.createdAtMs;
  await scheduleRefund(
    shard,
    ref,
    Math.min(restMsMax, Math.max(restMsMin, ageMs / restShareOfAge)),
  );
}
