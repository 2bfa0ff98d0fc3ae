// When the shows of one entry start: at an instant, or at wall clocks of the cinema on a date or on
// days counted from the import, so that an example file never goes stale.
import type { Faults, Path } from './catalog-file-faults.js';
import type { ShowEntry } from './catalog-file-schema.js';
import { addDays, instantOf, isDate, localDateTime, parseZonedTime } from './catalog-file-time.js';

/** What an entry says about time, the same for all its halls. */
export interface Timing {
  /** Whether it names one start only. */
  single: boolean;
  instantMs?: number;
  date?: string;
  days: number[];
  times: string[];
}

/** Most days after the import that a show may be planned for. */
const daysMax = 366;

/** Reads the time fields of an entry; undefined when they don't fit together (a fault says why). */
export function timingOf(entry: ShowEntry, path: Path, faults: Faults): Timing | undefined {
  const dateFields = (['date', 'day', 'days'] as const).filter((name) => entry[name] !== undefined);
  const timeFields = (['time', 'times'] as const).filter((name) => entry[name] !== undefined);
  if (entry.starts_at !== undefined) {
    const extra = [...dateFields, ...timeFields];
    for (const name of extra) {
      faults.addAtKey([...path, name], 'goes without `starts_at`: keep one of the two');
    }
    const instantMs = parseZonedTime(entry.starts_at);
    return extra.length > 0 || instantMs === undefined
      ? undefined
      : { single: true, instantMs, days: [], times: [] };
  }
  if (dateFields.length !== 1 || timeFields.length !== 1) {
    faults.add(
      path,
      'needs `starts_at`, or one of `date`, `day`, `days` together with `time` or `times`',
    );
    return undefined;
  }
  const times = entry.times ?? (entry.time === undefined ? [] : [entry.time]);
  const single = entry.days === undefined && entry.times === undefined;
  if (entry.date !== undefined) {
    if (!isDate(entry.date)) {
      faults.add([...path, 'date'], 'must be a date such as 2026-12-18');
      return undefined;
    }
    return { single, date: entry.date, days: [], times };
  }
  const days = entry.day === undefined ? daysOf(entry.days ?? []) : [entry.day];
  if (days === undefined) {
    faults.add(
      [...path, 'days'],
      `must be days after the import, 0 to ${daysMax}, as a range or list: 1-7 or [1, 3, 5]`,
    );
    return undefined;
  }
  return { single, days, times };
}

/** Reads `1-7`, `1, 3, 5-6` or `[1, 3]`; undefined when it isn't of that form. */
function daysOf(value: string | readonly number[]): number[] | undefined {
  if (typeof value !== 'string') {
    return [...new Set(value)];
  }
  const days = new Set<number>();
  for (const token of value.split(/[\s,]+/)) {
    const match = /^(\d{1,3})(?:-(\d{1,3}))?$/.exec(token);
    const from = Number(match?.[1]);
    const to = Number(match?.[2] ?? match?.[1]);
    if (!match || to < from || to > daysMax) {
      return undefined;
    }
    for (let day = from; day <= to; day += 1) {
      days.add(day);
    }
  }
  return [...days];
}

export interface Moment {
  startsAtMs: number;
  relative: boolean;
}

/**
 * The starts of an entry in one time zone. A wall clock that a date skips or shows twice is a
 * fault; on a day counted from the import it is moved on, or is the first of the two, since
 * nobody chose that night.
 */
export function momentsOf(
  timing: Timing,
  timeZone: string,
  nowMs: number,
  path: Path,
  faults: Faults,
): Moment[] {
  if (timing.instantMs !== undefined) {
    return [{ startsAtMs: timing.instantMs, relative: false }];
  }
  const { date } = timing;
  if (date === undefined) {
    const today = localDateTime(nowMs, timeZone).date;
    return timing.days.flatMap((day) =>
      timing.times.map((time) => ({
        startsAtMs: instantOf(addDays(today, day), time, timeZone).instantMs,
        relative: true,
      })),
    );
  }
  return timing.times.map((time) => {
    const { instantMs, clock } = instantOf(date, time, timeZone);
    if (clock === 'skipped') {
      const message = `clocks in ${timeZone} skip ${time} on ${date}: choose another time`;
      faults.add([...path, 'date'], message);
    } else if (clock === 'twice') {
      const message =
        `clocks in ${timeZone} show ${time} twice on ${date}: write \`starts_at\` with ` +
        'the offset that you mean';
      faults.add([...path, 'date'], message);
    }
    return { startsAtMs: instantMs, relative: false };
  });
}
