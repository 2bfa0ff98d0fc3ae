import { type Command, Option } from 'commander';
import { z } from 'zod';
import { askLine, readStdin } from '../ask.js';
import { openClient } from '../client.js';
import { addCommand, addNoun, type Session } from '../command.js';
import { table } from '../out.js';

const listSchema = z.object({
  results: z.array(z.object({ name: z.string(), role: z.string(), created_at: z.string() })),
});
const madeSchema = z.object({ name: z.string(), role: z.string() });

export function addStaffCommands(program: Command, session: Session): void {
  const staff = addNoun(program, 'staff', 'who may run sales, the desk and the door');
  addCommand(staff, session, {
    usage: 'add <name>',
    summary: 'add a member of staff',
    examples: [
      'usher staff add mira --role ops',
      'usher staff add door-3 --role box_office --password-stdin < secret',
    ],
    options: (command) =>
      command
        .addOption(
          new Option('--role <role>', 'what they may do')
            .choices(['box_office', 'ops', 'admin'])
            .makeOptionMandatory(),
        )
        .option('--password-stdin', 'read the password from standard input'),
    run: async ({ args, options, out, context }) => {
      const client = openClient(context);
      const password = options.passwordStdin
        ? await readStdin(context)
        : await askLine(context, 'Password', { secret: true, instead: '--password-stdin' });
      const body = { name: args[0], role: options.role, password };
      const made = await client.post('accounts', madeSchema, { body });
      out.result(made, () => `Added ${made.name} as ${made.role}.`);
      return undefined;
    },
  });
  addCommand(staff, session, {
    usage: 'list',
    summary: 'list the staff',
    examples: ['usher staff list', 'usher staff list --json'],
    run: async ({ out, context }) => {
      const list = await openClient(context).get('accounts', listSchema);
      out.result(list.results, () =>
        table(
          ['name', 'role', 'since'],
          list.results.map((one) => [one.name, one.role, one.created_at]),
        ),
      );
      return undefined;
    },
  });
  addCommand(staff, session, {
    usage: 'remove <name>',
    summary: 'remove a member of staff and end their sessions',
    examples: ['usher staff remove mira'],
    run: async ({ args, out, context }) => {
      const name = args[0] ?? '';
      await openClient(context).delete(`accounts/${encodeURIComponent(name)}`, z.object({}));
      out.result({ name, removed: true }, () => `Removed ${name}.`);
      return undefined;
    },
  });
}
