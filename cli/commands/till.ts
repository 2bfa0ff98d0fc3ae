import type { Command } from 'commander';
import { z } from 'zod';
import { openClient } from '../client.js';
import { addCommand, addNoun, type Session } from '../command.js';
import { fields, moneyText, table } from '../out.js';
import { wholeOf } from '../time.js';

const tillSchema = z.object({
  till_id: z.string(),
  staff: z.string(),
  currency: z.string(),
  opening_amount: z.number(),
  sales: z.number(),
  sales_amount: z.number(),
  refunds: z.number(),
  refunds_amount: z.number(),
  expected_amount: z.number(),
  counted_amount: z.number().nullable(),
  difference: z.number().nullable(),
  opened_at: z.string(),
  closed_at: z.string().nullable(),
});
type Till = z.infer<typeof tillSchema>;

export function addTillCommands(program: Command, session: Session): void {
  const till = addNoun(program, 'till', 'the cash that you take in');
  addCommand(till, session, {
    usage: 'open',
    typedAs: { opening_amount: '--cash' },
    summary: 'open your till with the cash that lies in it, in minor units',
    examples: ['usher till open --cash 500000 --currency INR'],
    options: (command) =>
      command
        .requiredOption('--cash <amount>', 'what lies in it, in minor units')
        .option('--currency <code>', 'of this currency only', 'INR'),
    run: async ({ options, out, context }) => {
      const body = {
        opening_amount: wholeOf(options.cash, '--cash', 0),
        currency: String(options.currency).toUpperCase(),
      };
      const opened = await openClient(context).post('tills', tillSchema, { body });
      out.result(opened, () => tillText(opened));
      return undefined;
    },
  });
  addCommand(till, session, {
    usage: 'close',
    summary: 'close your till with what you counted; the difference is kept',
    examples: ['usher till close --counted 1245000'],
    options: (command) =>
      command.requiredOption('--counted <amount>', 'what you counted, in minor units'),
    run: async ({ options, out, context }) => {
      const body = { counted_amount: wholeOf(options.counted, '--counted', 0) };
      const closed = await openClient(context).post('tills/close', tillSchema, { body });
      out.result(closed, () => tillText(closed));
      return undefined;
    },
  });
  addCommand(till, session, {
    usage: 'show',
    summary: 'show the newest tills: yours, or everybody’s for ops',
    examples: ['usher till show'],
    run: async ({ out, context }) => {
      const list = z.object({ results: z.array(tillSchema) });
      const { results } = await openClient(context).get('tills', list);
      out.result(results, () =>
        table(
          ['till', 'staff', 'opened at', 'closed at', 'expected', 'counted', 'difference'],
          results.map((one) => [
            one.till_id,
            one.staff,
            one.opened_at,
            one.closed_at,
            moneyText(one.expected_amount, one.currency),
            one.counted_amount === null ? null : moneyText(one.counted_amount, one.currency),
            one.difference === null ? null : moneyText(one.difference, one.currency),
          ]),
        ),
      );
      return undefined;
    },
  });
}

function tillText(till: Till): string {
  const money = (amount: number | null) =>
    amount === null ? null : moneyText(amount, till.currency);
  return fields([
    ['till', till.till_id],
    ['staff', till.staff],
    ['opened with', money(till.opening_amount)],
    ['cash sales', `${money(till.sales_amount)} in ${till.sales}`],
    ['cash refunds', `${money(till.refunds_amount)} in ${till.refunds}`],
    ['expected', money(till.expected_amount)],
    ['counted', money(till.counted_amount)],
    ['difference', money(till.difference)],
  ]);
}
