// From what fans saw to the numbers of a report.
import type { ClientLog } from './client-log.js';
import type { Ending, Marks } from './marks.js';
import type { CrowdResult, Sample } from './run.js';

export type Spread = {
  count: number;
  p50_ms: number;
  p95_ms: number;
  p99_ms: number;
  max_ms: number;
};
export type OpRow = Spread & { op: string; failed: number; statuses: Record<string, number> };
/** Counts in every second of the run. */
export type Second = {
  second: number;
  arrived: number;
  admitted: number;
  granted: number;
  refused: number;
  booked: number;
  reserve_p50_ms: number | null;
  reserve_p99_ms: number | null;
};

export type Figures = {
  seconds: number;
  fans: number;
  calls: number;
  calls_per_second: number;
  /** Calls without an answer, and answers of 5xx other than 503. */
  no_answer: number;
  server_errors: number;
  endings: Partial<Record<Ending, number>>;
  failures: Record<string, number>;
  waiting: Spread;
  decision: Spread;
  payment: Spread;
  /** How late fans set out: large figures mean that this machine could not make the crowd. */
  late: Spread;
  ops: OpRow[];
  per_second: Second[];
  samples: Sample[];
};

export function figuresOf({ log, marks, samples, ms }: CrowdResult): Figures {
  const took = (...kinds: string[]) =>
    marks.marks.filter((mark) => kinds.includes(mark.kind)).map((mark) => mark.tookMs);
  const failures: Record<string, number> = {};
  const endings: Partial<Record<Ending, number>> = {};
  for (const { ending, why } of marks.ended) {
    endings[ending] = (endings[ending] ?? 0) + 1;
    if (why !== undefined) failures[why] = (failures[why] ?? 0) + 1;
  }
  return {
    seconds: ms / 1_000,
    fans: marks.ended.length,
    calls: log.calls.length,
    calls_per_second: log.calls.length / (ms / 1_000),
    no_answer: log.calls.filter((call) => call.status === 0).length,
    server_errors: log.calls.filter((call) => call.status >= 500 && call.status !== 503).length,
    endings,
    failures,
    waiting: spreadOf(took('admitted')),
    decision: spreadOf(took('granted', 'refused')),
    payment: spreadOf(took('booked')),
    late: spreadOf(marks.lateMs),
    ops: opRows(log),
    per_second: perSecond(log, marks, ms),
    samples,
  };
}

export function spreadOf(values: number[]): Spread {
  const sorted = [...values].sort((a, b) => a - b);
  const at = (share: number) =>
    sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
  return {
    count: sorted.length,
    p50_ms: at(0.5),
    p95_ms: at(0.95),
    p99_ms: at(0.99),
    max_ms: sorted.at(-1) ?? 0,
  };
}

function opRows(log: ClientLog): OpRow[] {
  const ops = [...new Set(log.calls.map((call) => call.op))].sort();
  return ops.map((op) => {
    const calls = log.calls.filter((call) => call.op === op);
    const statuses: Record<string, number> = {};
    for (const { status } of calls) statuses[status] = (statuses[status] ?? 0) + 1;
    return {
      op,
      ...spreadOf(calls.map((call) => call.end - call.start)),
      failed: calls.filter((call) => call.status === 0 || call.status >= 500).length,
      statuses,
    };
  });
}

function perSecond(log: ClientLog, marks: Marks, ms: number): Second[] {
  const seconds = Array.from({ length: Math.ceil(ms / 1_000) }, (_, second) => ({
    second,
    arrived: 0,
    admitted: 0,
    granted: 0,
    refused: 0,
    booked: 0,
    latencies: [] as number[],
  }));
  for (const { kind, atMs } of marks.marks) {
    const entry = seconds[Math.floor(atMs / 1_000)];
    if (entry && kind !== 'joined' && kind !== 'ended') entry[kind] += 1;
  }
  const startMs = log.calls.reduce((least, call) => Math.min(least, call.start), Infinity);
  for (const call of log.calls) {
    if (call.op !== 'reserve') continue;
    seconds[Math.floor((call.end - startMs) / 1_000)]?.latencies.push(call.end - call.start);
  }
  return seconds.map(({ latencies, ...entry }) => {
    const spread = spreadOf(latencies);
    const none = latencies.length === 0;
    return {
      ...entry,
      reserve_p50_ms: none ? null : spread.p50_ms,
      reserve_p99_ms: none ? null : spread.p99_ms,
    };
  });
}
