import { type AuditReport, audit } from '../audit/run.js';
import type { ClientLog } from '../crowd/client-log.js';
import type { PrivateUsher } from './private-usher.js';
import { sleep } from './programs.js';

const everyMs = 500;

/**
 * Waits until the auditor finds nothing, or the time is over; returns its last report and how long
 * settling took. What the api left to the reconciler is looked at now, not when its turn would be.
 */
export async function settle(
  usher: PrivateUsher,
  want: {
    saleId?: string;
    msMax: number;
    clientLog?: ClientLog;
    /** By so much the clocks of fans and stores differed. */
    clockMsMax?: number | undefined;
    /** What to wait for, if not for a clean report. */
    until?: (report: AuditReport) => boolean;
  },
): Promise<{ report: AuditReport; ms: number }> {
  const startMs = performance.now();
  const { calls = [], pushes = [] } = want.clientLog ?? {};
  const clientLog = want.clientLog ? [...calls, ...pushes] : undefined;
  await usher.catalog.query('UPDATE inbox SET due_at = NOW(3) WHERE waiting = 1');
  for (;;) {
    const report = await audit({
      catalogUrl: usher.catalogUrl,
      shardUrls: usher.shardUrls,
      settled: true,
      providerUrl: usher.providerUrl,
      mailboxUrl: usher.mailboxUrl,
      clientLog,
      clockMsMax: want.clockMsMax,
      ...(want.saleId === undefined ? {} : { saleId: want.saleId }),
    });
    const ms = performance.now() - startMs;
    if ((want.until?.(report) ?? report.clean) || ms > want.msMax) return { report, ms };
    await sleep(everyMs);
  }
}
