import type { Command } from 'commander';
import { z } from 'zod';
import { openClient } from '../client.js';
import { addCommand, type Session } from '../command.js';

const reseatedSchema = z.object({
  booking_id: z.string(),
  from: z.array(z.string()),
  to: z.array(z.string()),
});

export function addReseat(booking: Command, session: Session): void {
  addCommand(booking, session, {
    usage: 'reseat <booking> <seats...>',
    summary: 'move a booking to free seats of the same zone; new tickets go out by mail',
    examples: ['usher booking reseat bkg_3f_1k9 C-4 C-5'],
    run: async ({ args, out, context }) => {
      const [id = '', ...seats] = args;
      const path = `bookings/${encodeURIComponent(id)}/reseat`;
      const done = await openClient(context).post(path, reseatedSchema, { body: { seats } });
      out.result(
        done,
        () => `${done.booking_id} moved from ${done.from.join(', ')} to ${done.to.join(', ')}.`,
      );
      return undefined;
    },
  });
}
