import type { Command } from 'commander';
import { z } from 'zod';
import { openClient } from '../client.js';
import { addCommand, type Session } from '../command.js';
import { refused } from '../exit.js';
import { runProgram } from '../spawn.js';
import { wholeOf } from '../time.js';

const settingsSchema = z
  .object({
    sale_id: z.string(),
    standing: z.boolean(),
    lobby: z.enum(['arrival', 'draw']),
    rate_per_minute: z.number(),
    pass_cap: z.number(),
    pass_seconds: z.number(),
    seat_cap: z.number(),
    hold_seconds: z.number(),
    seats_left: z.number(),
    shows: z.number(),
  })
  .loose();

/** The real sale's settings, carried to a copy that is thrown away. */
export function addSaleRehearse(sale: Command, session: Session): void {
  addCommand(sale, session, {
    usage: 'rehearse <sale>',
    summary: "play a sale's opening on a throw-away copy: how long, how fast, how many processes",
    examples: ['usher sale rehearse premiere --fans 5000', 'usher sale rehearse premiere --json'],
    options: (command) =>
      command
        .option('--fans <n>', 'how many come (at most 50000)', '1000')
        .option('--over <seconds>', 'within which time', '20')
        .option('--max-seconds <n>', 'end after this long, sold out or not', '300'),
    run: async ({ args, options, out, context }) => {
      const path = `sales/${encodeURIComponent(args[0] ?? '')}`;
      const real = await openClient(context).get(path, settingsSchema);
      if (real.standing) {
        throw refused(
          'not_acceptable',
          `${real.sale_id} has no waiting room: nothing to rehearse.`,
        );
      }
      if (real.shows === 0 || real.seats_left === 0) {
        throw refused('not_acceptable', `${real.sale_id} has no seats to sell yet.`);
      }
      return runProgram(context, {
        script: 'loadtest/rehearse/main.js',
        args: [
          ...['--sale', real.sale_id, '--lobby', real.lobby],
          ...['--shows', String(real.shows), '--seats', String(real.seats_left)],
          ...['--rate', String(real.rate_per_minute), '--pass-cap', String(real.pass_cap)],
          ...['--pass-seconds', String(real.pass_seconds), '--seat-cap', String(real.seat_cap)],
          ...['--hold-seconds', String(real.hold_seconds)],
          ...['--fans', String(wholeOf(options.fans, '--fans'))],
          ...['--over', String(wholeOf(options.over, '--over'))],
          ...['--max-seconds', String(wholeOf(options.maxSeconds, '--max-seconds'))],
          ...(out.json ? ['--json'] : []),
        ],
        env: context.env,
      });
    },
  });
}
