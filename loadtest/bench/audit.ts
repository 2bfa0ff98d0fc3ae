// How long the auditor takes over what a big sale leaves behind, and whether that grows with it.
import { audit } from '../audit/run.js';
import { soldSeats, writeFinishedShow } from './finished-sale.js';
import { type BenchReport, describeCommit, describeMachine, median } from './report.js';
import { makeSale, makeShow } from './shows.js';
import { openStage, type Stage } from './stage.js';

export type AuditSettings = {
  /** Sold-out shows of a thousand seats, more with each row of the report. */
  shows: number[];
  rounds: number;
};

export const auditSettings: AuditSettings = { shows: [5, 40], rounds: 3 };
export const quickAuditSettings: AuditSettings = { shows: [2, 6], rounds: 1 };

export async function benchAudit(
  settings: AuditSettings,
  say: (text: string) => void,
): Promise<BenchReport> {
  const stage = await openStage(false);
  try {
    await makeSale(stage.catalog);
    const report: BenchReport = {
      name: 'audit',
      commit: describeCommit(),
      machine: describeMachine(),
      settings: { ...settings, seats_per_show: soldSeats, ratio_of: 'the smallest sale' },
      rows: [],
      figures: {},
      exact: {},
    };
    let rows = 0;
    let made = 0;
    for (const shows of settings.shows) {
      say(`writing ${shows - made} sold-out shows`);
      for (; made < shows; made += 1) {
        await makeShow(stage, made + 1, { seats: soldSeats });
        rows += await writeFinishedShow(stage, made + 1);
      }
      const { ms, exact } = await measure(stage, settings.rounds);
      say(`${rows.toLocaleString('en')} rows took ${Math.round(median(ms))} ms`);
      const perSecond = (rows * 1_000) / median(ms);
      report.rows.push({
        scenario: `finished sale, ${shows} shows, ${rows.toLocaleString('en')} rows`,
        variant: 'usher audit --settled',
        per_second: perSecond,
        p50_ms: median(ms),
        p99_ms: Math.max(...ms),
        ratio: perSecond / (report.rows[0]?.per_second ?? perSecond),
      });
      report.figures = {
        seconds_per_million_rows: Math.round(10_000_000 / perSecond) / 10,
        peak_memory_mib: Math.round(process.resourceUsage().maxRSS / 1_024),
      };
      report.exact = exact;
    }
    return report;
  } finally {
    await stage.close();
  }
}

/** Every round must find nothing: the rows are those of a sale that went well. */
async function measure(
  stage: Stage,
  rounds: number,
): Promise<{ ms: number[]; exact: BenchReport['exact'] }> {
  const ms: number[] = [];
  let exact: BenchReport['exact'] = {};
  for (let round = 0; round < rounds; round += 1) {
    const startMs = performance.now();
    const report = await audit({
      catalogUrl: stage.env.USHER_MYSQL_URL ?? '',
      shardUrls: [stage.shardUrl],
      settled: true,
    });
    ms.push(performance.now() - startMs);
    const [first] = report.violations;
    if (first) throw new Error(`the written sale is not right: ${first.rule} ${first.text}`);
    exact = { ...report.exact, violations: report.violations.length };
  }
  return { ms, exact };
}
