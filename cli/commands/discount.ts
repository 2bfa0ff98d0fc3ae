import type { Command } from 'commander';
import { z } from 'zod';
import { openClient } from '../client.js';
import { addCommand, addNoun, type Session } from '../command.js';
import { wrongUsage } from '../exit.js';
import { moneyText, table } from '../out.js';
import { momentOf, wholeOf } from '../time.js';

const discountSchema = z.object({
  code: z.string(),
  off: z.object({ amount: z.number(), currency: z.string() }).nullable(),
  percent: z.number().nullable(),
  uses: z.number(),
  uses_max: z.number(),
  starts_at: z.string().nullable(),
  ends_at: z.string().nullable(),
  sale_id: z.string().nullable(),
  shows: z.array(z.string()).nullable(),
  created_by: z.string(),
  created_at: z.string(),
  ended_at: z.string().nullable(),
});
type Discount = z.infer<typeof discountSchema>;
const listSchema = z.object({
  results: z.array(discountSchema),
  next_cursor: z.string().nullable(),
});

/** Pages of a hundred codes that one list shows. */
const pagesMax = 200;
const pathOf = (code = '', rest = '') => `discounts/${encodeURIComponent(code)}${rest}`;

export function addDiscountCommands(program: Command, session: Session): void {
  const discount = addNoun(program, 'discount', 'codes that take something off the price');
  addCreate(discount, session);
  addCommand(discount, session, {
    usage: 'list',
    summary: 'list discount codes and how often each is used now',
    examples: ['usher discount list', 'usher discount list --json'],
    run: async ({ out, context }) => {
      const all: Discount[] = [];
      let after = '';
      for (let page = 0; page < pagesMax; page += 1) {
        const path = `discounts?cursor=${encodeURIComponent(after)}`;
        const { results, next_cursor } = await openClient(context).get(path, listSchema);
        all.push(...results);
        if (next_cursor === null) break;
        after = next_cursor;
      }
      out.result(all, () => discountTable(all));
      return undefined;
    },
  });
  addCommand(discount, session, {
    usage: 'show <code>',
    summary: 'show one code',
    examples: ['usher discount show DIWALI10'],
    run: async ({ args, out, context }) => {
      const found = await openClient(context).get(pathOf(args[0]), discountSchema);
      out.result(found, () => discountTable([found]));
      return undefined;
    },
  });
  addCommand(discount, session, {
    usage: 'end <code>',
    summary: 'end a code; reservations that have it keep it',
    examples: ['usher discount end DIWALI10'],
    run: async ({ args, out, context }) => {
      const path = pathOf(args[0], '/end');
      const ended = await openClient(context).post(path, discountSchema, { body: {} });
      out.result(ended, () => `${ended.code} has ended with ${ended.uses} uses.`);
      return undefined;
    },
  });
}

function addCreate(discount: Command, session: Session): void {
  addCommand(discount, session, {
    usage: 'create <code>',
    typedAs: { starts_at: '--from', ends_at: '--until', off: '--amount' },
    summary: 'make a code that takes an amount or a share off the prices',
    examples: [
      'usher discount create DIWALI10 --percent 10 --uses 500 --until 2026-11-12T23:59:00+05:30',
      'usher discount create PRESS --amount 20000 --currency INR --uses 20 --sale premiere',
      'usher discount create MATINEE --percent 25 --uses 100 --shows 3f,3g',
    ],
    options: (command) =>
      command
        .option('--percent <n>', 'a share of the prices')
        .option('--amount <n>', 'or so much off each reservation, in minor units')
        .option('--currency <code>', 'of the amount', 'INR')
        .requiredOption('--uses <n>', 'reservations that may have it')
        .option('--from <time>', 'when it begins to count')
        .option('--until <time>', 'when it ends')
        .option('--sale <sale>', 'for this sale only')
        .option('--shows <ids>', 'for these shows only, with commas between'),
    run: async ({ args, options, out, context }) => {
      if ((options.percent === undefined) === (options.amount === undefined)) {
        throw wrongUsage('Say what it takes off: --percent N or --amount N.');
      }
      const time = (text: unknown) =>
        text === undefined ? undefined : momentOf(String(text), Date.now());
      const { percent, amount, sale, shows } = options;
      const body = {
        code: args[0],
        percent: percent === undefined ? undefined : wholeOf(percent, '--percent'),
        off:
          amount === undefined
            ? undefined
            : { amount: wholeOf(amount, '--amount'), currency: String(options.currency) },
        uses_max: wholeOf(options.uses, '--uses'),
        starts_at: time(options.from),
        ends_at: time(options.until),
        sale_id: sale,
        shows: shows === undefined ? undefined : String(shows).split(','),
      };
      const made = await openClient(context).post('discounts', discountSchema, { body });
      out.result(made, () => discountTable([made]));
      return undefined;
    },
  });
}

function discountTable(list: Discount[]): string {
  return table(
    ['code', 'off', 'used', 'of', 'from', 'until', 'for', ''],
    list.map((one) => [
      one.code,
      one.off ? moneyText(one.off.amount, one.off.currency) : `${one.percent} %`,
      ...[one.uses, one.uses_max, one.starts_at, one.ends_at],
      one.shows?.join(' ') ?? one.sale_id,
      one.ended_at ? 'ended' : '',
    ]),
  );
}
