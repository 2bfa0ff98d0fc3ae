import type { Command } from 'commander';
import { z } from 'zod';
import { openClient } from '../client.js';
import { addCommand, addNoun, type CommandSpec, type Session } from '../command.js';
import { table } from '../out.js';
import { momentOf } from '../time.js';

const doneSchema = z.object({ show_id: z.string(), seats: z.array(z.string()) });
const keptSchema = z.object({
  results: z.array(
    z.object({
      seat: z.string(),
      zone: z.string(),
      kind: z.string().nullable(),
      reason: z.string().nullable(),
      by: z.string().nullable(),
      at: z.string().nullable(),
      until: z.string().nullable(),
    }),
  ),
});

const seatsPath = (show = '') => `shows/${encodeURIComponent(show)}/seats`;

type Verb = Pick<CommandSpec, 'summary' | 'examples'> & {
  name: string;
  options: (command: Command) => Command;
  told: string;
};

export function addSeatCommands(program: Command, session: Session): void {
  const seat = addNoun(program, 'seat', 'seats that staff keep from sale');
  const needed = (command: Command) => command.requiredOption('--reason <text>', 'why');
  addVerb(seat, session, {
    name: 'block',
    summary: 'keep seats from sale until they are released or unblocked',
    examples: ['usher seat block 12 A-1 A-2 --reason "second tranche"'],
    options: needed,
    told: 'Kept from sale',
  });
  addVerb(seat, session, {
    name: 'hold',
    summary: 'keep seats for somebody; with an end they come back by themselves',
    examples: ['usher seat hold 12 A-1 A-2 --reason "for the director" --until +2h'],
    options: (command) => needed(command).option('--until <time>', 'when they come back'),
    told: 'On hold',
  });
  addVerb(seat, session, {
    name: 'unblock',
    summary: 'put kept seats on sale; those on the waitlist come first',
    examples: ['usher seat unblock 12 A-1 A-2 --reason "not needed"'],
    options: (command) => command.option('--reason <text>', 'why'),
    told: 'No longer kept',
  });
  addCommand(seat, session, {
    usage: 'list <show>',
    summary: 'list the seats that are kept, with who keeps them, why and until when',
    examples: ['usher seat list 12', 'usher seat list 12 --json'],
    run: async ({ args, out, context }) => {
      const path = `${seatsPath(args[0])}/kept`;
      const { results } = await openClient(context).get(path, keptSchema);
      out.result(results, () =>
        table(
          ['seat', 'zone', 'kept as', 'why', 'by', 'since', 'until'],
          results.map((one) => [
            ...[one.seat, one.zone, one.kind, one.reason, one.by, one.at, one.until],
          ]),
        ),
      );
      return undefined;
    },
  });
}

function addVerb(seat: Command, session: Session, verb: Verb): void {
  addCommand(seat, session, {
    usage: `${verb.name} <show> <seats...>`,
    summary: verb.summary,
    examples: verb.examples,
    options: verb.options,
    run: async ({ args, options, out, context }) => {
      const [show, ...seats] = args;
      const until =
        options.until === undefined ? undefined : momentOf(String(options.until), Date.now());
      const body = { seats, reason: options.reason, until };
      const path = `${seatsPath(show)}/${verb.name}`;
      const done = await openClient(context).post(path, doneSchema, { body });
      out.result(done, () => `${verb.told}: ${done.seats.join(', ')}.`);
      return undefined;
    },
  });
}
