import type { Command } from 'commander';
import { z } from 'zod';
import { openClient } from '../client.js';
import { addCommand, type Session } from '../command.js';
import { fields } from '../out.js';

const admittedSchema = z.object({
  result: z.literal('admitted'),
  ticket_id: z.string(),
  booking_id: z.string(),
  show_id: z.string(),
  seat: z.string(),
  zone: z.string(),
  movie: z.string(),
  hall: z.string(),
  starts_at: z.string(),
  used_at: z.string(),
  gate: z.string(),
});

export function addScanCommand(program: Command, session: Session): void {
  addCommand(program, session, {
    usage: 'scan <qr>',
    summary: 'check a scanned ticket code and admit its holder once; exits 1 when refused',
    examples: [
      'usher scan U1.tk1.WzEy… --gate north',
      'usher scan "$(zbarimg -q --raw ticket.png)" --gate 2 --show 12',
    ],
    options: (command) =>
      command
        .option('--gate <name>', 'which door this is', 'door')
        .option('--show <show>', 'the show at this door; tickets of others are refused'),
    run: async ({ args, options, out, context }) => {
      const body = { qr: args[0], gate: options.gate, show_id: options.show };
      const admitted = await openClient(context).post('scan', admittedSchema, { body });
      out.result(admitted, () =>
        [
          `ADMIT  seat ${admitted.seat}`,
          fields([
            ['ticket', admitted.ticket_id],
            ['movie', admitted.movie],
            ['hall', admitted.hall],
            ['zone', admitted.zone],
            ['starts at', admitted.starts_at],
            ['gate', admitted.gate],
          ]),
        ].join('\n'),
      );
      return undefined;
    },
  });
}
