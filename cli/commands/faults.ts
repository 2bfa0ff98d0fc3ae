import { type Command, Option } from 'commander';
import { addCommand, type Session } from '../command.js';
import { runProgram } from '../spawn.js';

export function addFaultsCommand(program: Command, session: Session): void {
  addCommand(program, session, {
    usage: 'faults [names...]',
    summary: 'break a private Usher under load in many ways, heal it, and audit what is left',
    examples: [
      'usher faults',
      'usher faults processor-killed redis-emptied',
      'usher faults --long --json',
      'usher faults --random 5 --seed friday',
      'usher faults --list',
    ],
    options: (command) =>
      command
        .option('--long', 'every fault, and those that last for as long as they may')
        .option('--random <plans>', 'plans of several faults, drawn from the seed')
        .option('--seed <text>', 'the same seed breaks the same things (usher)')
        .option('--fans <number>', 'how many fans each fault meets (40)')
        .option('--list', 'names all faults')
        .addOption(new Option('--write-docs', 'writes the results into docs/faults.md')),
    run: async ({ args, options, out, context }) =>
      runProgram(context, {
        script: 'loadtest/faults/main.js',
        args: [
          ...args,
          ...['long', 'list'].flatMap((name) => (options[name] ? [`--${name}`] : [])),
          ...(options.writeDocs ? ['--write-docs'] : []),
          ...['random', 'seed', 'fans'].flatMap((name) =>
            options[name] === undefined ? [] : [`--${name}`, String(options[name])],
          ),
          ...(out.json ? ['--json'] : []),
        ],
        env: context.env,
      }),
  });
}
