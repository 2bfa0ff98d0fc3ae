import { barChart } from '../report/chart.js';
import { headingPart, htmlPage, tablePart, verdictPart } from '../report/page.js';
import type { SingleReport } from './single.js';

export function browsePage(report: SingleReport): string {
  return htmlPage({
    title: `Usher: ${report.name}`,
    about: `${report.target}, commit ${report.commit}, on ${report.machine}`,
    parts: [
      verdictPart(report.verdict.good, report.verdict.text),
      barChart(
        'Calls answered a second',
        report.rows.map((row) => ({
          name: row.call,
          value: row.per_second,
          note: `${Math.round(row.per_second).toLocaleString('en')}/s, p99 ${row.p99_ms} ms`,
        })),
      ),
      tablePart({
        head: ['call', 'a second', 'p50 ms', 'p99 ms', 'failed'],
        rows: report.rows.map((row) => [
          row.call,
          row.per_second,
          row.p50_ms,
          row.p99_ms,
          row.failed,
        ]),
      }),
      headingPart('Settings'),
      tablePart({
        head: ['setting', 'value'],
        rows: Object.entries(report.settings).map(([name, value]) => [
          name,
          JSON.stringify(value) ?? '',
        ]),
      }),
    ],
  });
}

export function browseText(report: SingleReport): string {
  const rows = report.rows.map(
    (row) =>
      `  ${row.call.padEnd(34)} ${String(Math.round(row.per_second)).padStart(7)}/s  p50 ${row.p50_ms} ms  p99 ${row.p99_ms} ms  ${row.failed} failed`,
  );
  return [`${report.name} against ${report.target}`, ...rows, report.verdict.text, ''].join('\n');
}
