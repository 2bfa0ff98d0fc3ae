import { type Command, Option } from 'commander';
import { z } from 'zod';
import { openClient } from '../client.js';
import { addCommand, addNoun, type Session } from '../command.js';
import { exitCodes, wrongUsage } from '../exit.js';
import { fields, moneyText, table } from '../out.js';
import { addBookingTickets } from './booking-tickets.js';
import { addReseat } from './reseat.js';

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
  refunds: z.array(
    z.object({
      refund_id: z.string(),
      state: z.string(),
      amount: z.number(),
      currency: z.string(),
      reason: z.string(),
      problem: z.string().nullable(),
      created_at: z.string(),
    }),
  ),
  disputes: z.array(
    z.object({
      dispute_id: z.string(),
      state: z.string(),
      amount: z.number(),
      currency: z.string(),
      reason: z.string(),
      created_at: z.string(),
      updated_at: z.string(),
    }),
  ),
});
const listSchema = z.object({ results: z.array(bookingSchema) });

export function addBookingCommands(program: Command, session: Session): void {
  const booking = addNoun(program, 'booking', 'what fans have paid for');
  addBookingTickets(booking, session);
  addCommand(booking, session, {
    usage: 'find <what>',
    typedAs: { email: '<what>', id: '<what>' },
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
    summary: 'show one booking with its tickets, payments, refunds and disputes',
    examples: ['usher booking show bkg_3f_1k9'],
    run: async ({ args, out, context }) => {
      const path = `bookings/${encodeURIComponent(args[0] ?? '')}`;
      const found = await openClient(context).get(path, detailSchema);
      out.result(found, () => detailText(found));
      return undefined;
    },
  });
  addCancel(booking, session);
  addRefund(booking, session);
  addReseat(booking, session);
}

const cancelledSchema = z.object({
  booking_id: z.string(),
  state: z.string(),
  seats: z.array(z.string()),
  refund_id: z.string().nullable(),
  amount: z.number(),
  currency: z.string(),
});

function addCancel(booking: Command, session: Session): void {
  addCommand(booking, session, {
    usage: 'cancel <booking> [seats...]',
    summary: 'cancel a booking, or the tickets of some seats; the seats are free again',
    examples: [
      'usher booking cancel bkg_3f_1k9',
      'usher booking cancel bkg_3f_1k9 J-12 --refund rules',
    ],
    options: (command) =>
      command.addOption(
        new Option('--refund <how>', 'full, rules (the fee of the sale) or none')
          .choices(['full', 'rules', 'none'])
          .default('full'),
      ),
    run: async ({ args: [id = '', ...seats], options, out, context }) => {
      const body = { refund: options.refund, ...(seats.length > 0 ? { seats } : {}) };
      const path = `bookings/${encodeURIComponent(id)}/cancel`;
      const done = await openClient(context).post(path, cancelledSchema, { body });
      out.result(done, () =>
        fields([
          ['booking', done.booking_id],
          ['state', done.state],
          ['cancelled seats', done.seats.join(' ')],
          ['refund', done.refund_id],
          ['goes back', moneyText(done.amount, done.currency)],
        ]),
      );
      return undefined;
    },
  });
}

const owedSchema = z.object({ refund_id: z.string(), amount: z.number(), currency: z.string() });

function addRefund(booking: Command, session: Session): void {
  addCommand(booking, session, {
    usage: 'refund <booking>',
    summary: 'give a part of the price back; the tickets stay good',
    examples: ['usher booking refund bkg_3f_1k9 --amount 5000 --reason "broken seat"'],
    options: (command) =>
      command
        .requiredOption('--amount <minor>', 'how much, in minor units such as paise or cents')
        .requiredOption('--reason <text>', 'why, for the audit'),
    run: async ({ args, options, out, context }) => {
      const amount = Number(options.amount);
      if (!Number.isSafeInteger(amount) || amount < 1) {
        throw wrongUsage('--amount: write a whole number of minor units.');
      }
      const path = `bookings/${encodeURIComponent(args[0] ?? '')}/refund`;
      const body = { amount, reason: options.reason };
      const done = await openClient(context).post(path, owedSchema, { body });
      out.result(
        done,
        () => `${done.refund_id}: ${moneyText(done.amount, done.currency)} goes back`,
      );
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
    table(
      ['refund', 'state', 'amount', 'why', 'problem', 'since'],
      found.refunds.map((one) => [
        one.refund_id,
        one.state,
        moneyText(one.amount, one.currency),
        one.reason,
        one.problem,
        one.created_at,
      ]),
    ),
    ...disputeTables(found),
  ].join('\n\n');
}

/** Most bookings are never disputed, and say nothing of it. */
function disputeTables({ disputes }: z.infer<typeof detailSchema>): string[] {
  if (disputes.length === 0) return [];
  const head = ['dispute', 'state', 'amount', 'why', 'since', 'changed'];
  const rows = disputes.map((one) => [
    one.dispute_id,
    one.state,
    moneyText(one.amount, one.currency),
    one.reason,
    one.created_at,
    one.updated_at,
  ]);
  return [table(head, rows)];
}
