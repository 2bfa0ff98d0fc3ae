import type { AuditReport } from '../audit/run.js';
import { lineChart, type Series } from '../report/chart.js';
import { headingPart, htmlPage, tablePart, verdictPart } from '../report/page.js';
import type { Figures, Second, Spread } from './figures.js';

export type CrowdReport = {
  name: string;
  commit: string;
  machine: string;
  target: string;
  settings: Record<string, unknown>;
  verdict: { good: boolean; text: string; reasons: string[] };
  figures: Figures;
  /** What SQL says afterwards; null when the target's databases are not ours to read. */
  audit: AuditReport | null;
};

const blue = '#3a6ea5';
const green = '#1a7f4b';
const red = '#b3261e';
const amber = '#b7791f';

export function crowdPage(report: CrowdReport): string {
  const { figures, verdict } = report;
  return htmlPage({
    title: `Usher: ${report.name} with ${figures.fans.toLocaleString('en')} fans`,
    about: `${report.target}, commit ${report.commit}, on ${report.machine}`,
    parts: [
      verdictPart(verdict.good, verdict.text),
      ...verdict.reasons.map((reason) => `<p>${reason.replace(/[<&]/g, ' ')}</p>`),
      headingPart('What happened'),
      ...chartsOf(figures),
      headingPart('How the journeys ended'),
      tablePart({
        head: ['end', 'fans'],
        rows: Object.entries(figures.endings).map(([name, count]) => [
          name.replace(/_/g, ' '),
          count,
        ]),
      }),
      headingPart('How long it took'),
      tablePart({
        head: ['step', 'times', 'p50 ms', 'p95 ms', 'p99 ms', 'most ms'],
        rows: [
          spreadRow('waiting for the pass', figures.waiting),
          spreadRow('from asking to the decision', figures.decision),
          spreadRow('paying', figures.payment),
          spreadRow('setting out late (this machine)', figures.late),
          ...figures.ops.map((row) => spreadRow(`call: ${row.op}`, row)),
        ],
      }),
      ...(report.audit ? auditParts(report.audit) : []),
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

function spreadRow(name: string, spread: Spread): (string | number)[] {
  return [name, spread.count, spread.p50_ms, spread.p95_ms, spread.p99_ms, spread.max_ms];
}

function chartsOf({ per_second: seconds, samples }: Figures): string[] {
  const bySecond = (
    name: string,
    color: string,
    read: (second: Second) => number | null,
  ): Series => ({
    name,
    color,
    points: seconds.map((second) => ({ x: second.second, y: read(second) })),
  });
  const sampled = (
    name: string,
    color: string,
    key: 'waiting' | 'seats_left' | 'open_calls',
  ): Series => ({
    name,
    color,
    points: samples.map((sample) => ({ x: sample.atMs / 1_000, y: sample[key] })),
  });
  return [
    lineChart('Arrivals and admissions', 'fans a second', [
      bySecond('arrived', blue, (second) => second.arrived),
      bySecond('admitted', green, (second) => second.admitted),
    ]),
    lineChart('Decisions', 'a second', [
      bySecond('granted', green, (second) => second.granted),
      bySecond('refused', red, (second) => second.refused),
      bySecond('booked', blue, (second) => second.booked),
    ]),
    lineChart('Reserve calls', 'milliseconds', [
      bySecond('p50', green, (second) => second.reserve_p50_ms),
      bySecond('p99', amber, (second) => second.reserve_p99_ms),
    ]),
    lineChart('Fans waiting in the room', 'fans', [sampled('waiting', amber, 'waiting')]),
    lineChart('Seats left', 'seats', [sampled('seats left', green, 'seats_left')]),
    lineChart('Calls under way', 'calls', [sampled('open calls', blue, 'open_calls')]),
  ];
}

function auditParts(audit: AuditReport): string[] {
  const { exact } = audit;
  return [
    headingPart('The auditor'),
    tablePart({
      head: ['counted in SQL', 'number'],
      rows: Object.entries(exact).map(([name, value]) => [name.replace(/_/g, ' '), value]),
    }),
    tablePart({
      head: ['rule', 'looked at', 'broken'],
      rows: audit.rules.map((rule) => [
        `${rule.rule} ${rule.title}`,
        rule.checked,
        rule.violations,
      ]),
    }),
    ...(audit.violations.length === 0
      ? []
      : [
          tablePart({
            head: ['rule', 'where', 'what', 'likely cause'],
            rows: audit.violations.map((found) => [
              found.rule,
              found.where,
              found.text,
              found.cause,
            ]),
          }),
        ]),
  ];
}

/** The report for a terminal. */
export function crowdText({ name, figures, verdict, audit, target }: CrowdReport): string {
  const spread = (what: string, { p50_ms, p95_ms, p99_ms }: Spread) =>
    `  ${what.padEnd(28)} p50 ${Math.round(p50_ms)} ms, p95 ${Math.round(p95_ms)} ms, p99 ${Math.round(p99_ms)} ms`;
  const ends = Object.entries(figures.endings).map(
    ([end, count]) => `${count} ${end.replace(/_/g, ' ')}`,
  );
  return [
    `${name} against ${target}: ${figures.fans} fans in ${figures.seconds.toFixed(1)} s, ${figures.calls} calls (${Math.round(figures.calls_per_second)}/s)`,
    `  ${ends.join(', ')}`,
    spread('waiting for the pass', figures.waiting),
    spread('from asking to the decision', figures.decision),
    spread('paying', figures.payment),
    spread('setting out late', figures.late),
    ...Object.entries(figures.failures).map(([why, count]) => `  ${count} times: ${why}`),
    ...(audit
      ? [
          `  in SQL: ${audit.exact.seats_sold} seats sold, ${audit.exact.seats_sold_twice} twice, ${audit.exact.undecided} requests undecided; ${audit.rules.length} rules, ${audit.violations.length} broken`,
          ...audit.violations.map((found) => `    ${found.rule} ${found.where}: ${found.text}`),
        ]
      : []),
    `${verdict.text}`,
    ...verdict.reasons.map((reason) => `  ${reason}`),
    '',
  ].join('\n');
}
