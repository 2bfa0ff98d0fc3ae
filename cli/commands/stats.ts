import type { Command } from 'commander';
import { z } from 'zod';
import { openClient } from '../client.js';
import { addCommand, type Session } from '../command.js';
import { fields, moneyText, table } from '../out.js';

const statsSchema = z.object({
  sale_id: z.string(),
  at: z.string(),
  state: z.string(),
  shows: z.number(),
  joined: z.number(),
  admitted: z.number(),
  passes_live: z.number(),
  seats: z.object({
    free: z.number(),
    held: z.number(),
    booked: z.number(),
    blocked: z.number(),
  }),
  requests: z.array(
    z.object({ outcome: z.string(), reason: z.string().nullable(), requests: z.number() }),
  ),
  bookings: z.number(),
  revenue: z.array(z.object({ amount: z.number(), currency: z.string() })),
  disputed: z.array(z.object({ amount: z.number(), currency: z.string() })),
  charged_back: z.array(z.object({ amount: z.number(), currency: z.string() })),
  books: z.array(
    z.object({ debit: z.string(), credit: z.string(), currency: z.string(), amount: z.number() }),
  ),
  decided_ms: z
    .object({ p50: z.number(), p95: z.number(), p99: z.number(), max: z.number() })
    .nullable(),
});

export function addStatsCommand(program: Command, session: Session): void {
  addCommand(program, session, {
    usage: 'stats <sale>',
    summary: 'count a sale: fans, requests by outcome, seats, revenue, decision times',
    examples: ['usher stats premiere', 'usher stats premiere --json'],
    run: async ({ args, out, context }) => {
      const path = `sales/${encodeURIComponent(args[0] ?? '')}/stats`;
      const stats = await openClient(context).get(path, statsSchema);
      out.result(stats, () => statsText(stats));
      return undefined;
    },
  });
}

function statsText(stats: z.infer<typeof statsSchema>): string {
  const { seats, decided_ms: decided } = stats;
  return [
    fields([
      ['sale', stats.sale_id],
      ['state', stats.state],
      ['at', stats.at],
      ['shows', stats.shows],
      ['joined', stats.joined],
      ['admitted', stats.admitted],
      ['live passes', stats.passes_live],
      ['seats sold', seats.booked],
      ['seats held', seats.held],
      ['seats free', seats.free],
      ['seats blocked', seats.blocked],
      ['bookings', stats.bookings],
      ['revenue', sumsText(stats.revenue)],
      ['disputed', sumsText(stats.disputed)],
      ['charged back', sumsText(stats.charged_back)],
      [
        'decided within',
        decided &&
          `p50 ${decided.p50} ms, p95 ${decided.p95} ms, p99 ${decided.p99} ms, max ${decided.max} ms`,
      ],
    ]),
    table(
      ['debit', 'credit', 'moved'],
      stats.books.map((one) => [one.debit, one.credit, moneyText(one.amount, one.currency)]),
    ),
    table(
      ['outcome', 'reason', 'requests'],
      stats.requests.map((one) => [one.outcome, one.reason, one.requests]),
    ),
  ].join('\n\n');
}

function sumsText(sums: { amount: number; currency: string }[]): string {
  return sums.map((one) => moneyText(one.amount, one.currency)).join(', ');
}
