import { setTimeout as sleep } from 'node:timers/promises';
import type { Command } from 'commander';
import { z } from 'zod';
import { openClient } from '../client.js';
import { addCommand, type Session } from '../command.js';
import { CliError, exitCodes } from '../exit.js';
import { fields } from '../out.js';
import { wholeOf } from '../time.js';

const everyMs = 1_000;
/** So long the view goes on while Usher doesn't answer, before it gives up. */
const silentTurnsMax = 30;

const liveSchema = z.object({
  sale_id: z.string(),
  name: z.string(),
  at: z.string(),
  state: z.string(),
  opens_at: z.string(),
  now_serving: z.number(),
  waiting: z.number(),
  rate_per_minute: z.number(),
  rate_set_per_minute: z.number(),
  pass_cap: z.number(),
  passes_live: z.number(),
  message: z.string(),
  seats: z.object({
    free: z.number(),
    held: z.number(),
    booked: z.number(),
    blocked: z.number(),
  }),
  requests: z.array(
    z.object({ outcome: z.string(), reason: z.string().nullable(), requests: z.number() }),
  ),
});
export type Live = z.infer<typeof liveSchema>;

/** The room and the seats, once a second, until Ctrl-C or the end of the sale. */
export function addSaleWatch(sale: Command, session: Session): void {
  addCommand(sale, session, {
    usage: 'watch <sale>',
    summary: 'watch a sale live, refreshed each second; one line each second with --json',
    examples: ['usher sale watch premiere', 'usher sale watch premiere --json --for 60'],
    options: (command) => command.option('--for <seconds>', 'end after this many seconds'),
    run: async ({ args, options, out, context }) => {
      const turnsMax =
        options.for === undefined ? Number.POSITIVE_INFINITY : wholeOf(options.for, '--for');
      const { stdout } = context;
      const inPlace = !out.json && stdout.isTTY === true;
      const path = `sales/${encodeURIComponent(args[0] ?? '')}/live`;
      let silent = 0;
      for (let turn = 1; ; turn += 1) {
        const startedMs = Date.now();
        try {
          const live = await openClient(context).get(path, liveSchema);
          silent = 0;
          if (inPlace) stdout.write('\u001b[H\u001b[2J');
          out.line(live, () => (inPlace ? liveText(live) : liveLine(live)));
          if (live.state === 'closed') return exitCodes.done;
        } catch (error) {
          const away = error instanceof CliError && error.exitCode === exitCodes.unreachable;
          silent += 1;
          if (!away || turn === 1 || silent > silentTurnsMax) throw error;
          out.note(error.message);
        }
        if (turn >= turnsMax) return exitCodes.done;
        await sleep(Math.max(0, everyMs - (Date.now() - startedMs)));
      }
    },
  });
}

const barWidth = 50;
const barSigns = [
  ['booked', '#'],
  ['held', '+'],
  ['free', '.'],
  ['blocked', 'x'],
] as const;

/** The picture for a terminal: signs, not colours, tell the states apart. */
export function liveText(live: Live): string {
  const total = Object.values(live.seats).reduce((sum, seats) => sum + seats, 0);
  const bar = barSigns
    .map(([state, sign]) =>
      sign.repeat(total === 0 ? 0 : Math.round((live.seats[state] / total) * barWidth)),
    )
    .join('');
  const seats = barSigns
    .map(([state, sign]) => `${sign} ${state} ${live.seats[state]}`)
    .join('   ');
  const requests = live.requests
    .map((one) => `${one.reason ?? one.outcome} ${one.requests}`)
    .join('   ');
  return [
    `${live.name} (${live.sale_id})   ${live.state}   ${live.at}`,
    '',
    fields([
      ['opens at', live.opens_at],
      ['now serving', live.now_serving],
      ['waiting', live.waiting],
      ['rate', `${live.rate_per_minute} a minute, set to ${live.rate_set_per_minute}`],
      ['passes', `${live.passes_live} live of at most ${live.pass_cap}`],
      ['message', live.message],
    ]),
    '',
    `[${bar.padEnd(barWidth)}]`,
    seats,
    '',
    `requests   ${requests || 'none'}`,
    '',
    'Ctrl-C ends this view.',
  ].join('\n');
}

/** One line a second, for a pipe or a log. */
export function liveLine(live: Live): string {
  const { seats } = live;
  return `${live.at} ${live.state} serving ${live.now_serving} waiting ${live.waiting} free ${seats.free} held ${seats.held} booked ${seats.booked}`;
}
