import type { Command } from 'commander';
import { z } from 'zod';
import { openClient } from '../client.js';
import { addCommand, addNoun, type Session } from '../command.js';
import { exitCodes } from '../exit.js';
import { fields, moneyText, table } from '../out.js';

const bookingSchema = z.object({
  booking_id: z.string(),
  show_id: z.string(),
  fan_id: z.string(),
  state: z.string(),
  amount: z.number(),
  currency: z.string(),
  created_at: z.string(),
  movie: z.string(),
  cinema: z.string(),
  hall: z.string(),
  starts_at: z.string(),
  tickets: z.array(
    z.object({ ticket_id: z.string(), seat: z.string(), zone: z.string(), state: z.string() }),
  ),
});
const detailSchema = bookingSchema.extend({
  payments: z.array(
    z.object({
      attempt: z.number(),
      state: z.string(),
      amount: z.number(),
      currency: z.string(),
      intent_id: z.string().nullable(),
      decline_code: z.string().nullable(),
      updated_at: z.string(),
    }),
  ),
});
const listSchema = z.object({ results: z.array(bookingSchema) });

export function addBookingCommands(program: Command, session: Session): void {
  const booking = addNoun(program, 'booking', 'what fans have paid for');
  addCommand(booking, session, {
    usage: 'find <what>',
    summary: 'find bookings by mail address, or by the id of a reservation, booking or ticket',
    examples: ['usher booking find ada@example.com', 'usher booking find tkt_3f_1k9_c'],
    run: async ({ args, out, context }) => {
      const what = args[0] ?? '';
      const body = what.includes('@') ? { email: what } : { id: what };
      const { results } = await openClient(context).post('bookings/find', listSchema, { body });
      out.result(results, () =>
        table(
          ['booking', 'state', 'movie', 'starts at', 'seats', 'paid', 'show'],
          results.map((one) => [
            one.booking_id,
            one.state,
            one.movie,
            one.starts_at,
            one.tickets.map((ticket) => ticket.seat).join(' '),
            moneyText(one.amount, one.currency),
            one.show_id,
          ]),
        ),
      );
      return results.length > 0 ? exitCodes.done : exitCodes.refused;
    },
  });
  addCommand(booking, session, {
    usage: 'show <booking>',
    summary: 'show one booking with its tickets and payments',
    examples: ['usher booking show bkg_3f_1k9'],
    run: async ({ args, out, context }) => {
      const path = `bookings/${encodeURIComponent(args[0] ?? '')}`;
      const found = await openClient(context).get(path, detailSchema);
      out.result(found, () => detailText(found));
      return undefined;
    },
  });
}

function detailText(found: z.infer<typeof detailSchema>): string {
  return [
    fields([
      ['booking', found.booking_id],
      ['state', found.state],
      ['fan', found.fan_id],
      ['movie', found.movie],
      ['where', `${found.cinema}, ${found.hall}`],
      ['starts at', found.starts_at],
      ['paid', moneyText(found.amount, found.currency)],
      ['made at', found.created_at],
    ]),
    table(
      ['ticket', 'seat', 'zone', 'state'],
      found.tickets.map((one) => [one.ticket_id, one.seat, one.zone, one.state]),
    ),
    table(
      ['attempt', 'payment', 'amount', 'intent', 'declined', 'at'],
      found.payments.map((one) => [
        one.attempt,
        one.state,
        moneyText(one.amount, one.currency),
        one.intent_id,
        one.decline_code,
        one.updated_at,
      ]),
    ),
  ].join('\n\n');
}
