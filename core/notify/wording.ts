/** Languages whose words the templates have; others get the first. */
export const languages = ['en', 'hi'] as const;
export type Language = (typeof languages)[number];

/** The language of a locale's templates, such as `hi` for `hi-IN`. */
export function languageOf(locale: string): Language {
  const [language] = locale.split('-');
  return languages.find((one) => one === language) ?? languages[0];
}

/** Bare `en` is written the way that Indian English reads it. */
function formatLocale(locale: string, plain: string): string {
  return locale === 'en' ? plain : locale;
}

/** Money as people write it, from minor units: `₹480.00`; currencies without decimals have none. */
export function moneyText(amount: number, currency: string, locale = 'en'): string {
  const format = new Intl.NumberFormat(formatLocale(locale, 'en-IN'), {
    style: 'currency',
    currency,
  });
  const digits = format.resolvedOptions().maximumFractionDigits ?? 2;
  return format.format(amount / 10 ** digits);
}

/** Days and months are words, so they are in the language of the templates. */
function wordsLocale(locale: string): string {
  return locale.split('-')[0] === languageOf(locale) ? formatLocale(locale, 'en-GB') : 'en-GB';
}

/** A show's day and time on the cinema's own clock, and the name of that clock. */
export function showTime(
  startsAt: Date,
  timeZone: string,
  locale = 'en',
): { day: string; time: string; zone: string } {
  const name = wordsLocale(locale);
  const part = (options: Intl.DateTimeFormatOptions): string =>
    new Intl.DateTimeFormat(name, { timeZone, ...options }).format(startsAt);
  const zone = new Intl.DateTimeFormat(name, { timeZone, timeZoneName: 'short' })
    .formatToParts(startsAt)
    .find((one) => one.type === 'timeZoneName');
  return {
    day: part({ weekday: 'long', day: 'numeric', month: 'long', year: 'numeric' }),
    time: part({ hour: '2-digit', minute: '2-digit', hour12: false }),
    zone: zone?.value ?? timeZone,
  };
}
