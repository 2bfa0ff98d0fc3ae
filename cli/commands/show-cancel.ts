import type { Command } from 'commander';
import { z } from 'zod';
import { openClient, type StaffClient } from '../client.js';
import { addCommand, type Session } from '../command.js';
import { wrongUsage } from '../exit.js';
import { fields, moneyText, table } from '../out.js';

const statusSchema = z.object({
  show_id: z.string(),
  state: z.string(),
  reason: z.string(),
  asked_by: z.string(),
  asked_at: z.string(),
  finished_at: z.string().nullable(),
  bookings: z.number(),
  refunds: z.record(z.string(), z.object({ bookings: z.number(), amount: z.number() })),
  results: z.array(
    z.object({
      booking_id: z.string(),
      seats: z.number(),
      refund_id: z.string().nullable(),
      amount: z.number(),
      currency: z.string(),
      refund: z.string(),
      problem: z.string().nullable(),
    }),
  ),
  next_cursor: z.string().nullable(),
});
type Status = z.infer<typeof statusSchema>;

const pageRows = '100';

/** Cancelling is a job of the processor; this asks for it, or tells how far it has come. */
export function addShowCancel(show: Command, session: Session): void {
  addCommand(show, session, {
    usage: 'cancel <show>',
    summary: 'cancel a show for good: every booking is refunded in full, one by one',
    examples: ['usher show cancel 12 --reason "projector broken"', 'usher show cancel 12 --status'],
    options: (command) =>
      command
        .option('--reason <text>', 'why, for the audit')
        .option('--status', 'only tell how far the cancelling has come'),
    run: async ({ args, options, out, context }) => {
      const path = `shows/${encodeURIComponent(args[0] ?? '')}/cancel`;
      const client = openClient(context);
      if (!options.status) {
        if (options.reason === undefined) throw wrongUsage('Give --reason, or ask for --status.');
        await client.post(path, statusSchema, { body: { reason: options.reason } });
      }
      const status = await wholeStatus(client, path);
      out.result(status, () => statusText(status));
      return undefined;
    },
  });
}

async function wholeStatus(client: StaffClient, path: string): Promise<Status> {
  const status = await client.get(path, statusSchema, { query: { limit: pageRows } });
  for (let cursor = status.next_cursor; cursor !== null; ) {
    const page = await client.get(path, statusSchema, { query: { limit: pageRows, cursor } });
    status.results.push(...page.results);
    cursor = page.next_cursor;
  }
  return { ...status, next_cursor: null };
}

function statusText(status: Status): string {
  return [
    fields([
      ['show', status.show_id],
      ['cancelling', status.state],
      ['why', status.reason],
      ['asked by', status.asked_by],
      ['asked at', status.asked_at],
      ['finished at', status.finished_at],
      ['bookings', status.bookings],
      ...Object.entries(status.refunds).map(([state, { bookings }]): [string, number] => [
        `refunds ${state}`,
        bookings,
      ]),
    ]),
    table(
      ['booking', 'seats', 'refund', 'amount', 'state', 'problem'],
      status.results.map((one) => [
        one.booking_id,
        one.seats,
        one.refund_id,
        moneyText(one.amount, one.currency),
        one.refund,
        one.problem,
      ]),
    ),
  ].join('\n\n');
}
