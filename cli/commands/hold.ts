import type { Command } from 'commander';
import { z } from 'zod';
import { openClient } from '../client.js';
import { addCommand, addNoun, type Session } from '../command.js';
import { refused } from '../exit.js';
import { moneyText, table } from '../out.js';
import { wholeOf } from '../time.js';

const listSchema = z.object({
  results: z.array(
    z.object({
      reservation_id: z.string(),
      fan_id: z.string(),
      state: z.string(),
      seats: z.array(z.string()),
      amount: z.number(),
      currency: z.string(),
      created_at: z.string(),
      expires_at: z.string(),
    }),
  ),
});
const extendedSchema = z.object({ reservation_id: z.string(), expires_at: z.string() });
const endedSchema = z.object({ reservation_id: z.string(), seats: z.array(z.string()) });

export function addHoldCommands(program: Command, session: Session): void {
  const hold = addNoun(program, 'hold', 'seats that reservations hold now');
  addCommand(hold, session, {
    usage: 'list <show>',
    summary: 'list the holds of a show, those that end first on top',
    examples: ['usher hold list 12', 'usher hold list 12 --json'],
    run: async ({ args, out, context }) => {
      const path = `shows/${encodeURIComponent(args[0] ?? '')}/holds`;
      const { results } = await openClient(context).get(path, listSchema);
      out.result(results, () =>
        table(
          ['reservation', 'state', 'seats', 'amount', 'ends at', 'fan'],
          results.map((one) => [
            one.reservation_id,
            one.state,
            one.seats.join(' '),
            moneyText(one.amount, one.currency),
            one.expires_at,
            one.fan_id,
          ]),
        ),
      );
      return undefined;
    },
  });
  addCommand(hold, session, {
    usage: 'extend <show> <reservation>',
    summary: 'give a hold more time, also beyond what its fan may have',
    examples: ['usher hold extend 12 res_c_1k9 --minutes 10'],
    options: (command) => command.option('--minutes <n>', 'how much more', '5'),
    run: async ({ args, options, out, context }) => {
      const path = `holds/${encodeURIComponent(ofShow(args))}/extend`;
      const body = { minutes: wholeOf(options.minutes, '--minutes') };
      const done = await openClient(context).post(path, extendedSchema, { body });
      out.result(done, () => `${done.reservation_id} holds its seats until ${done.expires_at}.`);
      return undefined;
    },
  });
  addCommand(hold, session, {
    usage: 'end <show> <reservation>',
    summary: 'end a hold that nobody is paying for; its seats are free again',
    examples: ['usher hold end 12 res_c_1k9'],
    run: async ({ args, out, context }) => {
      const path = `holds/${encodeURIComponent(ofShow(args))}/end`;
      const ended = await openClient(context).post(path, endedSchema, { body: {} });
      out.result(
        ended,
        () => `Ended ${ended.reservation_id}; free again: ${ended.seats.join(', ')}.`,
      );
      return undefined;
    },
  });
}

/** The reservation, which has to be one of the show. @throws CliError (exit 1). */
function ofShow([show = '', reservation = '']: string[]): string {
  const showOf = Number.parseInt(reservation.split('_')[1] ?? '', 36);
  if (String(showOf) === show) return reservation;
  throw refused('not_found', `Reservation ${reservation} is not one of show ${show}.`);
}
