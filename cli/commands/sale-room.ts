import type { Command } from 'commander';
import { z } from 'zod';
import { openClient } from '../client.js';
import { addCommand, type Session } from '../command.js';
import { wrongUsage } from '../exit.js';
import { wholeOf } from '../time.js';

const admittedSchema = z.object({
  sale_id: z.string(),
  asked: z.number(),
  admitting: z.number(),
});
const revokedSchema = z.object({ sale_id: z.string(), fan_id: z.string() });
const pathOf = (saleId = '', verb: string) => `sales/${encodeURIComponent(saleId)}/${verb}`;

/** Letting fans of the line in by hand, and taking one out. */
export function addSaleRoom(sale: Command, session: Session): void {
  addCommand(sale, session, {
    usage: 'admit <sale> <n>',
    typedAs: { fans: '<n>' },
    summary: 'let the next n of the line in now, beside the rate but within the pass cap',
    examples: ['usher sale admit premiere 50', 'usher sale admit premiere 50 --json'],
    run: async ({ args, out, context }) => {
      const body = { fans: wholeOf(args[1], 'The number of fans') };
      const path = pathOf(args[0], 'admit');
      const done = await openClient(context).post(path, admittedSchema, { body });
      out.result(done, () =>
        done.admitting < done.asked
          ? `Lets in at most ${done.admitting} of ${done.asked}: the pass cap leaves no more.`
          : `Lets in the next ${done.admitting} who wait.`,
      );
      return undefined;
    },
  });
  addCommand(sale, session, {
    usage: 'revoke <sale>',
    summary: "take a fan's place and pass in this sale for good",
    examples: ['usher sale revoke premiere --fan 3k9x0a7b2c1d --reason "sold the pass on"'],
    options: (command) =>
      command
        .option('--fan <id>', 'whose, as `usher fan show` tells')
        .option('--reason <text>', 'why, for the audit'),
    run: async ({ args, options, out, context }) => {
      if (options.fan === undefined || options.reason === undefined) {
        throw wrongUsage('Say whose and why: --fan ID --reason TEXT.');
      }
      const body = { fan_id: options.fan, reason: options.reason };
      const path = pathOf(args[0], 'revoke');
      const done = await openClient(context).post(path, revokedSchema, { body });
      out.result(done, () => `${done.fan_id} is out of ${done.sale_id}.`);
      return undefined;
    },
  });
}
