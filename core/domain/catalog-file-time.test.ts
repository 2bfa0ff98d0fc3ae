import { describe, expect, it } from '@jest/globals';
import { fc } from '../../test/support/draws.js';
import {
  addDays,
  instantOf,
  isDate,
  isTimeZone,
  localDateTime,
  parseRelativeTime,
  parseZonedTime,
} from './catalog-file-time.js';

const iso = (ms: number) => new Date(ms).toISOString();

describe('wall clocks', () => {
  it('knows zones by name only', () => {
    expect(['Asia/Kolkata', 'America/Argentina/Ushuaia', 'UTC'].every(isTimeZone)).toBe(true);
    expect(['Asia/Bombay2', '+05:30', 'IST', ''].some(isTimeZone)).toBe(false);
  });

  it('moves the hour that a spring night skips, and says so', () => {
    const skipped = instantOf('2027-03-14', '02:30', 'America/New_York');
    expect(skipped.clock).toBe('skipped');
    expect(localDateTime(skipped.instantMs, 'America/New_York').time).toBe('03:30');
  });

  it('takes the first of the two hours of an autumn night, and says so', () => {
    const twice = instantOf('2026-10-25', '02:30', 'Europe/Berlin');
    expect([iso(twice.instantMs), twice.clock]).toEqual(['2026-10-25T00:30:00.000Z', 'twice']);
    // Lord Howe moves its clocks by half an hour only.
    expect(instantOf('2026-04-05', '01:45', 'Australia/Lord_Howe').clock).toBe('twice');
  });

  it('is right on both sides of a change and where there is none', () => {
    const at = (date: string, time: string, zone: string) =>
      iso(instantOf(date, time, zone).instantMs);
    expect(at('2027-03-14', '01:59', 'America/New_York')).toBe('2027-03-14T06:59:00.000Z');
    expect(at('2027-03-14', '03:00', 'America/New_York')).toBe('2027-03-14T07:00:00.000Z');
    expect(at('2026-12-18', '19:30', 'Asia/Kolkata')).toBe('2026-12-18T14:00:00.000Z');
  });

  it('comes back to the wall clock it was given, in every zone', () => {
    const zones = fc.constantFrom(...Intl.supportedValuesOf('timeZone').filter(isTimeZone));
    const minutes = fc.integer({
      min: Date.UTC(2024, 0, 1) / 60_000,
      max: Date.UTC(2032, 0, 1) / 60_000,
    });
    fc.assert(
      fc.property(zones, minutes, (zone, minute) => {
        const wanted = iso(minute * 60_000);
        const [date, time] = [wanted.slice(0, 10), wanted.slice(11, 16)];
        const { instantMs, clock } = instantOf(date, time, zone);
        const shown = localDateTime(instantMs, zone);
        return clock === 'skipped' || (shown.date === date && shown.time === time);
      }),
      { numRuns: 300 },
    );
  });
});

describe('written times', () => {
  it('takes ISO times with an offset and nothing else', () => {
    expect(parseZonedTime('2026-12-18T19:30:00+05:30')).toBe(Date.UTC(2026, 11, 18, 14));
    expect(parseZonedTime('2026-12-18 19:30Z')).toBe(Date.UTC(2026, 11, 18, 19, 30));
    for (const text of ['2026-12-18T19:30', '2026-02-30T10:00Z', '2026-12-18T24:00Z', 'soon']) {
      expect(parseZonedTime(text)).toBeUndefined();
    }
  });

  it('takes times counted from now', () => {
    expect(['+30s', '-1m', '+2h', '+3d'].map(parseRelativeTime)).toEqual([
      30_000, -60_000, 7_200_000, 259_200_000,
    ]);
    expect(['30s', '+30', '+1w', '+-1s'].map(parseRelativeTime)).toEqual(Array(4).fill(undefined));
  });

  it('counts days over months and leap years', () => {
    expect(addDays('2028-02-27', 3)).toBe('2028-03-01');
    expect([isDate('2028-02-29'), isDate('2027-02-29'), isDate('27-2-1')]).toEqual([
      true,
      false,
      false,
    ]);
  });
});
