import type { Command } from 'commander';
import { z } from 'zod';
import { openClient } from '../client.js';
import { addCommand, addNoun, type Session } from '../command.js';
import { exitCodes, wrongUsage } from '../exit.js';
import { table } from '../out.js';

const listSchema = z.object({
  results: z.array(
    z.object({
      dead_id: z.string(),
      what: z.string(),
      kind: z.string(),
      channel: z.string().nullable(),
      show_id: z.string().nullable(),
      tries: z.number(),
      error: z.string(),
      created_at: z.string(),
    }),
  ),
});

export function addDeadCommands(program: Command, session: Session): void {
  const dead = addNoun(program, 'dead', 'messages that could not be delivered');
  addCommand(dead, session, {
    usage: 'list',
    summary: 'list what is tried no more, with its last error',
    examples: ['usher dead list'],
    run: async ({ out, context }) => {
      const { results } = await openClient(context).get('dead', listSchema);
      out.result(results, () =>
        table(
          ['id', 'kind', 'channel', 'show', 'tries', 'since', 'error'],
          results.map((one) => [
            ...[one.dead_id, one.kind, one.channel, one.show_id, one.tries, one.created_at],
            one.error,
          ]),
        ),
      );
      return undefined;
    },
  });
  addCommand(dead, session, {
    usage: 'retry [ids...]',
    typedAs: { dead_ids: '<ids>' },
    summary: 'try some of them again, or all; exits 1 when none could be',
    examples: ['usher dead retry msg_1k9', 'usher dead retry --all'],
    options: (command) => command.option('--all', 'all that are listed'),
    run: async ({ args, options, out, context }) => {
      if (!options.all === (args.length === 0)) throw wrongUsage('Give ids, or --all.');
      const body = options.all ? { all: true } : { dead_ids: args };
      const schema = z.object({ retried: z.number() });
      const done = await openClient(context).post('dead/retry', schema, { body });
      out.result(done, () =>
        done.retried > 0 || options.all
          ? `${done.retried} are tried again.`
          : 'None of these waits to be tried again: `usher dead list` names those that do.',
      );
      return done.retried > 0 || options.all ? exitCodes.done : exitCodes.refused;
    },
  });
}
