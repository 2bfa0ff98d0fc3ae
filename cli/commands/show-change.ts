import type { Command } from 'commander';
import { z } from 'zod';
import { openClient } from '../client.js';
import { addCommand, type Session } from '../command.js';
import { CliError, wrongUsage } from '../exit.js';
import { momentOf, wholeOf } from '../time.js';

const placeSchema = z.object({ starts_at: z.string(), hall: z.string() });
const changedSchema = z.object({
  show_id: z.string(),
  before: placeSchema,
  after: placeSchema,
  free_refund_until: z.string(),
  told: z.number(),
  moved: z.array(
    z.object({ booking_id: z.string(), from: z.array(z.string()), to: z.array(z.string()) }),
  ),
});
const reseatSchema = z.array(z.object({ booking_id: z.string(), seats: z.array(z.string()) }));

export function addShowChange(show: Command, session: Session): void {
  addCommand(show, session, {
    usage: 'change <show>',
    summary: 'give a show another time or hall; fans are told and may cancel for free',
    examples: [
      'usher show change 12 --starts-at 2026-12-18T21:00:00+05:30',
      'usher show change 12 --hall regal-2 --reseat --free-refund-until +3d',
    ],
    options: (command) =>
      command
        .option('--starts-at <time>', 'the new time')
        .option('--hall <hall>', 'key of the new hall')
        .option('--reseat', 'move bookings whose seats the hall lacks; without it, list them')
        .option(
          '--free-refund-until <time>',
          'how long fans may cancel for free: a week, unless said',
        )
        .option('--if-version <n>', 'refuse when the show has another version by now'),
    run: async ({ args, options, out, context }) => {
      if (options.startsAt === undefined && options.hall === undefined) {
        throw wrongUsage('Say what changes: --starts-at TIME, --hall HALL or both.');
      }
      const moment = (value: unknown) =>
        value === undefined ? undefined : momentOf(String(value), Date.now());
      const body = {
        starts_at: moment(options.startsAt),
        hall: options.hall,
        reseat: options.reseat,
        free_refund_until: moment(options.freeRefundUntil),
      };
      const ifMatch =
        options.ifVersion === undefined
          ? undefined
          : String(wholeOf(options.ifVersion, '--if-version'));
      const path = `shows/${encodeURIComponent(args[0] ?? '')}/change`;
      const done = await openClient(context)
        .post(path, changedSchema, { body, ifMatch })
        .catch((error: unknown) => {
          throw withList(error);
        });
      out.result(done, () => changedText(done));
      return undefined;
    },
  });
}

/** The refusal with those who must be reseated, a line each. */
function withList(error: unknown): unknown {
  if (!(error instanceof CliError)) return error;
  const listed = reseatSchema.safeParse(error.extra.reseat);
  if (!listed.success) return error;
  const lines = listed.data.map((one) => `  ${one.booking_id}: ${one.seats.join(' ')}`);
  const text = [`${error.message} (--reseat)`, ...lines].join('\n');
  return new CliError(error.exitCode, error.error, text, error.extra);
}

function changedText(done: z.infer<typeof changedSchema>): string {
  const { before, after } = done;
  return [
    `Show ${done.show_id}: ${before.starts_at}, ${before.hall} -> ${after.starts_at}, ${after.hall}.`,
    `${done.told} bookings are told; they may be cancelled for free until ${done.free_refund_until}.`,
    ...done.moved.map((one) => `${one.booking_id}: ${one.from.join(' ')} -> ${one.to.join(' ')}`),
  ].join('\n');
}
