import type { Booking, Money, Show } from './types.js';

/** A price as people write it: whole units without decimals, `₹480` or `€12.50`. */
export function money({ amount, currency }: Money): string {
  const digits = new Intl.NumberFormat('en', { style: 'currency', currency }).resolvedOptions();
  const minor = digits.maximumFractionDigits ?? 2;
  const value = amount / 10 ** minor;
  const whole = Number.isInteger(value);
  return new Intl.NumberFormat(undefined, {
    style: 'currency',
    currency,
    currencyDisplay: 'narrowSymbol',
    minimumFractionDigits: whole ? 0 : minor,
    maximumFractionDigits: minor,
  }).format(value);
}

/** A price that may come bare, in the currency of what it belongs to. */
export function asMoney(price: Money | number, currency: string): Money {
  return typeof price === 'number' ? { amount: price, currency } : price;
}

export function count(value: number): string {
  return new Intl.NumberFormat().format(value);
}

type When = { starts_at: string; cinema?: { time_zone?: string } };

function inZone(show: When, options: Intl.DateTimeFormatOptions): string {
  const zone = show.cinema?.time_zone;
  const all = zone === undefined ? options : { ...options, timeZone: zone };
  return new Intl.DateTimeFormat(undefined, all).format(new Date(show.starts_at));
}

/** The hour of a show on the cinema's own clock. */
export function showTime(show: When): string {
  return inZone(show, { hour: 'numeric', minute: '2-digit' });
}

/** The day of a show on the cinema's own calendar, such as "Sat 28 Nov". */
export function showDay(show: When): string {
  return inZone(show, { weekday: 'short', day: 'numeric', month: 'short' });
}

export function showFull(show: When): string {
  return `${inZone(show, { weekday: 'long', day: 'numeric', month: 'long' })}, ${showTime(show)}`;
}

/** On the clock of a time zone; without one, on the reader's own. */
export function instant(iso: string, timeZone?: string): string {
  return new Intl.DateTimeFormat(undefined, {
    weekday: 'short',
    day: 'numeric',
    month: 'short',
    hour: 'numeric',
    minute: '2-digit',
    ...(timeZone === undefined ? {} : { timeZone }),
  }).format(new Date(iso));
}

/** A zone as a caption: catalogs name zones in small letters. */
export function zoneName(zone: string): string {
  return zone.charAt(0).toUpperCase() + zone.slice(1);
}

export function hallName(show: Show): string {
  const name = typeof show.hall === 'string' ? show.hall : show.hall.name;
  return /^\d+$/.test(name) ? `Hall ${name}` : name;
}

/** A countdown: `4:09`, `1:02:07`, or `3 days 4 h` when it is far away. */
export function countdown(ms: number): string {
  const all = Math.max(0, Math.ceil(ms / 1000));
  const days = Math.floor(all / 86_400);
  const hours = Math.floor((all % 86_400) / 3600);
  const minutes = Math.floor((all % 3600) / 60);
  const seconds = String(all % 60).padStart(2, '0');
  if (days > 0) return `${days} ${days === 1 ? 'day' : 'days'} ${hours} h`;
  if (hours > 0) return `${hours}:${String(minutes).padStart(2, '0')}:${seconds}`;
  return `${minutes}:${seconds}`;
}

/** A duration said in words, rounded as people would: "40 seconds", "about 3 minutes". */
export function spoken(seconds: number): string {
  if (seconds < 50) {
    const tens = Math.max(10, Math.ceil(seconds / 10) * 10);
    return `${tens} seconds`;
  }
  const minutes = Math.round(seconds / 60);
  if (minutes < 60) return minutes <= 1 ? 'a minute' : `${minutes} minutes`;
  const hours = Math.round(minutes / 30) / 2;
  return hours === 1 ? 'an hour' : `${hours} hours`;
}

/** An estimate as a range: "2 to 4 minutes", "less than a minute". */
export function range(estimate: { low: number; high: number }): string {
  if (estimate.high < 60) return 'less than a minute';
  const low = spoken(estimate.low);
  const high = spoken(estimate.high);
  if (low === high) return `about ${high}`;
  const [lowCount, lowUnit] = low.split(' ');
  const highUnit = high.split(' ')[1];
  return lowUnit === highUnit ? `${lowCount} to ${high}` : `${low} to ${high}`;
}

/** "J-12" as a person says it. */
export function seatWords(seat: string): string {
  const at = seat.lastIndexOf('-');
  return at < 0 ? `seat ${seat}` : `row ${seat.slice(0, at)}, seat ${seat.slice(at + 1)}`;
}

export function seatsOf(booking: Booking): string[] {
  if (booking.tickets !== undefined) return booking.tickets.map((ticket) => ticket.seat);
  return (booking.seats ?? []).map((seat) => (typeof seat === 'string' ? seat : seat.seat));
}

export function listed(words: string[]): string {
  return new Intl.ListFormat('en', { type: 'conjunction' }).format(words);
}
