/** Money as people write it, from minor units: `₹480.00`; currencies without decimals have none. */
export function moneyText(amount: number, currency: string): string {
  const format = new Intl.NumberFormat('en-IN', { style: 'currency', currency });
  const digits = format.resolvedOptions().maximumFractionDigits ?? 2;
  return format.format(amount / 10 ** digits);
}

/** A show's day and time on the cinema's own clock, and the name of that clock. */
export function showTime(
  startsAt: Date,
  timeZone: string,
): { day: string; time: string; zone: string } {
  const part = (options: Intl.DateTimeFormatOptions): string =>
    new Intl.DateTimeFormat('en-GB', { timeZone, ...options }).format(startsAt);
  const zone = new Intl.DateTimeFormat('en-GB', { timeZone, timeZoneName: 'short' })
    .formatToParts(startsAt)
    .find((one) => one.type === 'timeZoneName');
  return {
    day: part({ weekday: 'long', day: 'numeric', month: 'long', year: 'numeric' }),
    time: part({ hour: '2-digit', minute: '2-digit', hour12: false }),
    zone: zone?.value ?? timeZone,
  };
}
