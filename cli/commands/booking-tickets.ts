import type { Command } from 'commander';
import { z } from 'zod';
import { openClient } from '../client.js';
import { addCommand, type Session } from '../command.js';

/** `booking resend` and `booking reissue`. */
export function addBookingTickets(booking: Command, session: Session): void {
  addCommand(booking, session, {
    usage: 'resend <booking>',
    summary: 'send the tickets by mail once more; their codes stay',
    examples: ['usher booking resend bkg_3f_1k9'],
    run: async ({ args, out, context }) => {
      const path = `bookings/${encodeURIComponent(args[0] ?? '')}/resend`;
      const schema = z.object({ booking_id: z.string() });
      const done = await openClient(context).post(path, schema, { body: {} });
      out.result(done, () => `The tickets of ${done.booking_id} are on their way.`);
      return undefined;
    },
  });
  addCommand(booking, session, {
    usage: 'reissue <booking>',
    summary: 'issue the tickets anew and mail them; the codes from before admit nobody',
    examples: ['usher booking reissue bkg_3f_1k9'],
    run: async ({ args, out, context }) => {
      const path = `bookings/${encodeURIComponent(args[0] ?? '')}/reissue`;
      const schema = z.object({ booking_id: z.string(), counter: z.number() });
      const done = await openClient(context).post(path, schema, { body: {} });
      out.result(done, () => `The tickets of ${done.booking_id} are new; the old codes are void.`);
      return undefined;
    },
  });
}
