import Table from 'cli-table3';
import type { CliContext } from './context.js';

/** A value of a cell; null and undefined show as a dash. */
export type Cell = string | number | boolean | null | undefined;

/**
 * Where a command puts its result: one JSON document for programs, or text for people. Nothing
 * else is ever written to standard output, so that `--json` can always be parsed.
 */
export type Out = {
  readonly json: boolean;
  /** Writes the result once: `value` as JSON or what `human` makes of it. */
  result(value: unknown, human: () => string): void;
  /** Writes one line of a stream: `value` as one line of JSON, or the text. */
  line(value: unknown, human: () => string): void;
  /** Says something to people beside the result; programs never see it. */
  note(text: string): void;
};

export function openOut({ stdout, stderr }: CliContext, json: boolean): Out {
  return {
    json,
    result: (value, human) => {
      stdout.write(json ? `${JSON.stringify(value, null, 2)}\n` : ended(human()));
    },
    line: (value, human) => {
      stdout.write(json ? `${JSON.stringify(value)}\n` : ended(human()));
    },
    note: (text) => {
      if (!json) stderr.write(ended(text));
    },
  };
}

function ended(text: string): string {
  return text === '' || text.endsWith('\n') ? text : `${text}\n`;
}

/** A table with a head line; the same in a terminal and in a file, without colours. */
export function table(head: string[], rows: Cell[][]): string {
  if (rows.length === 0) return 'nothing to show';
  const drawn = new Table({ head, style: { head: [], border: [], compact: true } });
  drawn.push(...rows.map((row) => row.map(cellText)));
  return drawn.toString();
}

/** The fields of one thing, a line each, names aligned. */
export function fields(pairs: [name: string, value: Cell][]): string {
  const width = Math.max(...pairs.map(([name]) => name.length));
  return pairs.map(([name, value]) => `${name.padEnd(width)}  ${cellText(value)}`).join('\n');
}

function cellText(value: Cell): string {
  if (value === null || value === undefined || value === '') return '-';
  if (typeof value === 'boolean') return value ? 'yes' : 'no';
  return String(value);
}

/** Money for people: `480.00 INR`, with as many decimals as the currency has. */
export function moneyText(amount: number, currency: string): string {
  const digits =
    new Intl.NumberFormat('en', { style: 'currency', currency }).resolvedOptions()
      .maximumFractionDigits ?? 2;
  return `${(amount / 10 ** digits).toFixed(digits)} ${currency}`;
}
