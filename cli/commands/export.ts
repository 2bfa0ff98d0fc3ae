import type { Command } from 'commander';
import { z } from 'zod';
import { csvText } from '../../core/domain/csv.js';
import { openClient, type StaffClient } from '../client.js';
import { addCommand, addNoun, type Session } from '../command.js';
import { table } from '../out.js';

const tableSchema = z.object({
  head: z.array(z.string()),
  rows: z.array(z.array(z.union([z.string(), z.number(), z.boolean(), z.null()]))),
  next_cursor: z.string().nullable(),
});
type Exported = Pick<z.infer<typeof tableSchema>, 'head' | 'rows'>;

const summaries = {
  bookings: 'write the bookings of a sale with their seats and what was refunded',
  payments: 'write every move of money of a sale, with debit and credit',
} as const;

export function addExportCommands(program: Command, session: Session): void {
  const noun = addNoun(program, 'export', 'tables for spreadsheets');
  for (const [name, summary] of Object.entries(summaries)) {
    addCommand(noun, session, {
      usage: `${name} <sale>`,
      summary,
      examples: [`usher export ${name} premiere --csv > ${name}.csv`],
      options: (command) =>
        command.option('--csv', 'as CSV; texts that would be formulas begin with an apostrophe'),
      run: async ({ args, options, out, context }) => {
        const path = `sales/${encodeURIComponent(args[0] ?? '')}/export/${name}`;
        const all = await readAll(openClient(context), path);
        const { head, rows } = all;
        const objects = rows.map((row) =>
          Object.fromEntries(head.map((column, no) => [column, row[no] ?? null])),
        );
        out.result(objects, () => (options.csv ? csvText(head, rows) : table(head, rows)));
        return undefined;
      },
    });
  }
}

async function readAll(client: StaffClient, path: string): Promise<Exported> {
  const rows: Exported['rows'] = [];
  let cursor: string | undefined;
  for (;;) {
    const page = await client.get(path, tableSchema, { query: { cursor } });
    rows.push(...page.rows);
    if (page.next_cursor === null) return { head: page.head, rows };
    cursor = page.next_cursor;
  }
}
