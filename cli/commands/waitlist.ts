import type { Command } from 'commander';
import { z } from 'zod';
import { openClient } from '../client.js';
import { addCommand, type Session } from '../command.js';
import { table } from '../out.js';

const lineSchema = z.object({
  show_id: z.string(),
  waiting: z.number(),
  waiting_seats: z.number(),
  freed_seats: z.number(),
  window_seconds: z.number(),
  entries: z.array(
    z.object({
      fan_id: z.string(),
      state: z.string(),
      queue_position: z.number().nullable(),
      quantity: z.number(),
      offered: z.number(),
      lapses: z.number(),
      zone: z.string().nullable(),
      accept_fewer: z.boolean(),
      joined_at: z.string(),
      etr_seconds: z.number().nullable(),
      offers: z.array(
        z.object({
          reservation_id: z.string(),
          state: z.string(),
          seats: z.array(z.object({ seat: z.string() })),
          expires_at: z.string(),
        }),
      ),
    }),
  ),
});

export function addWaitlistCommand(program: Command, session: Session): void {
  addCommand(program, session, {
    usage: 'waitlist <show>',
    summary: 'show the line of a full show: who waits, how long, and what is offered',
    examples: ['usher waitlist 12', 'usher waitlist 12 --json'],
    run: async ({ args, out, context }) => {
      const path = `shows/${encodeURIComponent(args[0] ?? '')}/waitlist`;
      const line = await openClient(context).get(path, lineSchema);
      out.result(line, () => lineText(line));
      return undefined;
    },
  });
}

function lineText(line: z.infer<typeof lineSchema>): string {
  const minutes = Math.round(line.window_seconds / 60);
  return [
    `${line.waiting} wait for ${line.waiting_seats} seats; ${line.freed_seats} came back in the last ${minutes} minutes.`,
    table(
      ['place', 'fan', 'seats', 'zone', 'fewer', 'since', 'about', 'offered', 'until'],
      line.entries.map((entry) => [
        entry.queue_position,
        entry.fan_id,
        entry.quantity,
        entry.zone,
        entry.accept_fewer,
        entry.joined_at,
        entry.etr_seconds === null ? null : `${Math.ceil(entry.etr_seconds / 60)} min`,
        entry.offers.map((offer) => offer.seats.map((one) => one.seat).join(' ')).join(', '),
        entry.offers.map((offer) => offer.expires_at).join(', '),
      ]),
    ),
  ].join('\n');
}
