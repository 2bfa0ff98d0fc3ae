/** What a program that a bench starts has measured; times until the requester knew, in milliseconds. */
export type Measured = {
  per_second: number;
  p50_ms: number;
  p99_ms: number;
  /** Requests whose outcome nobody told. */
  unknown: number;
  /** Processor time of the program that told this, since `begun` or its start, in microseconds. */
  cpu_us: number;
};

const mark = 'measured';

/** Prints one line for `readMeasured`: so many requests in so many seconds, and each wait. */
export function tellMeasured(
  requests: number,
  seconds: number,
  { tookMs, unknown, begun }: { tookMs: number[]; unknown: number; begun?: NodeJS.CpuUsage },
): void {
  const sorted = tookMs.toSorted((a, b) => a - b);
  const at = (share: number) => sorted[Math.floor((sorted.length - 1) * share)] ?? 0;
  const { user, system } = process.cpuUsage(begun);
  const told: Measured = {
    per_second: requests / seconds,
    p50_ms: at(0.5),
    p99_ms: at(0.99),
    unknown,
    cpu_us: user + system,
  };
  console.log(JSON.stringify({ msg: mark, ...told }));
}

/** What a program told in all that it printed. @throws Error when it told nothing, or not of all. */
export function readMeasured(text: string): Measured {
  const line = text.split('\n').find((entry) => entry.includes(`"${mark}"`));
  if (!line) throw new Error(`no figure was printed: ${text.slice(-300)}`);
  const measured = JSON.parse(line) as Measured;
  if (measured.unknown > 0) throw new Error(`${measured.unknown} requests got no answer`);
  return measured;
}
