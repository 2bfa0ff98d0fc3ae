import { closeDay } from '../../core/payments/daily-close.js';
import type { SettleDeps } from '../../core/payments/settling.js';
import {
  askYesterday,
  claimClose,
  postponeClose,
} from '../../core/store/catalog/payment-closes.js';

/** After a close that could not be made, such as while the provider was away. */
const againInSeconds = 120;

/** One turn: asks for yesterday's close, and makes one that is due. True when it made one. */
export async function closeOnce(deps: SettleDeps): Promise<boolean> {
  await askYesterday(deps.catalog);
  const day = await claimClose(deps.catalog);
  if (day === undefined) return false;
  try {
    const differences = await closeDay(deps, day);
    if (differences > 0) deps.log.warn({ day, differences }, 'the books differ; see the work list');
  } catch (error) {
    const text = error instanceof Error ? error.message : String(error);
    deps.log.warn({ err: error, day }, 'a day could not be closed yet');
    await postponeClose(deps.catalog, day, { error: text, inSeconds: againInSeconds });
  }
  return true;
}
