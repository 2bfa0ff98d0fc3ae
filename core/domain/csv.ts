export type CsvValue = string | number | boolean | null;

/** A text that a spreadsheet would run as a formula; the last four are full-width signs. */
const formula = /^[\s]*[=+\-@|%＝＋－＠]/u;
const needsQuotes = /[",\r\n]/;

/**
 * A table as RFC 4180 says, for people's spreadsheets: a text that would be a formula there begins
 * with an apostrophe, whoever typed it.
 */
export function csvText(head: string[], rows: CsvValue[][]): string {
  return [head, ...rows].map((row) => `${row.map(cell).join(',')}\r\n`).join('');
}

function cell(value: CsvValue): string {
  if (typeof value !== 'string') return value === null ? '' : String(value);
  const safe = formula.test(value) ? `'${value}` : value;
  return needsQuotes.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}
