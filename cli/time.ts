import { wrongUsage } from './exit.js';

const unitMs: Record<string, number> = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/**
 * A time on the command line as ISO text: `+10m` counts from now; otherwise ISO 8601 with its
 * offset. @throws CliError (exit 2).
 */
export function momentOf(text: string, nowMs: number): string {
  const relative = /^\+(\d{1,6})([smhd])$/.exec(text);
  const unit = unitMs[relative?.[2] ?? ''];
  if (relative && unit !== undefined) {
    return new Date(nowMs + Number(relative[1]) * unit).toISOString();
  }
  const zoned = /^\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}(:\d{2}(\.\d{1,3})?)?(Z|[+-]\d{2}:\d{2})$/;
  const ms = zoned.test(text) ? Date.parse(text.replace(' ', 'T')) : Number.NaN;
  if (!Number.isNaN(ms)) return new Date(ms).toISOString();
  throw wrongUsage(
    `${text} is no time; write +10m or with an offset, like 2026-12-18T09:00:00+05:30.`,
  );
}

/** A whole number of at least `min`. @throws CliError (exit 2) that names the option. */
export function wholeOf(text: unknown, name: string, min = 1): number {
  const value = Number(text);
  if (typeof text === 'string' && /^\d{1,9}$/.test(text) && value >= min) return value;
  throw wrongUsage(`${name} must be a whole number from ${min} to 999999999.`);
}

/** `600/min`, `10/s` or `600` as a number a minute. @throws CliError (exit 2). */
export function rateOf(text: string): number {
  const match = /^(\d{1,7})(?:\/(min|s))?$/.exec(text);
  const rate = Number(match?.[1]) * (match?.[2] === 's' ? 60 : 1);
  if (match && rate >= 1) return rate;
  throw wrongUsage(`${text} is no rate; write 600/min or 10/s.`);
}

/** A time on a cinema's own clock, such as `Mon 23 Nov 2026, 13:45`. */
export function clockText(iso: string, timeZone: string): string {
  const day = { weekday: 'short', day: 'numeric', month: 'short', year: 'numeric' } as const;
  const time = { hour: '2-digit', minute: '2-digit', hourCycle: 'h23' } as const;
  const parts = new Intl.DateTimeFormat('en-GB', { ...day, ...time, timeZone });
  return parts.format(new Date(iso)).replace(/^(\w+),/, '$1');
}
