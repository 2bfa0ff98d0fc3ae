import { randomUUID } from 'node:crypto';
import { type Command, Option } from 'commander';
import { z } from 'zod';
import { openClient } from '../client.js';
import { addCommand, type Session } from '../command.js';
import { fields, moneyText } from '../out.js';

const soldSchema = z.object({
  booking_id: z.string(),
  show_id: z.string(),
  fan_id: z.string(),
  seats: z.array(z.string()),
  tickets: z.array(z.object({ ticket_id: z.string(), seat: z.string() })),
  amount: z.number(),
  currency: z.string(),
  paid: z.string(),
  in_till: z.boolean(),
  till_problem: z.string().nullable(),
});

export function addSellCommand(program: Command, session: Session): void {
  addCommand(program, session, {
    usage: 'sell <show> <seats...>',
    summary: 'sell seats at the desk; the tickets go out by mail at once',
    examples: [
      'usher sell 12 A-1 A-2 --email ada@example.com --paid cash',
      'usher sell 12 A-1 --email ada@example.com --paid card --key till-3-0815',
    ],
    options: (command) =>
      command
        .requiredOption('--email <address>', 'where the tickets go')
        .addOption(
          new Option('--paid <how>', 'how it was paid')
            .choices(['cash', 'card'])
            .makeOptionMandatory(),
        )
        .option('--name <text>', 'the name on the tickets of a new guest')
        .option('--also-kept', 'also sell seats that are kept from sale')
        .option('--key <text>', 'names this sale: repeated with the same key it is made once'),
    run: async ({ args, options, out, context }) => {
      const [show = '', ...seats] = args;
      const body = {
        ...{ seats, email: options.email, paid: options.paid, name: options.name },
        also_kept: options.alsoKept,
      };
      const idempotencyKey = String(options.key ?? randomUUID());
      const path = `shows/${encodeURIComponent(show)}/sell`;
      const sold = await openClient(context).post(path, soldSchema, { body, idempotencyKey });
      out.result(sold, () =>
        fields([
          ['booking', sold.booking_id],
          ['seats', sold.seats.join(' ')],
          ['tickets', sold.tickets.map((ticket) => ticket.ticket_id).join(' ')],
          [sold.paid, moneyText(sold.amount, sold.currency)],
          [
            'in a till',
            sold.till_problem ? notIn(sold.till_problem, idempotencyKey) : sold.in_till,
          ],
        ]),
      );
      return undefined;
    },
  });
}

/** The cash is there already: repeating the sale under its key only books it. */
function notIn(problem: string, key: string): string {
  return `no. ${problem} This sale again with --key ${key} then counts it.`;
}
