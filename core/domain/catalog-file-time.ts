// Wall clocks of cinemas. Intl knows the rules of every zone; what it lacks is the way back from a
// wall clock to an instant, with the hour that a spring night skips and the one autumn repeats.

const formatters = new Map<string, Intl.DateTimeFormat>();

function formatterFor(timeZone: string): Intl.DateTimeFormat {
  const known = formatters.get(timeZone);
  if (known) {
    return known;
  }
  const made = new Intl.DateTimeFormat('en-GB', {
    timeZone,
    hourCycle: 'h23',
    year: 'numeric',
    month: '2-digit',
    day: '2-digit',
    hour: '2-digit',
    minute: '2-digit',
    second: '2-digit',
  });
  formatters.set(timeZone, made);
  return made;
}

/** Whether this is an IANA zone name that this machine knows. */
export function isTimeZone(name: string): boolean {
  if (!/^(UTC|[A-Za-z_]+\/[A-Za-z0-9_+\-/]+)$/.test(name)) {
    return false;
  }
  try {
    formatterFor(name);
    return true;
  } catch {
    return false;
  }
}

/** True for a language with or without a region, such as `en` or `hi-IN`. */
export function isLocale(name: string): boolean {
  return /^[a-z]{2,3}(-[A-Z][a-z]{3})?(-[A-Z]{2})?$/.test(name);
}

/** A wall clock reading, as the milliseconds since 1970 that UTC would show it at. */
function wallClockMs(instantMs: number, timeZone: string): number {
  const part: Record<string, number> = {};
  for (const { type, value } of formatterFor(timeZone).formatToParts(instantMs)) {
    part[type] = Number(value);
  }
  const { year = 0, month = 1, day = 1, hour = 0, minute = 0, second = 0 } = part;
  return Date.UTC(year, month - 1, day, hour, minute, second);
}

/** Local date and time of an instant: `{date: '2026-12-18', time: '19:30'}`. */
export function localDateTime(instantMs: number, timeZone: string): { date: string; time: string } {
  const iso = new Date(wallClockMs(instantMs, timeZone)).toISOString();
  return { date: iso.slice(0, 10), time: iso.slice(11, 16) };
}

export interface LocalInstant {
  instantMs: number;
  /** `skipped`: the clock never shows it, moved on by the jump; `twice`: the first of the two. */
  clock: 'once' | 'skipped' | 'twice';
}

const dayMs = 86_400_000;

/** The instant at which clocks in a zone show a date and time (`2026-12-18`, `19:30`). */
export function instantOf(date: string, time: string, timeZone: string): LocalInstant {
  const wanted = Date.parse(`${date}T${time}:00Z`);
  // A day before and after lies beyond any single jump of the clock.
  const offsets = [wanted - dayMs, wanted + dayMs].map((at) => {
    const whole = Math.floor(at / 1000) * 1000;
    return wallClockMs(whole, timeZone) - whole;
  });
  const [before = 0, after = 0] = offsets;
  const hits = [...new Set([wanted - before, wanted - after])]
    .filter((candidate) => wallClockMs(candidate, timeZone) === wanted)
    .sort((a, b) => a - b);
  const [first] = hits;
  if (first === undefined) {
    return { instantMs: wanted - before, clock: 'skipped' };
  }
  return { instantMs: first, clock: hits.length > 1 ? 'twice' : 'once' };
}

/** The date `days` after an ISO date. */
export function addDays(date: string, days: number): string {
  return new Date(Date.parse(`${date}T00:00:00Z`) + days * dayMs).toISOString().slice(0, 10);
}

/** Whether `2026-12-18` is written like that and in the calendar. */
export function isDate(text: string): boolean {
  const ms = /^\d{4}-\d{2}-\d{2}$/.test(text) ? Date.parse(`${text}T00:00:00Z`) : Number.NaN;
  return !Number.isNaN(ms) && new Date(ms).toISOString().slice(0, 10) === text;
}

const zoned = /^(\d{4}-\d{2}-\d{2})[T ](\d{2}):(\d{2})(:\d{2}(\.\d{1,3})?)?(Z|[+-]\d{2}:\d{2})$/;

/** Milliseconds since 1970 of an ISO time that names its offset; undefined for anything else. */
export function parseZonedTime(text: string): number | undefined {
  const match = zoned.exec(text);
  if (!match?.[1] || !isDate(match[1]) || Number(match[2]) > 23) {
    return undefined;
  }
  const ms = Date.parse(text.replace(' ', 'T'));
  return Number.isNaN(ms) ? undefined : ms;
}

const unitMs: Record<string, number> = { s: 1_000, m: 60_000, h: 3_600_000, d: dayMs };

/** Milliseconds of `+30s`, `-1m`, `+2h` or `+3d`; undefined for anything else. */
export function parseRelativeTime(text: string): number | undefined {
  const match = /^([+-])(\d{1,6})([smhd])$/.exec(text);
  const unit = unitMs[match?.[3] ?? ''];
  if (!match || unit === undefined) {
    return undefined;
  }
  const size = Number(match[2]) * unit;
  return match[1] === '-' ? -size : size;
}
